// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of a run directory: paths, SHA-256, verified reading.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "rundir.h"
#include "file.h"

#define READ_STEP 65536

char *rundir_file_path(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
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

static int check_bytes(const char *path, const cJSON *meta, const char *sha256, double bytes,
		       char *text, size_t *len, struct data_error *e)
{
	const char *state =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_STATE));
	char hex[RUNDIR_SHA256_HEX + 1];

	if ((double)*len < bytes)
		return data_fail(e, EGPR_DATA,
				 "%s is cut short: %zu bytes, meta.json says %.0f; copy the run "
				 "directory again",
				 path, *len, bytes);
	if ((double)*len > bytes && state && !strcmp(state, RUNDIR_COMPLETE))
		return data_fail(e, EGPR_DATA,
				 "%s has %zu bytes, meta.json says %.0f: it was changed after the "
				 "run",
				 path, *len, bytes);
	*len = (size_t)bytes;
	text[*len] = '\0';
	if (rundir_sha256(text, *len, hex))
		return data_fail(e, EGPR_INTERNAL, "libcrypto refuses SHA-256");
	if (strcmp(hex, sha256))
		return data_fail(e, EGPR_DATA,
				 "%s does not match its checksum in meta.json: it was damaged or "
				 "edited",
				 path);
	return 0;
}

int rundir_file_read(const char *dir, const cJSON *meta, const char *name, char **text, size_t *len,
		     struct data_error *e)
{
	const cJSON *files = cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_FILES);
	const cJSON *f = cJSON_GetObjectItemCaseSensitive(files, name);
	const char *sha = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(f, "sha256"));
	const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(f, "bytes");
	char *path = rundir_file_path(dir, name);
	int ret;

	if (!path)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	if (!sha || strlen(sha) != RUNDIR_SHA256_HEX || !cJSON_IsNumber(bytes) ||
	    !(bytes->valuedouble >= 0)) {
		ret = data_fail(e, EGPR_DATA,
				"%s/" RUNDIR_META
				": no checksum and size of %s under \"" RUNDIR_FILES "\"",
				dir, name);
		goto out;
	}
	ret = rundir_file_slurp(path, text, len);
	if (ret) {
		ret = data_fail(e, EGPR_DATA, "cannot read %s: %s", path, strerror(-ret));
		goto out;
	}
	ret = check_bytes(path, meta, sha, bytes->valuedouble, *text, len, e);
	if (ret)
		free(*text);
out:
	free(path);
	return ret;
}
