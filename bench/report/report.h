/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside `egprlab report`: what its parts share.
 *
 * report_data.c asks the tables, report_plot.c draws, report_*.c write one
 * chapter each. Rows are grouped by provenance, layer and context, and no table or
 * picture crosses a group: that is how provenances are never mixed.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>

#include <egpr/axis.h>

#include "doc/doc.h"
#include <bench/rundir/rundir.h>

/**
 * struct report - a report being written
 * @run: the data
 * @doc: the document
 * @plots: directory of the gnuplot scripts, NULL where pictures cannot be drawn
 * @pictures: number of pictures drawn
 * @model: model.csv, once report_predicted() has read it; the document holds names in it
 */
struct report {
	const struct rundir_data *run;
	struct doc doc;
	char *plots;
	unsigned int pictures;
	struct csv_table model;
};

/* Margins of plans that said `cycles` and meant ticks become `ticks`: the report says what was meant. */
void report_margins(struct rundir_data *run);

/**
 * struct report_filter - which rows; NULL matches any value
 */
struct report_filter {
	const char *provenance;
	const char *layer;
	const char *exit_kind;
	const char *path;
	const char *strategy;
	const char *state;
	const char *context;
	const char *margin; /* in verdicts.csv only: elsewhere it is ignored */
};

bool report_row_is(const struct csv_table *t, size_t row, const struct report_filter *f);
/* First row at or behind @row that matches; t->rows if there is none. */
size_t report_next(const struct csv_table *t, size_t row, const struct report_filter *f);

/*
 * One provenance in one context of one layer; in all of them where @layer is NULL. @place goes into
 * names of tables and pictures: "prim", "prim-apart" in a context other than the default.
 */
struct report_group {
	const char *provenance;
	const char *layer;
	const char *context;
	const char *margin; /* the one that answers; the others are in the table of comparisons */
	char place[48];
};

/*
 * Does a group answer on the first screen? That is what KVM has: the halves apart, warm or with their
 * own lines cold; where they were not measured apart, the layer's default.
 */
bool report_answers(const struct rundir_data *run, const struct report_group *g);

/* Rows of a group; in verdicts.csv, those of its margin. */
struct report_filter report_filter_of(const struct report_group *g);

#define REPORT_MAX_GROUPS 96

/**
 * report_groups - the groups that carry times, in the order of the report
 * @run: the data
 * @groups: REPORT_MAX_GROUPS entries
 *
 * Layers around a guest come first; where the backend is not representative,
 * the sequences alone (prim, ring0) do. Return: their number.
 */
unsigned int report_groups(const struct rundir_data *run, struct report_group *groups);

/**
 * report_values - distinct values of a column among matching rows
 * @values: receives pointers into the table, in order of first appearance
 * @max: room in @values
 *
 * Return: their number, at most @max.
 */
unsigned int report_values(const struct csv_table *t, unsigned int column,
			   const struct report_filter *f, const char **values, unsigned int max);

/* The guest state with the most to switch among matching rows: dirty where it was measured. */
const char *report_main_state(const struct csv_table *t, const struct report_filter *f);

/* Whether a strategy switches something, unlike `none`, the A/A arm and the injected delays. */
bool report_is_switch(const char *strategy);
/* N of delay-N, -1 for any other strategy. */
int report_delay(const char *strategy);

/**
 * report_block_differences - paired differences of a comparison, from samples.csv
 * @verdict: row of verdicts.csv that names it
 * @diff: receives an array of TSC ticks per exit, sorted; to be freed
 *
 * Return: number of blocks that carry both arms.
 */
size_t report_block_differences(const struct rundir_data *run, size_t verdict, double **diff);

/* Quantile of sorted values, by linear interpolation. */
double report_quantile(const double *sorted, size_t n, double q);

/*
 * Median per placement of a comparison: distinct values of a column of samples.csv, code offsets or
 * data offsets, into @offset, medians into @median. Batches where it is empty do not count.
 */
unsigned int report_by_offset(const struct rundir_data *run, size_t verdict, unsigned int column,
			      uint64_t *offset, double *median, unsigned int max);

/**
 * report_thin - rows of verdicts.csv that a picture has room for
 * @row: at most so many as it draws are left, those with the largest differences, in their order
 *
 * Return: how many are left.
 */
size_t report_thin(const struct csv_table *t, size_t *row, size_t n);
/* For the title: how many of how many, "" where all are there. Return: @text. */
const char *report_thinned(size_t shown, size_t all, char *text, size_t size);

#define REPORT_KINDS_DRAWN 8 /* exit kinds with a picture each */
/* How many of them are drawn; says so where that is not all. */
unsigned int report_few(struct report *r, unsigned int kinds, const char *what);

/* A chapter for each layer and provenance, whatever its contexts. */
void report_each_layer(struct report *r,
		       void (*chapter)(struct report *r, const struct report_group *g));

/* What kind of evidence a group is, in words: "proxy (...), backend pvm, not representative". */
const char *report_group_text(const struct rundir_data *run, const struct report_group *g,
			      char *text, size_t size);
/* The line under every picture: the same, and the run. */
const char *report_caption(const struct rundir_data *run, const struct report_group *g, char *text,
			   size_t size);

/* Numbers as the report shows them; NaN becomes "". A static ring of buffers: use before the 60th
 * next call. */
const char *report_number(double v);
const char *report_signed(double v);
const char *report_interval(double low, double high);
const char *report_href(const struct csv_table *t, size_t row);

/* Tone and order of a verdict; report_verdict_index() is 1 equivalent, 2 faster, 3 slower, 4 else.
 */
enum doc_tone report_tone(const char *verdict);
int report_verdict_index(const char *verdict);

/* Cache lines that hold so many bytes at the least. */
uint64_t report_lines(uint64_t bytes);
/* Of a strategy's family, in short words: what it keeps per vCPU, and what it may not do. */
void report_property_words(const char *strategy, const char **memory, const char **may_not);
/* Lines "name mean" of every exit kind without a switch. Return: the layer, NULL where no guest ran. */
const char *report_vmexit_lines(const struct rundir_data *run, struct report_group *g, FILE *f);

/**
 * report_plot_open - start the data file of a picture
 * @name: of the picture
 *
 * Return: the file, or NULL after saying why on stderr.
 */
FILE *report_plot_open(struct report *r, const char *name);

/**
 * report_plot_close - draw it as SVG and PNG and put it into the document
 * @f: from report_plot_open()
 * @script: scripts/plot/<script>.gp
 * @name: of the picture
 * @rows: rows of the data file, for the height
 * @extra: further argument of the script, "" for none
 * @g: group, for the caption
 * @title: above the picture
 */
void report_plot_close(struct report *r, FILE *f, const char *script, const char *name,
		       unsigned int rows, const char *extra, const struct report_group *g,
		       const char *title);

/* The same picture for a narrow window: drawn, but no block of the document. @name ends in DOC_NARROW. */
void report_plot_twin(struct report *r, FILE *f, const char *script, const char *name,
		      unsigned int rows, const char *extra, const char *title);

/* Finds gnuplot and its scripts; says on stderr what is missing. */
void report_plot_init(struct report *r);

/**
 * report_operations - every operation and subject of a group that has a number
 * @group: which
 * @share: the first margin in per cent answers, for what takes long; else the first in ticks
 * @what: the group in words
 *
 * Where there is none a paragraph says why. Return: whether there is any.
 */
bool report_operations(struct report *r, enum egpr_layer group, bool share, const char *what);

/* How an arm came out, in a clause; "" where it has no verdict. */
const char *report_outcome(struct report *r, enum egpr_layer group, const char *operation,
			   const char *subject, bool share, char *text, size_t size);

/* Branch misses of a group's cells, as they have them in meta.json. */
void report_misses(struct report *r, enum egpr_layer layer);

/* Chapters. */
void report_list(struct report *r);   /* for a mail: text only, at its top */
void report_vmexit(struct report *r); /* likewise, a line per exit kind */
void report_screen(struct report *r); /* sentence, picture, table */
void report_front(struct report *r);  /* question, provenance, soundness, answer */
void report_answer(struct report *r, const struct report_group *g);
void report_layer(struct report *r, const struct report_group *g);  /* latency, forests, blocks */
void report_levels(struct report *r, const struct report_group *g); /* variance components */
void report_spread(struct report *r, const struct report_group *g); /* states, layout, delays */
void report_footprints(struct report *r);			    /* cost against the guest's */
void report_contexts(struct report *r);				    /* cost against context */
void report_module(struct report *r); /* what the module itself costs */
void report_code(struct report *r);
void report_properties(struct report *r);
/* What became of an arm that has no numbers, by the status in meta.json. */
const char *report_missing_word(int status);
void report_models(struct report *r);	 /* what docs/models/ say of the strategies */
void report_posts(struct report *r);	 /* a chapter per post of the debate */
void report_predicted(struct report *r); /* what a static model says, beside what was measured */
void report_counters(struct report *r);
void report_path_length(struct report *r);
void report_proofs(struct report *r);
void report_checks(struct report *r);
void report_skipped(struct report *r);
void report_context(struct report *r); /* plan, host, versions, files */

#endif /* BENCH_REPORT_H */
