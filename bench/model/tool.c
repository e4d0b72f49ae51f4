// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of LLVM: which, and what they said. Files instead of pipes between us: a program that
 * writes much while it has yet to read cannot get stuck.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define MCA	     "llvm-mca"
#define MCA_WORD     "mca"
#define OBJDUMP_WORD "objdump"
#define VERSION_MARK "LLVM version "
#define PATIENCE_S   60
#define LOOK_US	     2000

extern char **environ;

/* LLVM knows APX since 18; the name without a number may be any version. */
static const char *const names[] = { MCA "-22", MCA "-21", MCA "-20", MCA "-19", MCA "-18", MCA };

void tool_said_free(struct tool_said *said)
{
	free(said->out);
	free(said->err);
	memset(said, 0, sizeof(*said));
}

/* All of a file as text. Return: NULL without memory. */
static char *text_of(FILE *f)
{
	size_t len = 0, room = 1 << 16, n;
	char *text = malloc(room), *more;

	rewind(f);
	while (text && (n = fread(text + len, 1, room - len - 1, f))) {
		len += n;
		if (len + 1 < room)
			continue;
		more = realloc(text, room *= 2);
		if (!more)
			free(text);
		text = more;
	}
	if (text)
		text[len] = '\0';
	return text;
}

/* CPU time of a child that was not waited for. */
static double cpu_seconds(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Wait, but not for ever, and not by the clock: others may have the CPU. */
static void wait_for(pid_t pid, struct tool_said *said)
{
	long looks = PATIENCE_S * 1000000L / LOOK_US;
	int status = 0;
	pid_t done;

	while (!(done = waitpid(pid, &status, WNOHANG)) && looks--) {
		if (cpu_seconds(pid) > MODEL_TOOL_CPU_S)
			break;
		usleep(LOOK_US);
	}
	if (!done) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		said->stopped = true;
	}
	said->status = done == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int spawn(char *const argv[], FILE *const f[3], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int i, err = posix_spawn_file_actions_init(&actions);

	if (err)
		return err;
	for (i = 0; i < 3 && !err; i++)
		err = posix_spawn_file_actions_adddup2(&actions, fileno(f[i]), i);
	if (!err)
		err = posix_spawn(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

/* Return: 0 or an errno. */
static int run(char *const argv[], const char *input, FILE *const f[3], struct tool_said *said)
{
	pid_t pid = -1;
	int err;

	if (fputs(input, f[0]) < 0 || fflush(f[0]) || fseek(f[0], 0, SEEK_SET))
		return errno ? errno : EIO;
	err = spawn(argv, f, &pid);
	if (err)
		return err;
	wait_for(pid, said);
	said->out = text_of(f[1]);
	said->err = text_of(f[2]);
	return said->out && said->err ? 0 : ENOMEM;
}

int model_tool_run(char *const argv[], const char *input, struct tool_said *said,
		   struct data_error *e)
{
	FILE *f[3] = { tmpfile(), tmpfile(), tmpfile() };
	int i, err = f[0] && f[1] && f[2] ? 0 : EMFILE;

	memset(said, 0, sizeof(*said));
	if (!err)
		err = run(argv, input, f, said);
	for (i = 0; i < 3; i++) {
		if (f[i])
			fclose(f[i]);
	}
	if (!err)
		return 0;
	data_fail(e, EGPR_UNAVAILABLE, "cannot run %s: %s", argv[0], strerror(err));
	return EGPR_UNAVAILABLE;
}

/* The path of a program that can be run; one with a slash is taken as it is. */
static bool program(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");
	size_t n;

	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		return !access(path, X_OK);
	}
	for (; dirs && *dirs; dirs += n + (dirs[n] == ':')) {
		n = strcspn(dirs, ":");
		snprintf(path, size, "%.*s/%s", (int)n, dirs, name);
		if (n && !access(path, X_OK))
			return true;
	}
	return false;
}

/* The llvm-objdump beside an llvm-mca: another LLVM may name instructions otherwise. */
static bool beside(struct model_tools *t)
{
	char *base = strrchr(t->mca, '/'), *word = base ? strstr(base, MCA_WORD) : NULL;

	if (!word)
		return false;
	if (snprintf(t->objdump, sizeof(t->objdump), "%.*s" OBJDUMP_WORD "%s", (int)(word - t->mca),
		     t->mca, word + strlen(MCA_WORD)) >= (int)sizeof(t->objdump))
		return false;
	return !access(t->objdump, X_OK);
}

static int ask_version(struct model_tools *t, struct data_error *e)
{
	char *argv[] = { t->mca, (char *)"--version", NULL };
	struct tool_said said;
	const char *at;
	int ret = model_tool_run(argv, "", &said, e);

	if (!ret) {
		at = said.out ? strstr(said.out, VERSION_MARK) : NULL;
		if (at)
			snprintf(t->version, sizeof(t->version), "%.*s",
				 (int)strcspn(at + strlen(VERSION_MARK), " \n"),
				 at + strlen(VERSION_MARK));
		else
			ret = data_fail(
				e, EGPR_DATA,
				"%s does not say which LLVM it is of: --version has no '%s'",
				t->mca, VERSION_MARK);
	}
	tool_said_free(&said);
	return ret;
}

int model_tools_find(struct model_tools *t, struct data_error *e)
{
	const char *wanted = getenv(MODEL_MCA_ENV);
	size_t i;

	if (wanted && *wanted) {
		if (!program(wanted, t->mca, sizeof(t->mca)))
			return data_fail(e, EGPR_USAGE,
					 MODEL_MCA_ENV
					 " is '%s', which is no program; unset it, or "
					 "name an llvm-mca",
					 wanted);
		if (!beside(t))
			return data_fail(e, EGPR_USAGE,
					 MODEL_MCA_ENV " is '%s', but there is no llvm-objdump of "
						       "the same name beside it; name an llvm-mca",
					 wanted);
		return ask_version(t, e);
	}
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (program(names[i], t->mca, sizeof(t->mca)) && beside(t))
			return ask_version(t, e);
	}
	return data_fail(e, EGPR_SKIPPED,
			 "llvm-mca with its llvm-objdump is not installed; Debian has both in "
			 "package llvm-19 (scripts/deps bench)");
}
