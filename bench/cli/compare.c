// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab compare`: what changed between two runs on one host; runs of different hosts side by
 * side, and what may be said of them; as tables, or as a page.
 */
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gsl/gsl_errno.h>

#include <egpr/status.h>

#include "command.h"
#include <bench/compare/compare.h>

#define PAGE_NAME    "compare.html"
#define PATH_BYTES   4096
#define OPEN_FILES   8
#define TMP_TEMPLATE "egprlab-compare-XXXXXX"

extern const struct egpr_command egpr_cmd_compare;

enum {
	OPTION_KERNELS,
	OPTION_HTML,
	NR_OPTIONS
};

static const struct egpr_option compare_options[] = {
	[OPTION_KERNELS] = { "kernels", NULL, "of one machine: runs under two kernels of it" },
	[OPTION_HTML] = { "html", "FILE",
			  "all runs side by side as a page; of a directory, its " PAGE_NAME },
	{ NULL, NULL, NULL },
};

/*
 * struct comparing - the command line and what was read
 * @why: why the ticks of some do not compare, "" where all do
 */
struct comparing {
	struct compare_run run[COMPARE_MOST];
	struct compare_page page;
	struct data_error why;
	const char *html;
	bool kernels;
};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	return remove(path);
}

/* The pictures are inside the page; their files are not kept. */
static int write_page(const struct comparing *c, struct data_error *e)
{
	const char *tmp = getenv("TMPDIR");
	char dir[PATH_BYTES], plots[PATH_BYTES + 16], path[PATH_BYTES];
	struct doc d = { 0 };
	struct stat st;
	FILE *f;
	int ret;

	snprintf(path, sizeof(path), "%s%s", c->html,
		 !stat(c->html, &st) && S_ISDIR(st.st_mode) ? "/" PAGE_NAME : "");
	snprintf(dir, sizeof(dir), "%s/" TMP_TEMPLATE, tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return data_fail(e, EGPR_UNAVAILABLE, "cannot make %s: %s", dir, strerror(errno));
	snprintf(plots, sizeof(plots), "%s/" RUNDIR_PLOTS, dir);
	ret = mkdir(plots, 0777)
		      ? data_fail(e, EGPR_UNAVAILABLE, "cannot make %s: %s", plots, strerror(errno))
		      : compare_page_make(&c->page, dir, &d, e);
	f = ret ? NULL : fopen(path, "we");
	if (!ret && (!f || (doc_html(&d, dir, f) | fclose(f))))
		ret = data_fail(e, EGPR_UNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
	nftw(dir, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS);
	doc_free(&d);
	if (!ret) {
		printf("%s\n", path);
		egpr_command_next("xdg-open %s", path);
	}
	return ret;
}

/* Of one host the changes; else what lies side by side. */
static int print_tables(struct comparing *c, struct data_error *e)
{
	struct doc d = { 0 };
	unsigned int i;
	int ret = 0;

	if (*c->why.text)
		ret = compare_page_make(&c->page, NULL, &d, e);
	for (i = 1; i < c->page.n && !*c->why.text; i++) {
		char id[32];

		snprintf(id, sizeof(id), "changes%s%s", i > 1 ? "-" : "",
			 i > 1 ? compare_letters[i] : "");
		compare_pair_table(&c->page.pair[i], id, &d);
	}
	if (!ret)
		ret = egpr_command_print(&egpr_cmd_compare, &d,
					 *c->why.text ? EGPR_MAIL : EGPR_ALIGNED);
	doc_free(&d);
	return ret;
}

/* The first against each other one, where their ticks compare. */
static int make_pairs(struct comparing *c, struct data_error *e)
{
	struct compare_page *p = &c->page;
	struct data_error why;
	unsigned int i;
	int ret = 0;

	for (i = 1; i < p->n && !ret; i++) {
		if (compare_fits(&c->run[0].data, &c->run[i].data, c->kernels, &p->kind[i], &why)) {
			c->why = why;
			continue;
		}
		p->pair[i].first = &c->run[0];
		p->pair[i].second = &c->run[i];
		ret = compare_pair_make(&p->pair[i], e);
	}
	return ret;
}

/* The worst of what changed; what does not compare is a fault of the command line unless a page was asked for. */
static int status(const struct comparing *c)
{
	bool slower = false, open = false;
	unsigned int i;

	if (*c->why.text && !c->html) {
		fprintf(stderr, "egprlab compare: %s\n", c->why.text);
		return EGPR_USAGE;
	}
	for (i = 1; i < c->page.n; i++) {
		int one = c->page.pair[i].n ? compare_pair_status(&c->page.pair[i]) : 0;

		slower |= one == EGPR_SLOWER;
		open |= one == EGPR_INCONCLUSIVE;
	}
	return slower ? EGPR_SLOWER : open ? EGPR_INCONCLUSIVE : 0;
}

static int compare(struct comparing *c, char **dirs, struct data_error *e)
{
	unsigned int i;
	int ret = 0;

	c->page.run = c->run;
	for (i = 0; i < c->page.n && !ret; i++)
		ret = compare_run_load(dirs[i], &c->run[i], e);
	if (!ret)
		ret = make_pairs(c, e);
	if (!ret)
		ret = c->html ? write_page(c, e) : print_tables(c, e);
	if (!ret) {
		ret = status(c);
		if (!c->html && c->page.n == 2)
			egpr_command_next("egprlab compare %s%s %s --html compare.html",
					  c->kernels ? "--kernels " : "", dirs[0], dirs[1]);
	}
	for (i = 1; i < c->page.n; i++)
		compare_pair_free(&c->page.pair[i]);
	for (i = 0; i < c->page.n; i++)
		compare_run_free(&c->run[i]);
	return ret;
}

static int compare_run(int argc, char **argv)
{
	struct data_error e = { "" };
	struct comparing *c;
	const char *value;
	int option, ret;

	c = calloc(1, sizeof(*c));
	if (!c)
		return EGPR_INTERNAL;
	while ((option = egpr_command_option(&egpr_cmd_compare, argc, argv, &value)) >= 0) {
		if (option == OPTION_KERNELS)
			c->kernels = true;
		else
			c->html = value;
	}
	c->page.n = (unsigned int)(argc - optind);
	if (option == EGPR_OPTION_WRONG) {
		ret = EGPR_USAGE;
	} else if (argc - optind < 2 || argc - optind > COMPARE_MOST) {
		ret = egpr_command_usage(&egpr_cmd_compare, "name two run directories, %d at most",
					 COMPARE_MOST);
	} else {
		gsl_set_error_handler_off();
		ret = compare(c, argv + optind, &e);
	}
	if (*e.text)
		fprintf(stderr, "egprlab compare: %s\n", e.text);
	free(c);
	return ret;
}

const struct egpr_command egpr_cmd_compare = {
	.name = "compare",
	.args = "DIR DIR ...",
	.text = "what changed between runs of a host; runs of hosts side by side",
	.options = compare_options,
	.tables = 1,
	.run = compare_run,
};
