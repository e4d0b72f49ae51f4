// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pictures: a data file made from the tables, a gnuplot script, an SVG and a PNG.
 *
 * gnuplot runs as a process of its own with its scripts' directory as its load
 * path. Where it is missing the report still comes out, and names each
 * picture that it lacks.
 */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plot.h"
#include "report.h"
#include <bench/rundir/file.h>
#include <bench/base/share.h>

#define GNUPLOT	    "gnuplot"
#define SCRIPTS_ENV "EGPRLAB_PLOT" /* overrides where the scripts are looked for */

extern char **environ;

/* Run gnuplot and wait; 0 if it exited with 0. */
static int gnuplot(char *const argv[])
{
	int status, err;
	pid_t pid;

	err = posix_spawnp(&pid, GNUPLOT, NULL, NULL, argv, environ);
	if (err)
		return err;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return errno;
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : EIO;
}

static bool on_path(const char *program)
{
	const char *path = getenv("PATH");
	char file[4096];
	size_t n;

	for (; path && *path; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		snprintf(file, sizeof(file), "%.*s/%s", (int)n, path, program);
		if (!access(file, X_OK))
			return true;
	}
	return false;
}

char *plot_scripts(void)
{
	return share_dir(SCRIPTS_ENV, "plot", "scripts/plot");
}

bool plot_available(void)
{
	return on_path(GNUPLOT);
}

int plot_draw(const char *scripts, const char *script, const struct plot *p, const char *out)
{
	char gp[4096], rows[16];
	char *argv[] = { (char *)GNUPLOT,  (char *)"-c",       gp,   (char *)p->data,  (char *)out,
			 (char *)p->title, (char *)p->caption, rows, (char *)p->extra, NULL };

	snprintf(gp, sizeof(gp), "%s/%s.gp", scripts, script);
	snprintf(rows, sizeof(rows), "%u", p->rows);
	setenv("GNUPLOT_LIB", scripts, 1);
	if (!gnuplot(argv))
		return 0;
	fprintf(stderr, "egprlab: %s could not draw %s\n", gp, out);
	unlink(out);
	return EGPR_INTERNAL;
}

void report_plot_init(struct report *r)
{
	char *dir = rundir_file_path(r->run->path, RUNDIR_PLOTS);

	if (!plot_available()) {
		fputs("egprlab report: gnuplot is not installed, so the report has no pictures; "
		      "install the package gnuplot-nox\n",
		      stderr);
	} else if (!dir || (mkdir(dir, 0777) && errno != EEXIST)) {
		fprintf(stderr, "egprlab report: cannot make %s: %s; the report has no pictures\n",
			dir ? dir : RUNDIR_PLOTS, strerror(errno));
	} else {
		r->plots = plot_scripts();
		if (!r->plots)
			fputs("egprlab report: no gnuplot scripts found, so the report has no pictures; set " SCRIPTS_ENV
			      " to the directory scripts/plot\n",
			      stderr);
	}
	free(dir);
}

static void plot_path(const struct report *r, const char *name, const char *suffix, char *path,
		      size_t size)
{
	snprintf(path, size, "%s/" RUNDIR_PLOTS "/%s.%s", r->run->path, name, suffix);
}

FILE *report_plot_open(struct report *r, const char *name)
{
	char path[4096];
	FILE *f;

	/* Without gnuplot nobody reads the data, but the picture is still named. */
	if (!r->plots)
		return fopen("/dev/null", "we");
	plot_path(r, name, "dat", path, sizeof(path));
	f = fopen(path, "we");
	if (!f)
		fprintf(stderr, "egprlab report: cannot write %s: %s\n", path, strerror(errno));
	return f;
}

void report_plot_close(struct report *r, FILE *f, const char *script, const char *name,
		       unsigned int rows, const char *extra, const struct report_group *g,
		       const char *title)
{
	static const char *const suffixes[] = { "svg", "png" };
	char dat[4096], out[4096], caption[512];
	struct plot p = { dat, title, caption, extra, rows };
	bool drawn = r->plots != NULL;
	size_t i;

	if (!f)
		return;
	drawn &= !fclose(f);
	report_caption(r->run, g, caption, sizeof(caption));
	plot_path(r, name, "dat", dat, sizeof(dat));
	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && drawn; i++) {
		plot_path(r, name, suffixes[i], out, sizeof(out));
		drawn = !plot_draw(r->plots, script, &p, out);
	}
	r->pictures += drawn;
	doc_picture(&r->doc, name, "%s (%s)", title, caption);
}
