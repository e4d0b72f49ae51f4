// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pictures: a data file made from the tables, a gnuplot script, an SVG and a PNG.
 *
 * gnuplot runs as a process of its own with its scripts' directory as its load
 * path. Where it is missing, or cannot draw a format, the report still comes out, and
 * says which pictures it lacks and why.
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

static const char *const suffixes[DOC_NR_FORMATS] = { [DOC_SVG] = "svg", [DOC_PNG] = "png" };

/* The last words in @said, or "" where nothing was said. */
static void last_line(FILE *said, char *why, size_t size)
{
	char line[256];

	why[0] = '\0';
	rewind(said);
	while (fgets(line, sizeof(line), said)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[strspn(line, " \t^")])
			snprintf(why, size, "%s", line + strspn(line, " \t"));
	}
}

/* Run gnuplot and wait. Return: 0 if it exited with 0, else -1 with the reason in @why. */
static int gnuplot(char *const argv[], char *why, size_t size)
{
	posix_spawn_file_actions_t actions;
	int status = 0, err = ENOMEM;
	FILE *said = tmpfile();
	pid_t pid;

	why[0] = '\0';
	if (!said || posix_spawn_file_actions_init(&actions))
		goto out_close;
	err = posix_spawn_file_actions_adddup2(&actions, fileno(said), STDERR_FILENO);
	if (!err)
		err = posix_spawnp(&pid, GNUPLOT, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		goto out_close;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			err = errno;
			goto out_close;
		}
	}
	if (WIFSIGNALED(status)) {
		snprintf(why, size, GNUPLOT " died of signal %d", WTERMSIG(status));
		err = EIO;
	} else if (WEXITSTATUS(status)) {
		last_line(said, why, size);
		err = EIO;
	}
out_close:
	if (said)
		fclose(said);
	if (err && !*why)
		snprintf(why, size, GNUPLOT ": %s", strerror(err));
	return err ? -1 : 0;
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

static int draw(const char *scripts, const char *script, const struct plot *p, const char *out,
		char *why, size_t size)
{
	char gp[4096], rows[16];
	char *argv[] = { (char *)GNUPLOT,  (char *)"-c",       gp,   (char *)p->data,  (char *)out,
			 (char *)p->title, (char *)p->caption, rows, (char *)p->extra, NULL };

	snprintf(gp, sizeof(gp), "%s/%s.gp", scripts, script);
	snprintf(rows, sizeof(rows), "%u", p->rows);
	setenv("GNUPLOT_LIB", scripts, 1);
	return gnuplot(argv, why, size);
}

int plot_draw(const char *scripts, const char *script, const struct plot *p, const char *out)
{
	char why[PLOT_WHY_SIZE];

	if (!draw(scripts, script, p, out, why, sizeof(why)))
		return 0;
	fprintf(stderr, "egprlab: %s/%s.gp could not draw %s: %s\n", scripts, script, out, why);
	unlink(out);
	return EGPR_INTERNAL;
}

/*
 * A terminal can be left out of a gnuplot, and one without any font draws pictures without a
 * word, or with an empty box for each letter, and says nothing: so draw two titles of as many letters, and
 * see whether that differs.
 */
int plot_probe(const char *scripts, const char *stem, const char *suffix, char *why)
{
	struct plot p = { "", "Title", "", "", 1 };
	char out[4096], *text[2] = { NULL, NULL };
	size_t len[2] = { 0, 0 };
	int i, err = 0;

	snprintf(out, sizeof(out), "%s.%s", stem, suffix);
	for (i = 0; i < 2 && !err; i++) {
		err = draw(scripts, "probe", &p, out, why, PLOT_WHY_SIZE);
		if (!err && rundir_file_slurp(out, &text[i], &len[i])) {
			snprintf(why, PLOT_WHY_SIZE, GNUPLOT " wrote no file");
			err = -1;
		}
		unlink(out);
		p.title = "Other";
	}
	if (!err && len[0] == len[1] && !memcmp(text[0], text[1], len[0])) {
		snprintf(why, PLOT_WHY_SIZE,
			 GNUPLOT " finds no font; install the package fonts-dejavu-core");
		err = -1;
	}
	free(text[0]);
	free(text[1]);
	return err;
}

/* Why a format is not drawn: for the reader of the report, and of standard error. */
static void give_up(struct report *r, enum doc_format format, const char *why)
{
	snprintf(r->doc.no_picture[format], sizeof(r->doc.no_picture[format]), "%s", why);
	fprintf(stderr, "egprlab report: no %s pictures: %s\n", suffixes[format], why);
}

static void give_up_all(struct report *r, const char *why)
{
	give_up(r, DOC_SVG, why);
	give_up(r, DOC_PNG, why);
}

static void probe_formats(struct report *r, const char *dir)
{
	char stem[4096], said[PLOT_WHY_SIZE], why[PLOT_WHY_SIZE + 96];
	enum doc_format format;

	snprintf(stem, sizeof(stem), "%s/.probe", dir);
	for (format = 0; format < DOC_NR_FORMATS; format++) {
		if (!plot_probe(r->plots, stem, suffixes[format], said))
			continue;
		snprintf(why, sizeof(why), "%s%s", said,
			 strstr(said, "terminal") ? "; install the package gnuplot-nox" : "");
		give_up(r, format, why);
	}
}

void report_plot_init(struct report *r)
{
	char *dir = rundir_file_path(r->run->path, RUNDIR_PLOTS), why[PLOT_WHY_SIZE];

	if (!plot_available()) {
		give_up_all(r, "gnuplot is not installed; install the package gnuplot-nox");
	} else if (!dir || (mkdir(dir, 0777) && errno != EEXIST)) {
		snprintf(why, sizeof(why), "cannot make %.150s: %s", dir ? dir : RUNDIR_PLOTS,
			 strerror(errno));
		give_up_all(r, why);
	} else {
		r->plots = plot_scripts();
		if (r->plots)
			probe_formats(r, dir);
		else
			give_up_all(r, "no gnuplot scripts found; set " SCRIPTS_ENV
				       " to the directory scripts/plot");
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

static bool draw_formats(struct report *r, FILE *f, const char *script, const char *name,
			 struct plot p)
{
	char dat[4096], out[4096];
	enum doc_format format;
	bool drawn = false;

	if (fclose(f))
		fprintf(stderr, "egprlab report: cannot write the data of %s: %s\n", name,
			strerror(errno));
	plot_path(r, name, "dat", dat, sizeof(dat));
	p.data = dat;
	for (format = 0; format < DOC_NR_FORMATS; format++) {
		plot_path(r, name, suffixes[format], out, sizeof(out));
		if (r->plots && !*r->doc.no_picture[format])
			drawn |= !plot_draw(r->plots, script, &p, out);
	}
	return drawn;
}

void report_plot_close(struct report *r, FILE *f, const char *script, const char *name,
		       unsigned int rows, const char *extra, const struct report_group *g,
		       const char *title)
{
	char caption[512];
	struct plot p = { NULL, title, caption, extra, rows };

	if (!f)
		return;
	report_caption(r->run, g, caption, sizeof(caption));
	r->pictures += draw_formats(r, f, script, name, p);
	doc_picture(&r->doc, name, "%s (%s)", title, caption);
}

void report_plot_twin(struct report *r, FILE *f, const char *script, const char *name,
		      unsigned int rows, const char *extra, const char *title)
{
	struct plot p = { NULL, title, "", extra, rows };

	if (f)
		draw_formats(r, f, script, name, p);
}
