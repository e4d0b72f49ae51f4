// SPDX-License-Identifier: GPL-2.0-only
/*
 * egprlab: finds the subcommand and leaves the rest to it.
 *
 * One row per command. A command lives in bench/cli/<name>.c and describes
 * itself there; a row is all that this file knows of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <egpr/status.h>
#include <egpr/version.h>

#include "command.h"

/* X(name): the command described by egpr_cmd_<name>, in the order of the help text. */
/* clang-format off */
#define COMMANDS(X)	\
	COMMAND_BENCH(X) \
	X(doctor)	\
	X(list)		\
	X(show)		\
	X(run)		\
	X(trace)	\
	X(model)	\
	X(compare)	\
	X(campaign)	\
	X(calibrate)	\
	X(report)	\
	X(explain)	\
	X(history)	\
	X(import)	\
	X(merge)	\
	X(export)	\
	X(cost)		\
	X(exec)
/* clang-format on */

#ifdef EGPR_HAVE_BENCHMARK
#define COMMAND_BENCH(X) X(bench)
#else
#define COMMAND_BENCH(X)
#endif

#define DECLARE(name) extern const struct egpr_command egpr_cmd_##name;
COMMANDS(DECLARE)

#define ROW(name) &egpr_cmd_##name,
const struct egpr_command *const egpr_commands[] = { COMMANDS(ROW) NULL };

#define HELP_COLUMN 24

static void help_line(const char *left, const char *text)
{
	if (strlen(left) < HELP_COLUMN - 1)
		printf("  %-*s%s\n", HELP_COLUMN, left, text);
	else
		printf("  %s\n  %*s%s\n", left, HELP_COLUMN, "", text);
}

/* clang-format off */
#define HELP_STATUS(SYM, number, text) help_line(#number, text);
/* clang-format on */

static void help(void)
{
	const struct egpr_command *const *c;

	puts("usage: egprlab COMMAND [OPTION ...] [ARGUMENT ...]\n"
	     "\n"
	     "What does each way of switching r16-r31 at VM entry and exit cost?\n"
	     "\n"
	     "commands:");
	for (c = egpr_commands; *c; c++)
		help_line((*c)->name, (*c)->text);
	puts("\noptions:");
	help_line("--help", "this text; behind a COMMAND, its own");
	help_line("--version", "version of the source tree");
	puts("\nexit status:");
	EGPR_STATUSES(HELP_STATUS)
}

static void help_option(const struct egpr_option *o)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	help_line(left, o->text);
}

static void help_command(const struct egpr_command *c)
{
	const struct egpr_option *o;
	unsigned int i;

	printf("usage: egprlab %s%s%s%s\n\n%s\n", c->name,
	       c->options || !c->passes_options ? " [OPTION ...]" : "", *c->args ? " " : "",
	       c->args, c->text);
	if (c->options || !c->passes_options)
		puts("\noptions:");
	for (o = c->options; o && o->name; o++)
		help_option(o);
	for (i = 0; (o = egpr_command_common(c, i)); i++)
		help_option(o);
}

static int wants_help(const struct egpr_command *c, int argc, char **argv)
{
	int last = c->passes_options ? 2 : argc;
	int i;

	for (i = 1; i < argc && i < last && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--help"))
			return 1;
	}
	return 0;
}

static int command(int argc, char **argv)
{
	const struct egpr_command *const *c;

	if (argc < 2) {
		fputs("egprlab: no command given; see `egprlab --help`\n", stderr);
		return EGPR_USAGE;
	}
	if (!strcmp(argv[1], "--help")) {
		help();
		return EGPR_DONE;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("egprlab " EGPR_VERSION);
		return EGPR_DONE;
	}
	for (c = egpr_commands; *c; c++) {
		if (strcmp((*c)->name, argv[1]))
			continue;
		if (wants_help(*c, argc - 1, argv + 1)) {
			help_command(*c);
			return EGPR_DONE;
		}
		return (*c)->run(argc - 1, argv + 1);
	}
	fprintf(stderr, "egprlab: '%s' is not a command; see `egprlab --help`\n", argv[1]);
	return EGPR_USAGE;
}

/*
 * Output that was lost is a failure, whatever the command says. A closed descriptor 1 would be
 * taken by the next file that is opened: something that refuses to be written to stands there.
 */
int main(int argc, char **argv)
{
	int status, error, fd;

	if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
		fd = open("/dev/null", O_RDONLY);
		if (fd >= 0 && fd != STDOUT_FILENO) {
			dup2(fd, STDOUT_FILENO);
			close(fd);
		}
		/* cppcheck-suppress resourceLeak ; it is descriptor 1 */
	}
	status = command(argc, argv);
	error = fflush(stdout) ? errno : 0;
	if (!error && !ferror(stdout))
		return status;
	fprintf(stderr,
		"egprlab: standard output could not be written: %s; what it said is lost; redirect it "
		"to a place with room\n",
		error ? strerror(error) : "an earlier write failed");
	return status ? status : EGPR_UNAVAILABLE;
}
