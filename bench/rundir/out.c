// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing one data file of a run directory.
 *
 * The digest grows with the rows, so that a sync costs a copy of the digest's state and
 * not a second read of the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "out.h"

int out_failed(const char *path, struct data_error *e)
{
	return data_fail(e, EGPR_UNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
}

int out_write(struct out *o, const char *text, size_t len, struct data_error *e)
{
	if (fwrite(text, 1, len, o->f) != len)
		return out_failed(o->schema->name, e);
	if (!EVP_DigestUpdate(o->digest, text, len))
		return data_fail(e, EGPR_INTERNAL, "libcrypto refuses SHA-256");
	o->bytes += len;
	return 0;
}

int out_header(struct out *o, struct data_error *e)
{
	size_t len;
	char *text;
	int ret;

	if (csv_format_header(o->schema, &text, &len))
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	ret = out_write(o, text, len, e);
	free(text);
	return ret;
}

int out_open(struct out *o, const char *dir, const struct csv_schema *schema, const char *text,
	     uint64_t bytes, struct data_error *e)
{
	char *path = rundir_file_path(dir, schema->name);
	int fd, ret = 0;

	o->schema = schema;
	if (!path)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || ftruncate(fd, (off_t)bytes) || lseek(fd, 0, SEEK_END) < 0) {
		ret = out_failed(path, e);
		goto out_close;
	}
	o->f = fdopen(fd, "w");
	if (!o->f) {
		ret = out_failed(path, e);
		goto out_close;
	}
	fd = -1;
	o->bytes = bytes;
	o->digest = EVP_MD_CTX_new();
	if (!o->digest || !EVP_DigestInit_ex(o->digest, EVP_sha256(), NULL) ||
	    !EVP_DigestUpdate(o->digest, text, bytes))
		ret = data_fail(e, EGPR_INTERNAL, "libcrypto refuses SHA-256");
out_close:
	if (fd >= 0)
		close(fd);
	free(path);
	return ret;
}

int out_clear(struct out *o, struct data_error *e)
{
	if (fflush(o->f) || ftruncate(fileno(o->f), 0) || fseek(o->f, 0, SEEK_SET))
		return out_failed(o->schema->name, e);
	if (!EVP_DigestInit_ex(o->digest, EVP_sha256(), NULL))
		return data_fail(e, EGPR_INTERNAL, "libcrypto refuses SHA-256");
	o->bytes = 0;
	return out_header(o, e);
}

int out_flush(struct out *o, struct data_error *e)
{
	/* What a failed write left out stays left out, however well the next one goes. */
	if (!fflush(o->f) && !ferror(o->f))
		return 0;
	errno = errno ? errno : EIO;
	return out_failed(o->schema->name, e);
}

int out_digest(const struct out *o, char *hex)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	unsigned int len = 0;
	int ok = copy && EVP_MD_CTX_copy_ex(copy, o->digest) && EVP_DigestFinal_ex(copy, sum, &len);

	EVP_MD_CTX_free(copy);
	if (!ok)
		return -1;
	rundir_file_hex(sum, len, hex);
	return 0;
}

void out_close(struct out *o)
{
	if (o->f)
		fclose(o->f);
	EVP_MD_CTX_free(o->digest);
}
