// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing a run directory: create, resume, append, sync, close.
 *
 * Each file's digest grows with its rows, so that a sync costs a copy of the
 * digest's state and not a second read of the file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <bench/plan/axis.h>
#include "rundir.h"
#include "file.h"

#define DIR_MODE      0777
#define SHORT_ID_HEX  8
#define ID_BYTES      (STAMP_BYTES + 1 + SHORT_ID_HEX + 1)
#define STAMP_BYTES   32
#define TIME_COMPACT  "%Y%m%dT%H%M%SZ"
#define TIME_READABLE "%Y-%m-%dT%H:%M:%SZ"

/*
 * struct out - one data file being written
 */
struct out {
	FILE *f;
	EVP_MD_CTX *digest;
	uint64_t bytes;
};

struct rundir {
	char *path;
	char *root; /* NULL: no `latest` */
	int lock;
	cJSON *meta;
	struct out out[EGPR_NR_CSV];
};

static void utc_now(char *text, size_t size, const char *fmt)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, size, fmt, &tm);
}

static int make_id(char *id, size_t size)
{
	char stamp[STAMP_BYTES];
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -1;
	utc_now(stamp, sizeof(stamp), TIME_COMPACT);
	snprintf(id, size, "%s-%0*x", stamp, SHORT_ID_HEX, random);
	return 0;
}

static int write_failed(const char *path, struct data_error *e)
{
	return data_fail(e, EGPR_UNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
}

static int out_write(struct rundir *d, enum egpr_csv file, const char *text, size_t len,
		     struct data_error *e)
{
	struct out *o = &d->out[file];

	if (fwrite(text, 1, len, o->f) != len)
		return write_failed(csv_schemas[file].name, e);
	if (!EVP_DigestUpdate(o->digest, text, len))
		return data_fail(e, EGPR_INTERNAL, "libcrypto refuses SHA-256");
	o->bytes += len;
	return 0;
}

static int out_header(struct rundir *d, enum egpr_csv file, struct data_error *e)
{
	size_t len;
	char *text;
	int ret;

	if (csv_format_header(&csv_schemas[file], &text, &len))
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	ret = out_write(d, file, text, len, e);
	free(text);
	return ret;
}

/* Opens a file for appending to its first @bytes bytes, whose digest is taken from @text. */
static int out_open(struct rundir *d, enum egpr_csv file, const char *text, uint64_t bytes,
		    struct data_error *e)
{
	struct out *o = &d->out[file];
	char *path = rundir_file_path(d->path, csv_schemas[file].name);
	int fd, ret = 0;

	if (!path)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || ftruncate(fd, (off_t)bytes) || lseek(fd, 0, SEEK_END) < 0) {
		ret = write_failed(path, e);
		goto out_close;
	}
	o->f = fdopen(fd, "w");
	if (!o->f) {
		ret = write_failed(path, e);
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

static void rundir_destroy(struct rundir *d)
{
	unsigned int i;

	for (i = 0; i < EGPR_NR_CSV; i++) {
		if (d->out[i].f)
			fclose(d->out[i].f);
		EVP_MD_CTX_free(d->out[i].digest);
	}
	if (d->lock >= 0)
		close(d->lock);
	cJSON_Delete(d->meta);
	free(d->root);
	free(d->path);
	free(d);
}

static int lock_dir(struct rundir *d, struct data_error *e)
{
	d->lock = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->lock < 0)
		return data_fail(e, EGPR_UNAVAILABLE, "cannot open %s: %s", d->path,
				 strerror(errno));
	if (flock(d->lock, LOCK_EX | LOCK_NB))
		return data_fail(e, EGPR_UNAVAILABLE,
				 "%s is being written by another egprlab; wait for it to end",
				 d->path);
	return 0;
}

static bool dir_is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = dir != NULL;

	while (empty && (entry = readdir(dir)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	if (dir)
		closedir(dir);
	return empty;
}

static int make_dir(struct rundir *d, const struct rundir_options *o, const char *id,
		    struct data_error *e)
{
	const char *root = o->root ? o->root : RUNDIR_ROOT;

	if (o->dir) {
		d->path = strdup(o->dir);
	} else {
		d->root = strdup(root);
		d->path = rundir_file_path(root, id);
		if (mkdir(root, DIR_MODE) && errno != EEXIST)
			return data_fail(e, EGPR_UNAVAILABLE, "cannot make %s: %s", root,
					 strerror(errno));
	}
	if (!d->path || (!o->dir && !d->root))
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	if (!mkdir(d->path, DIR_MODE))
		return 0;
	if (errno != EEXIST)
		return data_fail(e, EGPR_UNAVAILABLE, "cannot make %s: %s", d->path,
				 strerror(errno));
	if (!dir_is_empty(d->path))
		return data_fail(e, EGPR_USAGE,
				 "%s exists and is not empty; name a new directory, or resume it "
				 "with --resume",
				 d->path);
	return 0;
}

static int fill_meta(struct rundir *d, const struct rundir_options *o, const char *id)
{
	char text[STAMP_BYTES];
	cJSON *m = d->meta = cJSON_CreateObject();

	utc_now(text, sizeof(text), TIME_READABLE);
	if (!cJSON_AddNumberToObject(m, RUNDIR_SCHEMA, EGPR_SCHEMA_VERSION) ||
	    !cJSON_AddStringToObject(m, RUNDIR_RUN_ID, id) ||
	    !cJSON_AddStringToObject(m, RUNDIR_HOST_ID, o->host_id) ||
	    !cJSON_AddStringToObject(m, RUNDIR_STATE, RUNDIR_INCOMPLETE) ||
	    !cJSON_AddStringToObject(m, RUNDIR_START, text))
		return -1;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)o->seed);
	if (!cJSON_AddStringToObject(m, RUNDIR_SEED, text))
		return -1;
	cJSON_AddItemToObject(m, RUNDIR_HOST, cJSON_Duplicate(o->host, 1));
	cJSON_AddItemToObject(m, RUNDIR_PLAN, cJSON_Duplicate(o->plan, 1));
	cJSON_AddItemToObject(m, RUNDIR_VERSIONS, cJSON_Duplicate(o->versions, 1));
	return 0;
}

/* Takes back what rundir_create() made. */
static void remove_made(const struct rundir *d)
{
	unsigned int i;
	char *path;

	for (i = 0; i <= EGPR_NR_CSV; i++) {
		path = rundir_file_path(d->path,
					i < EGPR_NR_CSV ? csv_schemas[i].name : RUNDIR_META);
		if (path)
			unlink(path);
		free(path);
	}
	rmdir(d->path);
}

struct rundir *rundir_create(const struct rundir_options *o, struct data_error *e, int *status)
{
	struct rundir *d = calloc(1, sizeof(*d));
	char id[ID_BYTES];
	unsigned int i;
	int ret;

	if (o->id)
		snprintf(id, sizeof(id), "%s", o->id);
	if (!d || (!o->id && make_id(id, sizeof(id)))) {
		ret = data_fail(e, EGPR_INTERNAL, "no memory or no randomness for a run");
		free(d);
		d = NULL;
		goto out;
	}
	d->lock = -1;
	ret = make_dir(d, o, id, e);
	if (ret)
		goto out_destroy;
	ret = lock_dir(d, e);
	if (ret)
		goto out_destroy;
	if (fill_meta(d, o, id)) {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
		goto out_remove;
	}
	for (i = 0; i < EGPR_NR_CSV; i++) {
		ret = out_open(d, i, "", 0, e);
		if (!ret)
			ret = out_header(d, i, e);
		if (ret)
			goto out_remove;
	}
	ret = rundir_sync(d, e);
	if (!ret)
		goto out;
out_remove:
	remove_made(d);
out_destroy:
	rundir_destroy(d);
	d = NULL;
out:
	if (status)
		*status = ret;
	return d;
}

/* The root that a directory of RUNDIR_ROOT lies in, or NULL: then `latest` is not ours to move. */
static char *root_of(const char *path)
{
	char *latest, *slash, *root = strdup(path);
	struct stat st;

	slash = root ? strrchr(root, '/') : NULL;
	if (slash) {
		*slash = '\0';
		latest = rundir_file_path(root, RUNDIR_LATEST);
		if (latest && !lstat(latest, &st) && S_ISLNK(st.st_mode)) {
			free(latest);
			return root;
		}
		free(latest);
	}
	free(root);
	return NULL;
}

bool rundir_is_kept(const char *path)
{
	char *root = root_of(path);

	free(root);
	return root != NULL;
}

static int reopen(struct rundir *d, struct data_error *e)
{
	char *text;
	size_t len;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < EGPR_NR_CSV && !ret; i++) {
		ret = rundir_file_read(d->path, d->meta, csv_schemas[i].name, &text, &len, e);
		if (ret)
			break;
		ret = out_open(d, i, text, len, e);
		free(text);
	}
	return ret;
}

struct rundir *rundir_resume(const char *dir, struct data_error *e, int *status)
{
	struct rundir *d = NULL;
	struct rundir_data data;
	int ret = rundir_load(dir, &data, e);

	if (ret)
		goto out;
	if (strcmp(rundir_meta_text(&data, RUNDIR_STATE), RUNDIR_INCOMPLETE)) {
		ret = data_fail(e, EGPR_USAGE, "%s is complete: there is nothing to resume", dir);
		goto out_free;
	}
	d = calloc(1, sizeof(*d));
	if (!d) {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
		goto out_free;
	}
	d->lock = -1;
	d->path = strdup(dir);
	d->root = root_of(dir);
	d->meta = data.meta;
	data.meta = NULL;
	ret = d->path ? lock_dir(d, e) : data_fail(e, EGPR_INTERNAL, "out of memory");
	if (!ret)
		ret = reopen(d, e);
	if (ret) {
		rundir_destroy(d);
		d = NULL;
	}
out_free:
	rundir_free(&data);
out:
	if (status)
		*status = ret;
	return d;
}

const char *rundir_path(const struct rundir *d)
{
	return d->path;
}

const char *rundir_id(const struct rundir *d)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d->meta, RUNDIR_RUN_ID));
}

cJSON *rundir_meta(struct rundir *d)
{
	return d->meta;
}

static void replace_item(cJSON *object, const char *name, cJSON *item)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	cJSON_AddItemToObject(object, name, item);
}

void rundir_set_soundness(struct rundir *d, bool sound, cJSON *checks)
{
	cJSON *s = cJSON_CreateObject();

	cJSON_AddBoolToObject(s, "sound", sound);
	cJSON_AddItemToObject(s, "checks", checks ? checks : cJSON_CreateArray());
	replace_item(d->meta, RUNDIR_SOUNDNESS, s);
}

void rundir_set_backend(struct rundir *d, const char *id, bool representative, const char *reason)
{
	cJSON *b = cJSON_CreateObject();

	cJSON_AddStringToObject(b, "id", id);
	cJSON_AddBoolToObject(b, "representative", representative);
	cJSON_AddStringToObject(b, "reason", reason);
	replace_item(d->meta, RUNDIR_BACKEND, b);
}

void rundir_row(struct rundir *d, enum egpr_csv file, const struct rundir_key *key,
		struct csv_row *row)
{
	static const char none[] = "none";

	csv_row_init(row, file);
	csv_set_text(row, EGPR_COL_run_id, rundir_id(d));
	csv_set_text(
		row, EGPR_COL_host_id,
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d->meta, RUNDIR_HOST_ID)));
	csv_set_text(row, EGPR_COL_backend, key->backend ? key->backend : none);
	csv_set_text(row, EGPR_COL_representative, key->representative ? "yes" : "no");
	csv_set_text(row, EGPR_COL_provenance, egpr_provenances[key->provenance].id);
	csv_set_text(row, EGPR_COL_layer, egpr_layers[key->layer].id);
	csv_set_text(row, EGPR_COL_exit_kind, key->exit_kind ? key->exit_kind : none);
	csv_set_text(row, EGPR_COL_path, egpr_paths[key->path].id);
	csv_set_text(row, EGPR_COL_strategy, key->strategy ? key->strategy : none);
	csv_set_text(row, EGPR_COL_guest_state, egpr_guest_states[key->state].id);
}

int rundir_append(struct rundir *d, struct csv_row *row, struct data_error *e)
{
	enum egpr_csv file = (enum egpr_csv)(row->schema - csv_schemas);
	size_t len;
	char *text;
	int ret = csv_cells_check(row->schema, row->cell, row->schema->name, e);

	if (ret) {
		ret = EGPR_INTERNAL;
	} else if (csv_format_row(row, &text, &len)) {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
	} else {
		ret = out_write(d, file, text, len, e);
		free(text);
	}
	csv_row_reset(row);
	return ret;
}

int rundir_clear(struct rundir *d, enum egpr_csv file, struct data_error *e)
{
	struct out *o = &d->out[file];

	if (fflush(o->f) || ftruncate(fileno(o->f), 0) || fseek(o->f, 0, SEEK_SET))
		return write_failed(csv_schemas[file].name, e);
	if (!EVP_DigestInit_ex(o->digest, EVP_sha256(), NULL))
		return data_fail(e, EGPR_INTERNAL, "libcrypto refuses SHA-256");
	o->bytes = 0;
	return out_header(d, file, e);
}

int rundir_flush(struct rundir *d, struct data_error *e)
{
	unsigned int i;

	for (i = 0; i < EGPR_NR_CSV; i++) {
		if (fflush(d->out[i].f))
			return write_failed(csv_schemas[i].name, e);
	}
	return 0;
}

static int digest_now(const struct out *o, char *hex)
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

static int vouch(struct rundir *d, struct data_error *e)
{
	cJSON *files = cJSON_CreateObject();
	char hex[RUNDIR_SHA256_HEX + 1];
	unsigned int i;

	for (i = 0; i < EGPR_NR_CSV; i++) {
		cJSON *f = cJSON_AddObjectToObject(files, csv_schemas[i].name);

		if (!f || digest_now(&d->out[i], hex)) {
			cJSON_Delete(files);
			return data_fail(e, EGPR_INTERNAL,
					 "no memory, or libcrypto refuses SHA-256");
		}
		cJSON_AddStringToObject(f, "sha256", hex);
		cJSON_AddNumberToObject(f, "bytes", (double)d->out[i].bytes);
	}
	replace_item(d->meta, RUNDIR_FILES, files);
	return 0;
}

int rundir_sync(struct rundir *d, struct data_error *e)
{
	char *path = NULL, *tmp = NULL, *text = NULL;
	int ret = rundir_flush(d, e);
	FILE *f;

	if (!ret)
		ret = vouch(d, e);
	if (ret)
		return ret;
	path = rundir_file_path(d->path, RUNDIR_META);
	tmp = rundir_file_path(d->path, RUNDIR_META ".tmp");
	text = cJSON_Print(d->meta);
	if (!path || !tmp || !text) {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
		goto out;
	}
	f = fopen(tmp, "we");
	if (!f) {
		ret = write_failed(tmp, e);
		goto out;
	}
	ret = fprintf(f, "%s\n", text) < 0;
	if (fclose(f) || ret || rename(tmp, path)) {
		ret = write_failed(path, e);
		unlink(tmp);
	}
out:
	cJSON_free(text);
	free(tmp);
	free(path);
	return ret;
}

/* A new link renamed over the old one: `latest` always points somewhere. */
static int update_latest(const struct rundir *d, struct data_error *e)
{
	const char *slash = strrchr(d->path, '/');
	char *path = rundir_file_path(d->root, RUNDIR_LATEST);
	char *tmp = rundir_file_path(d->root, "." RUNDIR_LATEST ".tmp");
	int ret = 0;

	if (!path || !tmp) {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
		goto out;
	}
	unlink(tmp);
	if (symlink(slash ? slash + 1 : d->path, tmp) || rename(tmp, path)) {
		ret = write_failed(path, e);
		unlink(tmp);
	}
out:
	free(tmp);
	free(path);
	return ret;
}

int rundir_close(struct rundir *d, bool complete, struct data_error *e)
{
	char text[STAMP_BYTES];
	int ret;

	if (!d)
		return 0;
	utc_now(text, sizeof(text), TIME_READABLE);
	replace_item(d->meta, RUNDIR_END, cJSON_CreateString(text));
	replace_item(d->meta, RUNDIR_STATE,
		     cJSON_CreateString(complete ? RUNDIR_COMPLETE : RUNDIR_INCOMPLETE));
	ret = rundir_sync(d, e);
	if (!ret && d->root)
		ret = update_latest(d, e);
	rundir_destroy(d);
	return ret;
}
