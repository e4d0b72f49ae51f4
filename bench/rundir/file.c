// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of a run directory: paths, SHA-256, verified reading.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>

#include "rundir.h"
#include "file.h"

#define READ_STEP 65536

char *rundir_file_path(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return NULL;
	return path;
}

void rundir_file_hex(const unsigned char *bytes, size_t len, char *hex)
{
	size_t i;

	for (i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
}

int rundir_sha256(const void *data, size_t len, char *hex)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int n;

	if (!EVP_Digest(data, len, sum, &n, EVP_sha256(), NULL))
		return EGPR_INTERNAL;
	rundir_file_hex(sum, n, hex);
	return 0;
}

int rundir_file_slurp(const char *path, char **text, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *grown, *buf = NULL;
	size_t size = 0, used = 0, n;
	int ret = 0;

	if (!f)
		return -errno;
	do {
		if (size - used < READ_STEP + 1) {
			size = 2 * size + READ_STEP + 1;
			grown = realloc(buf, size);
			if (!grown) {
				ret = -ENOMEM;
				goto out;
			}
			buf = grown;
		}
		errno = 0;
		n = fread(buf + used, 1, READ_STEP, f);
		used += n;
	} while (n);
	if (ferror(f))
		ret = errno ? -errno : -EIO;
out:
	fclose(f);
	if (ret) {
		free(buf);
		return ret;
	}
	buf[used] = '\0';
	*text = buf;
	*len = used;
	return 0;
}

/*
 * struct vouched - what meta.json says of a file
 * @path: of the file
 */
struct vouched {
	char *path;
	const char *sha256;
	double bytes;
	bool complete;
};

static int look_up(const char *dir, const cJSON *meta, const char *name, struct vouched *v,
		   struct data_error *e)
{
	const cJSON *files = cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_FILES);
	const cJSON *f = cJSON_GetObjectItemCaseSensitive(files, name);
	const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(f, "bytes");
	const char *state =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_STATE));

	v->sha256 = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(f, "sha256"));
	if (!v->sha256 || strlen(v->sha256) != RUNDIR_SHA256_HEX || !cJSON_IsNumber(bytes) ||
	    !(bytes->valuedouble >= 0)) {
		data_fail(e, EGPR_DATA,
			  "%s/" RUNDIR_META ": no checksum and size of %s under \"" RUNDIR_FILES
			  "\"",
			  dir, name);
		return EGPR_DATA;
	}
	v->bytes = bytes->valuedouble;
	v->complete = state && !strcmp(state, RUNDIR_COMPLETE);
	v->path = rundir_file_path(dir, name);
	if (v->path)
		return 0;
	data_fail(e, EGPR_INTERNAL, "out of memory");
	return EGPR_INTERNAL;
}

static int check_length(const struct vouched *v, size_t len, struct data_error *e)
{
	if ((double)len < v->bytes)
		return data_fail(e, EGPR_DATA,
				 "%s is cut short: %zu bytes, meta.json says %.0f; copy the run "
				 "directory again",
				 v->path, len, v->bytes);
	if ((double)len > v->bytes && v->complete)
		return data_fail(e, EGPR_DATA,
				 "%s has %zu bytes, meta.json says %.0f: it was changed after the "
				 "run",
				 v->path, len, v->bytes);
	return 0;
}

static int check_sum(const struct vouched *v, const char *hex, struct data_error *e)
{
	if (!strcmp(hex, v->sha256))
		return 0;
	return data_fail(e, EGPR_DATA,
			 "%s does not match its checksum in meta.json: it was damaged or edited",
			 v->path);
}

static int cannot_read(const struct vouched *v, int error, struct data_error *e)
{
	return data_fail(e, EGPR_DATA, "cannot read %s: %s", v->path, strerror(error));
}

int rundir_file_read(const char *dir, const cJSON *meta, const char *name, char **text, size_t *len,
		     struct data_error *e)
{
	char hex[RUNDIR_SHA256_HEX + 1];
	struct vouched v;
	int ret = look_up(dir, meta, name, &v, e), bad;

	if (ret)
		return ret;
	bad = rundir_file_slurp(v.path, text, len);
	if (bad) {
		ret = cannot_read(&v, -bad, e);
		goto out;
	}
	ret = check_length(&v, *len, e);
	if (!ret) {
		*len = (size_t)v.bytes;
		(*text)[*len] = '\0';
		ret = rundir_sha256(*text, *len, hex)
			      ? data_fail(e, EGPR_INTERNAL, "libcrypto refuses SHA-256")
			      : check_sum(&v, hex, e);
	}
	if (ret)
		free(*text);
out:
	free(v.path);
	return ret;
}

/* The sum of the first @bytes of a file. Return: how many bytes were there. */
static size_t sum_file(FILE *f, size_t bytes, EVP_MD_CTX *sum)
{
	char buf[READ_STEP];
	size_t had = 0, n;

	while (had < bytes) {
		n = fread(buf, 1, bytes - had < sizeof(buf) ? bytes - had : sizeof(buf), f);
		if (!n)
			break;
		EVP_DigestUpdate(sum, buf, n);
		had += n;
	}
	return had;
}

int rundir_file_check(const char *dir, const cJSON *meta, const char *name, size_t *bytes,
		      struct data_error *e)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[RUNDIR_SHA256_HEX + 1];
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	struct vouched v = { 0 };
	FILE *f = NULL;
	struct stat st;
	size_t had;
	int ret = EGPR_INTERNAL;

	if (!sum || !EVP_DigestInit_ex(sum, EVP_sha256(), NULL)) {
		data_fail(e, ret, "libcrypto refuses SHA-256");
		goto out;
	}
	ret = look_up(dir, meta, name, &v, e);
	if (ret)
		goto out;
	f = fopen(v.path, "re");
	if (!f || fstat(fileno(f), &st)) {
		ret = cannot_read(&v, errno, e);
		goto out;
	}
	ret = check_length(&v, (size_t)st.st_size, e);
	if (ret)
		goto out;
	*bytes = (size_t)v.bytes;
	had = sum_file(f, *bytes, sum);
	if (had < *bytes) {
		ret = cannot_read(&v, errno ? errno : EIO, e);
		goto out;
	}
	EVP_DigestFinal_ex(sum, digest, NULL);
	rundir_file_hex(digest, sizeof(hex) / 2, hex);
	ret = check_sum(&v, hex, e);
out:
	if (f)
		fclose(f);
	EVP_MD_CTX_free(sum);
	free(v.path);
	return ret;
}
