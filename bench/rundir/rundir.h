/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run directory: meta.json and the CSV files, written while measuring and read
 * by report, compare, history and import.
 *
 * meta.json is replaced as a whole at every rundir_sync() and says how many
 * bytes of each data file it vouches for and their SHA-256. So a crash leaves a
 * directory that says "interrupted", of which everything up to the last sync is
 * proved, and which can be resumed. A reader uses nothing that is not vouched for.
 */
#ifndef BENCH_RUNDIR_H
#define BENCH_RUNDIR_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include <egpr/axis.h>

#include "arms.h"
#include "csv.h"

#define RUNDIR_ROOT   "results"	  /* where run directories are made, and `latest` points into */
#define RUNDIR_META   "meta.json" /* inside a run directory */
#define RUNDIR_PLOTS  "plots"	  /* likewise; pictures are derived and carry no checksum */
#define RUNDIR_LATEST "latest"	  /* symbolic link beside the run directories */

/**
 * struct rundir_options - what a new run directory is made from
 * @root: directory that gets <utc timestamp>-<short id>; NULL for RUNDIR_ROOT.
 *	Its `latest` link follows when the run is closed
 * @dir: exact directory instead (--out); must not exist or be empty; no `latest`
 * @id: run identifier instead of a fresh one, for data that no host measured; NULL
 * @host_id: identifier of the host's stable facts
 * @host: object of host facts; copied
 * @plan: object of the plan; copied
 * @versions: object of tool versions and the git commit; copied
 * @seed: seed of the run
 */
struct rundir_options {
	const char *root;
	const char *dir;
	const char *id;
	const char *host_id;
	const cJSON *host;
	const cJSON *plan;
	const cJSON *versions;
	uint64_t seed;
};

/**
 * struct rundir_key - a row's identity, without run and host
 * @backend: "vmx", "svm", "pvm", ...; NULL writes "none"
 * @representative: false where guest code is interpreted
 * @provenance: where the claim comes from
 * @layer: where the strategy ran
 * @exit_kind: id; NULL writes "none"
 * @path: who handled the exit
 * @strategy: id, with delay-N written out; NULL writes "none"
 * @state: of the guest's EGPRs
 * @context: id of what stood around the halves; NULL writes the layer's default
 */
struct rundir_key {
	const char *backend;
	bool representative;
	enum egpr_provenance provenance;
	enum egpr_layer layer;
	const char *exit_kind;
	enum egpr_path path;
	const char *strategy;
	enum egpr_guest_state state;
	const char *context;
};

struct rundir;

/**
 * rundir_create - make a run directory with empty data files
 * @o: see above
 * @e: receives the message
 * @status: receives the exit status on failure; may be NULL
 *
 * The directory is there, and says "interrupted", from the first moment.
 * Return: the directory, or NULL with nothing left behind.
 */
struct rundir *rundir_create(const struct rundir_options *o, struct data_error *e, int *status);

/**
 * rundir_resume - open an interrupted run to go on
 * @dir: the run directory
 *
 * Verifies everything that is vouched for and cuts off what came after it.
 * Return: as rundir_create(); a complete run is refused with EGPR_USAGE.
 */
struct rundir *rundir_resume(const char *dir, struct data_error *e, int *status);

/* Whether a run directory lies where `latest` is kept, and not where --out put it. */
bool rundir_is_kept(const char *path);

/* Its path; its run identifier; its meta object, to add to (do not free, keep the names below). */
const char *rundir_path(const struct rundir *d);
const char *rundir_id(const struct rundir *d);
cJSON *rundir_meta(struct rundir *d);

/* Names inside meta.json that the room writes. Everything else belongs to the caller. */
#define RUNDIR_SCHEMA	  "schema_version"
#define RUNDIR_RUN_ID	  "run_id"
#define RUNDIR_HOST_ID	  "host_id"
#define RUNDIR_HOST	  "host"
#define RUNDIR_CORE_TYPE  "core_type" /* of the host: kind of core that was measured on */
#define RUNDIR_PLAN	  "plan"
#define RUNDIR_VERSIONS	  "versions"
#define RUNDIR_LAB	  "egprlab" /* of the versions: commit of the lab */
#define RUNDIR_NODE	  "node"    /* of a fleet, where the run was told its name */
#define RUNDIR_SEED	  "seed"    /* decimal text: JSON numbers lose 64-bit integers */
#define RUNDIR_START	  "start"
#define RUNDIR_END	  "end"
#define RUNDIR_STATE	  "state" /* "complete" or "interrupted" */
#define RUNDIR_SOUNDNESS  "soundness"
#define RUNDIR_BACKEND	  "backend" /* object: "id", "representative" (bool), "reason" */
#define RUNDIR_TSC_HZ	  "tsc_hz"  /* ticks per second, where the writer knows them */
#define RUNDIR_TSC	  "tsc"	    /* object: "hz", "source", "measured_hz", "measured_spread" */
#define RUNDIR_NO_CORE	  "core_cycles_not_available" /* why; absent where they were counted */
#define RUNDIR_NO_COUNTER "no_counter"		      /* in a cell's trace: why */
#define RUNDIR_MISSES	  "branch_misses" /* in a group's cell's trace: per round, by arm */
#define RUNDIR_CELLS	  "cells"	  /* array of objects: how each was measured */
#define RUNDIR_TAILS \
	"tails" /* of a cell: quantiles of the exits of an arm that were stamped by themselves */
#define RUNDIR_MEANS   "tails_of_means" /* of a cell: arms of which no exit was stamped by itself */
#define RUNDIR_TRACE   "trace"		/* of a cell: what its arms were seen to execute */
#define RUNDIR_REFUSED "refused"	/* array of "name", "status", "reason": a proof failed */
#define RUNDIR_FORM    "form"	/* of the state proofs, where a run only proves: hw or trap */
#define RUNDIR_PLAYED  "played" /* bool, likewise: `egprlab exec` played the CPU with APX */
#define RUNDIR_FOOTPRINTS \
	"footprints" /* array: "level", "cpl", "code", "ticks" per line by level, in the guest */
#define RUNDIR_LEVELS \
	"cache_levels" /* array: "context", "ticks" beyond L1, "confirmed", "why_not" */
#define RUNDIR_EDITED_KVM \
	"edited_kvm" /* object: what scripts/kvm-build built; layer vmenter, and run --kvm */
#define RUNDIR_FILES	  "files"
#define RUNDIR_COMPLETE	  "complete"
#define RUNDIR_INCOMPLETE "interrupted"

/**
 * rundir_set_soundness - record whether the run's self-checks held
 * @sound: false marks the whole run unsound
 * @checks: array of objects {"check", "result": "pass"|"fail"|"skip", "detail"}; taken over
 */
void rundir_set_soundness(struct rundir *d, bool sound, cJSON *checks);

/**
 * rundir_set_backend - record what ran the guests
 * @id: as in the backend column
 * @representative: false where its exits say nothing about real ones
 * @reason: how that was found, in words; shown in the report's first lines
 */
void rundir_set_backend(struct rundir *d, const char *id, bool representative, const char *reason);

/* Start a row of a file with its identity columns filled in. */
void rundir_row(struct rundir *d, enum egpr_csv file, const struct rundir_key *key,
		struct csv_row *row);

/**
 * rundir_append - write a row
 * @row: from rundir_row(); reset by this call whatever it returns
 *
 * Return: 0, EGPR_INTERNAL (the row does not fit its schema: a bug of the
 * caller) or EGPR_UNAVAILABLE (disk full, ...).
 */
int rundir_append(struct rundir *d, struct csv_row *row, struct data_error *e);

/* Drop all rows of one file: summaries and verdicts are made anew after a resume. */
int rundir_clear(struct rundir *d, enum egpr_csv file, struct data_error *e);

/* After a block: hand the rows to the kernel. After a cell: also vouch for them in meta.json. */
int rundir_flush(struct rundir *d, struct data_error *e);
int rundir_sync(struct rundir *d, struct data_error *e);

/**
 * rundir_close - last sync, `latest`, and free
 * @d: the directory; NULL is allowed
 * @complete: the plan was done; else the run stays "interrupted" and can be resumed
 *
 * Return: 0, or the status of a failed write.
 */
int rundir_close(struct rundir *d, bool complete, struct data_error *e);

/**
 * struct rundir_data - a run directory that was read and verified
 * @path: as given
 * @meta: meta.json
 * @table: indexed by enum egpr_csv
 * @arms: rows of samples.csv by arm
 */
struct rundir_data {
	char *path;
	cJSON *meta;
	struct csv_table table[EGPR_NR_CSV];
	struct arm_index arms;
};

/**
 * rundir_load - read and verify a run directory
 * @path: the directory
 * @data: receives it
 * @e: receives the message; it names the file and, in a CSV, line and column
 *
 * Refuses: no meta.json, broken JSON, a schema version other than ours, a
 * missing file, a wrong checksum, missing or unknown columns, short rows, a cut
 * last line, rows of another run, and a time in a row that cannot have one.
 * Return: 0 or EGPR_DATA.
 */
int rundir_load(const char *path, struct rundir_data *data, struct data_error *e);

/**
 * rundir_load_results - read a run directory but for its samples
 *
 * As rundir_load(), and samples.csv is read and checked as well, a piece at a time; data->table has none of its
 * rows. So the memory that this takes does not depend on how long a run was.
 * Return: 0 or EGPR_DATA.
 */
int rundir_load_results(const char *path, struct rundir_data *data, struct data_error *e);

void rundir_free(struct rundir_data *data);

/* A text of meta.json, "" where it is missing. */
const char *rundir_meta_text(const struct rundir_data *data, const char *name);
/* The schema version of a directory that was loaded. */
unsigned int rundir_version(const struct rundir_data *data);

/**
 * rundir_sha256 - digest of a block of memory as 64 hexadecimal digits
 * @hex: 65 bytes
 *
 * Return: 0, or EGPR_INTERNAL when libcrypto refuses.
 */
int rundir_sha256(const void *data, size_t len, char *hex);

#endif /* BENCH_RUNDIR_H */
