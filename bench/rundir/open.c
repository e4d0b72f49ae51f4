// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run directory to write into: a new one, or an interrupted one to go on with.
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

#include "file.h"
#include "writer.h"

#define DIR_MODE     0777
#define SHORT_ID_HEX 8
#define ID_BYTES     (RUNDIR_STAMP_BYTES + 1 + SHORT_ID_HEX + 1)
#define TIME_COMPACT "%Y%m%dT%H%M%SZ"
/* Nodes of one make have the same facts; who starts runs on many names them. */
#define NODE_VARIABLE "EGPRLAB_NODE"

void rundir_now(char *text, size_t size, const char *fmt)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, size, fmt, &tm);
}

static int make_id(char *id, size_t size)
{
	char stamp[RUNDIR_STAMP_BYTES];
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -1;
	rundir_now(stamp, sizeof(stamp), TIME_COMPACT);
	snprintf(id, size, "%s-%0*x", stamp, SHORT_ID_HEX, random);
	return 0;
}

void rundir_destroy(struct rundir *d)
{
	unsigned int i;

	for (i = 0; i < EGPR_NR_CSV; i++)
		out_close(&d->out[i]);
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
	char text[RUNDIR_STAMP_BYTES];
	cJSON *m = d->meta = cJSON_CreateObject();
	const char *node;

	rundir_now(text, sizeof(text), RUNDIR_TIME_READABLE);
	if (!cJSON_AddNumberToObject(m, RUNDIR_SCHEMA, EGPR_SCHEMA_VERSION) ||
	    !cJSON_AddStringToObject(m, RUNDIR_RUN_ID, id) ||
	    !cJSON_AddStringToObject(m, RUNDIR_HOST_ID, o->host_id) ||
	    !cJSON_AddStringToObject(m, RUNDIR_STATE, RUNDIR_INCOMPLETE) ||
	    !cJSON_AddStringToObject(m, RUNDIR_START, text))
		return -1;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)o->seed);
	if (!cJSON_AddStringToObject(m, RUNDIR_SEED, text))
		return -1;
	node = getenv(NODE_VARIABLE);
	if (node && *node)
		cJSON_AddStringToObject(m, RUNDIR_NODE, node);
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
		ret = out_open(&d->out[i], d->path, &csv_schemas[i], "", 0, e);
		if (!ret)
			ret = out_header(&d->out[i], e);
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
		ret = out_open(&d->out[i], d->path, &csv_schemas[i], text, len, e);
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
	if (rundir_version(&data) != EGPR_SCHEMA_VERSION) {
		ret = data_fail(e, EGPR_USAGE,
				"%s has schema version %u, and this egprlab writes %d; go on with "
				"the egprlab that began it, or start a new run",
				dir, rundir_version(&data), EGPR_SCHEMA_VERSION);
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
