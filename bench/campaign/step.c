// SPDX-License-Identifier: GPL-2.0-only
/*
 * One boot after the other.
 *
 * A boot is announced in the state before anything of it happens. Found there when this program
 * starts, it was either this machine's boot, which has come back, or it is lost.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bench/host/sysfile.h>
#include <bench/rundir/launches.h>
#include <bench/rundir/rundir.h>

#include "campaign.h"

#define RUN	      "run" /* inside boot-N: the run as that boot left it */
#define LOG	      "log" /* likewise: what the boot command said */
#define PSTORE	      "/sys/fs/pstore"
#define PANIC	      "Kernel panic"
#define LOG_STEP      4096
#define GRACE_SECONDS 5
#define OPEN_DIRS     16

struct step {
	const struct campaign *c;
	struct campaign_state *s;
	const char *root;
	struct data_error *e;
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, OPEN_DIRS, FTW_DEPTH | FTW_PHYS);
}

/* The kernel's last words, from a file; they may be cut by other output, but not inside. */
static bool says_panic(const char *path)
{
	char text[LOG_STEP + sizeof(PANIC)];
	size_t n, kept = 0;
	bool found = false;
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	while (!found && !feof(f) && !ferror(f) && (n = fread(text + kept, 1, LOG_STEP, f)) > 0) {
		n += kept;
		found = memmem(text, n, PANIC, strlen(PANIC)) != NULL;
		kept = n < strlen(PANIC) ? n : strlen(PANIC);
		memmove(text, text + n - kept, kept);
	}
	fclose(f);
	return found;
}

/* When what the boot said was last written; 0 where that went with the power. */
static time_t last_said(const struct step *t)
{
	char path[CAMPAIGN_PATH];
	struct stat st;

	campaign_path(t->c, t->s->n, LOG, path);
	return stat(path, &st) ? 0 : st.st_mtime;
}

/* Whether the kernel left its last words in this boot: those of an earlier one may still be there. */
static bool pstore_says_panic(const struct step *t)
{
	time_t said = last_said(t);
	char path[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "%s" PSTORE, t->root);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s" PSTORE "/%s", t->root, entry->d_name);
		/* A backend that does not know when has 0. */
		found = !stat(path, &st) && (!st.st_mtime || st.st_mtime >= said) &&
			says_panic(path);
	}
	if (dir)
		closedir(dir);
	return found;
}

static int save(struct step *t)
{
	return campaign_state_save(t->c, t->s, t->e);
}

/* The boot is over. */
static int record(struct step *t, enum campaign_outcome outcome)
{
	struct campaign_state *s = t->s;
	unsigned int n = s->n;
	char path[CAMPAIGN_PATH];
	int before = campaign_last_done(s, s->kernel), ret;

	s->boot[n].kernel = s->kernel;
	s->boot[s->n++].outcome = outcome;
	s->phase = CAMPAIGN_IDLE;
	ret = save(t);
	if (ret)
		return ret;
	printf("boot %u: %s: %s\n", n, t->c->kernel[s->boot[n].kernel].name,
	       campaign_outcome_ids[outcome]);
	fflush(stdout);
	/* Only from here on is the run as the boot before left it of no use. */
	if (outcome == CAMPAIGN_DONE && before >= 0) {
		campaign_path(t->c, (unsigned int)before, RUN, path);
		remove_tree(path);
	}
	return 0;
}

static unsigned int launches_in(const char *dir)
{
	struct rundir_data data;
	struct launches *l = malloc(sizeof(*l));
	struct data_error e;
	unsigned int n = 0;

	if (l && !rundir_load(dir, &data, &e)) {
		if (!launch_read(data.meta, l, &e))
			n = l->n;
		rundir_free(&data);
	}
	free(l);
	return n;
}

/* Whether a boot left a whole run with one launch more than the boot before it. */
static bool is_whole(struct step *t)
{
	char path[CAMPAIGN_PATH];
	int before = campaign_last_done(t->s, t->s->kernel);
	unsigned int had = 0;

	if (before >= 0) {
		campaign_path(t->c, (unsigned int)before, RUN, path);
		had = launches_in(path);
	}
	campaign_path(t->c, t->s->n, RUN, path);
	return launches_in(path) == had + 1;
}

/* What the shell commands of a campaign find in their environment. */
static void set_environment(struct step *t)
{
	const struct campaign_kernel *k = &t->c->kernel[t->s->kernel];
	char path[CAMPAIGN_PATH], boots[16], *real;
	int before = campaign_last_done(t->s, t->s->kernel);

	snprintf(boots, sizeof(boots), "%u", t->c->boots);
	campaign_path(t->c, t->s->n, "", path);
	real = realpath(path, NULL);
	setenv("CAMPAIGN_OUT", real ? real : path, 1);
	free(real);
	*path = '\0';
	if (before >= 0)
		campaign_path(t->c, (unsigned int)before, RUN, path);
	real = *path ? realpath(path, NULL) : NULL;
	setenv("CAMPAIGN_RUN", real ? real : "", 1);
	free(real);
	setenv("CAMPAIGN_OPTIONS", t->c->run, 1);
	setenv("CAMPAIGN_KVM", k->kvm, 1);
	setenv("CAMPAIGN_BOOTS", boots, 1);
	setenv("ENTRY", k->entry, 1);
}

static pid_t campaign_pid; /* of the process that a guard watches */

/* In the guard. If the program was killed, no boot may go on that nobody records. */
static void orphaned(int sig)
{
	(void)sig;
	if (getppid() == campaign_pid)
		return;
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
}

/* The shell, which gives @log what the command says. */
static void run_shell(const char *command, const char *log)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666),
	    null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 || null < 0 ||
	    dup2(null, STDIN_FILENO) < 0)
		_exit(EGPR_UNAVAILABLE);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(EGPR_UNAVAILABLE);
}

/* The child: a group of its own, so that all of it can be ended, and a guard that ends as the shell does. */
static void guard(const char *command, const char *log)
{
	struct sigaction on_death = { .sa_handler = orphaned };
	int status = -1;
	pid_t pid;

	setpgid(0, 0);
	if (sigaction(SIGTERM, &on_death, NULL) || prctl(PR_SET_PDEATHSIG, SIGTERM) ||
	    getppid() != campaign_pid)
		_exit(EGPR_UNAVAILABLE);
	pid = fork();
	if (!pid) {
		signal(SIGTERM, SIG_DFL);
		run_shell(command, log);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0)
		_exit(EGPR_UNAVAILABLE);
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	raise(SIGKILL); /* a signal ended it */
	_exit(EGPR_UNAVAILABLE);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Waits until @deadline. Return: whether the child ended, and how in @status. */
static bool ended(pid_t pid, double deadline, int *status)
{
	const struct timespec pause = { 0, 20000000 };
	pid_t got;

	do {
		got = waitpid(pid, status, WNOHANG);
		if (got == pid || (got < 0 && errno != EINTR))
			return true;
		nanosleep(&pause, NULL);
	} while (now() < deadline);
	return false;
}

/* Return: the exit status; -1 where it took too long, or died of a signal. */
static int shell(const char *command, const char *log, double seconds)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	campaign_pid = getpid();
	pid = fork();
	if (!pid)
		guard(command, log);
	if (pid < 0)
		return EGPR_UNAVAILABLE;
	setpgid(pid, pid); /* whoever comes first */
	if (!ended(pid, now() + seconds, &status)) {
		kill(-pid, SIGTERM);
		if (!ended(pid, now() + GRACE_SECONDS, &status)) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
		}
		kill(-pid, SIGKILL); /* what the shell left behind */
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int make_boot_dir(struct step *t)
{
	char path[CAMPAIGN_PATH];

	campaign_path(t->c, t->s->n, "", path);
	remove_tree(path); /* what a boot left that was lost */
	if (mkdir(path, 0777))
		return data_fail(t->e, EGPR_UNAVAILABLE, "cannot make %s: %s", path,
				 strerror(errno));
	return 0;
}

static enum campaign_outcome outcome_of(struct step *t, int status, const char *log)
{
	/* 71: it is measured, but for what the run itself lists. */
	if (status == EGPR_DONE || status == EGPR_CRASHED)
		return is_whole(t) ? CAMPAIGN_DONE : CAMPAIGN_FAILED;
	if (says_panic(log))
		return CAMPAIGN_PANICKED;
	return status < 0 ? CAMPAIGN_HUNG : CAMPAIGN_FAILED;
}

static int boot_elsewhere(struct step *t)
{
	char log[CAMPAIGN_PATH];
	int status, ret = make_boot_dir(t);

	if (ret)
		return ret;
	set_environment(t);
	campaign_path(t->c, t->s->n, LOG, log);
	status = shell(t->c->kernel[t->s->kernel].boot, log, t->c->timeout);
	return record(t, outcome_of(t, status, log));
}

static int boot_this_machine(struct step *t, bool *rebooting)
{
	char log[CAMPAIGN_PATH];
	int status, ret = make_boot_dir(t);

	if (ret)
		return ret;
	set_environment(t);
	campaign_path(t->c, t->s->n, LOG, log);
	status = shell(t->c->select, log, t->c->timeout);
	if (status)
		return data_fail(t->e, EGPR_UNAVAILABLE,
				 "`%s` does not choose '%s' (status %d); see %s", t->c->select,
				 t->c->kernel[t->s->kernel].entry, status, log);
	printf("boot %u: %s: rebooting\n", t->s->n, t->c->kernel[t->s->kernel].name);
	fflush(stdout);
	status = shell(t->c->reboot, log, t->c->timeout);
	if (status)
		return data_fail(t->e, EGPR_UNAVAILABLE, "`%s` does not reboot (status %d); see %s",
				 t->c->reboot, status, log);
	*rebooting = true;
	return 0;
}

/* The lab itself, from the same file as this process; "$0" of the command below. */
static int measure_here(struct step *t)
{
	static const char command[] =
		"set -- ${CAMPAIGN_KVM:+--kvm \"$CAMPAIGN_KVM\"};"
		" if [ -n \"$CAMPAIGN_RUN\" ]; then"
		" cp -R \"$CAMPAIGN_RUN\" \"$CAMPAIGN_OUT/" RUN "\" &&"
		" \"$CAMPAIGN_LAB\" run --resume \"$CAMPAIGN_OUT/" RUN "\" --pause \"$@\";"
		" else eval \"\\\"\\$CAMPAIGN_LAB\\\" run $CAMPAIGN_OPTIONS\""
		" --launches \"$CAMPAIGN_BOOTS\" --pause --out '\"$CAMPAIGN_OUT/" RUN
		"\" \"$@\"'; fi";
	char log[CAMPAIGN_PATH], exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	/* That of before the reboot may have gone with the power. */
	int status, ret = make_boot_dir(t);

	if (ret)
		return ret;
	exe[n > 0 ? n : 0] = '\0';
	setenv("CAMPAIGN_LAB", exe, 1);
	set_environment(t);
	campaign_path(t->c, t->s->n, LOG, log);
	status = shell(command, log, t->c->timeout);
	return record(t, outcome_of(t, status, log));
}

/* This program starts, and the state has a boot under way. */
static int take_up(struct step *t, bool *rebooting)
{
	const struct campaign_kernel *k = &t->c->kernel[t->s->kernel];
	char id[CAMPAIGN_NAME], release[CAMPAIGN_NAME * 2];
	bool again;
	int ret;

	if (*k->boot)
		return record(t, CAMPAIGN_LOST);
	egpr_sysfile_read(t->root, id, sizeof(id), "/proc/sys/kernel/random/boot_id");
	egpr_sysfile_read(t->root, release, sizeof(release), "/proc/sys/kernel/osrelease");
	again = !strcmp(id, t->s->boot_id);
	if (t->s->phase == CAMPAIGN_MEASURING)
		return record(t,
			      !again && pstore_says_panic(t) ? CAMPAIGN_PANICKED : CAMPAIGN_LOST);
	if (again) /* it was announced and not begun */
		return boot_this_machine(t, rebooting);
	if (strcmp(release, k->release))
		return record(t, pstore_says_panic(t) ? CAMPAIGN_PANICKED : CAMPAIGN_HUNG);
	t->s->phase = CAMPAIGN_MEASURING;
	snprintf(t->s->boot_id, sizeof(t->s->boot_id), "%s", id);
	ret = save(t);
	return ret ? ret : measure_here(t);
}

/* Announces the next boot. Return: 0, or what cannot be done. */
static int announce(struct step *t, unsigned int kernel)
{
	char id[CAMPAIGN_NAME];

	if (egpr_sysfile_read(t->root, id, sizeof(id), "/proc/sys/kernel/random/boot_id") <= 0)
		return data_fail(t->e, EGPR_UNAVAILABLE,
				 "%s/proc/sys/kernel/random/boot_id cannot be read", t->root);
	t->s->kernel = kernel;
	t->s->phase = CAMPAIGN_BOOTING;
	snprintf(t->s->boot_id, sizeof(t->s->boot_id), "%s", id);
	return save(t);
}

int campaign_step(const struct campaign *c, struct campaign_state *s, const char *root,
		  bool *rebooting, struct data_error *e)
{
	struct step t = { c, s, root, e };
	int kernel, ret = 0;

	*rebooting = false;
	while (!ret && !*rebooting) {
		if (s->phase != CAMPAIGN_IDLE) {
			ret = take_up(&t, rebooting);
			continue;
		}
		kernel = campaign_next(c, s);
		if (kernel < 0)
			break;
		ret = announce(&t, (unsigned int)kernel);
		if (!ret)
			ret = *c->kernel[kernel].boot ? boot_elsewhere(&t)
						      : boot_this_machine(&t, rebooting);
	}
	return ret;
}
