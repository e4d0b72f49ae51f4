// SPDX-License-Identifier: GPL-2.0-only
/*
 * See edited.h.
 *
 * Whoever loads the edited KVM first starts a keeper: a process of its own session that waits for its
 * parent's end, and then has the kernel's own KVM back if the parent has not.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <egpr/status.h>

#include "edited.h"

#define DIR_VARIABLE "EGPRLAB_KVM"
#define TOLD_BY	     "/sys/module/kvm/parameters/egpr_place"
#define LOADED	     "/sys/module/kvm"
#define LOCK_FILE    "/run/egprlab-kvm.lock"
#define MOMENT_NS    100000000L
#define MOMENTS	     100 /* ten seconds */
#define PATIENCE     5

static const struct {
	const char *flag;   /* in /proc/cpuinfo */
	const char *module; /* as the kernel names it */
	const char *file;
} vendors[] = {
	{ " vmx", "kvm_intel", "kvm-intel" },
	{ " svm", "kvm_amd", "kvm-amd" },
};

#define NR_VENDORS (sizeof(vendors) / sizeof(*vendors))

static int lock = -1;
static int alive = -1; /* closed by the end of this process, which the keeper sees */
static pid_t keeper;
static bool found_none; /* no KVM was loaded, so none is when the edited one is out */
static bool kept;	/* to the end, whatever is measured */

static bool first_line(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	bool got;

	*text = '\0';
	if (!f)
		return false;
	got = fgets(text, (int)size, f);
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	return got;
}

bool edited_kvm_loaded(char *text, size_t size)
{
	char told[256];
	bool is = first_line(TOLD_BY, told, sizeof(told));

	if (text)
		snprintf(text, size, "%s", told);
	return is;
}

/* The directory of the modules for the running kernel: beside this program, or in $EGPRLAB_KVM. */
static void built_in(char *path, size_t size, const char *name)
{
	const char *dir = getenv(DIR_VARIABLE);
	char program[PATH_MAX];
	struct utsname u;
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	if (dir && *dir) {
		snprintf(path, size, "%s/%s", dir, name);
		return;
	}
	program[n > 0 ? n : 0] = '\0';
	slash = strrchr(program, '/');
	if (slash)
		*slash = '\0';
	if (uname(&u))
		*u.release = '\0';
	snprintf(path, size, "%s/kvm-%s/%s", program, u.release, name);
}

void edited_kvm_built(const char *key, char *text, size_t size)
{
	char path[PATH_MAX + 128], line[512];
	size_t len = strlen(key);
	FILE *f;

	*text = '\0';
	built_in(path, sizeof(path), "built");
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, key, len) && line[len] == ' ')
			snprintf(text, size, "%s", line + len + 1);
	}
	fclose(f);
}

/* Whose CPU this is: the module that runs its guests. */
static int vendor(void)
{
	char flags[8192];
	FILE *f = fopen("/proc/cpuinfo", "re");
	int found = -1;
	size_t i;

	while (f && found < 0 && fgets(flags, sizeof(flags), f)) {
		for (i = 0; i < NR_VENDORS && !strncmp(flags, "flags", strlen("flags")); i++) {
			if (strstr(flags, vendors[i].flag))
				found = (int)i;
		}
	}
	if (f)
		fclose(f);
	return found;
}

static void moment(void)
{
	const struct timespec t = { .tv_nsec = MOMENT_NS };

	nanosleep(&t, NULL);
}

/* A VM that was closed just now may still be on its way out. */
static int take_out(const char *module, struct data_error *e)
{
	unsigned int try = 0;

	while (syscall(SYS_delete_module, module, O_NONBLOCK)) {
		if (errno == ENOENT)
			return 0;
		if ((errno != EAGAIN && errno != EBUSY) || ++try > PATIENCE)
			break;
		moment();
	}
	if (!try)
		return 0;
	if (errno == EAGAIN || errno == EBUSY)
		return data_fail(e, EGPR_SKIPPED,
				 "%s is in use: a VM runs, or another module holds it; end the VM, "
				 "then start this again",
				 module);
	return data_fail(e, EGPR_SKIPPED, "%s cannot be unloaded: %s", module, strerror(errno));
}

static int take_out_both(int v, struct data_error *e)
{
	int ret = take_out(vendors[v].module, e);

	return ret ? ret : take_out("kvm", e);
}

/* What the kernel's command line gives a module, as modprobe takes it: words NAME.OPTION. */
static void options_of(const char *name, char *out, size_t size)
{
	char line[4096], *rest = line, *word;
	size_t len = strlen(name), used = 0, i;

	*out = '\0';
	if (!first_line("/proc/cmdline", line, sizeof(line)))
		return;
	while ((word = strsep(&rest, " "))) {
		for (i = 0; i < len && (word[i] == name[i] || (word[i] == '_' && name[i] == '-'));
		     i++)
			;
		if (i == len && word[i] == '.' && used < size)
			used += (size_t)snprintf(out + used, size - used, "%s ", word + len + 1);
	}
}

static int not_built(const char *path, struct data_error *e)
{
	int why = errno;
	struct utsname u;

	if (uname(&u))
		*u.release = '\0';
	return data_fail(e, EGPR_SKIPPED, "%s: %s; scripts/kvm-build %s builds it", path,
			 strerror(why), u.release);
}

static int put_in(const char *name, struct data_error *e)
{
	char file[64], path[PATH_MAX + 128], options[512];
	int fd, ret;

	snprintf(file, sizeof(file), "%s.ko", name);
	built_in(path, sizeof(path), file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return not_built(path, e);
	options_of(name, options, sizeof(options));
	ret = (int)syscall(SYS_finit_module, fd, options, 0);
	if (ret)
		data_fail(e, EGPR_SKIPPED,
			  "%s does not load: %s; the kernel log says why. A kernel that checks "
			  "signatures takes it once it is signed with a key that it knows "
			  "(scripts/sign-file, mokutil --import)",
			  path, strerror(errno));
	close(fd);
	return ret ? EGPR_SKIPPED : 0;
}

/* The distribution's, by its own tool: it knows what they depend on and their options. */
static int modprobe(const char *module, struct data_error *e)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		execl("/sbin/modprobe", "modprobe", module, (char *)NULL);
		execl("/usr/sbin/modprobe", "modprobe", module, (char *)NULL);
		_exit(127);
	}
	if (child > 0)
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	if (!status)
		return 0;
	return data_fail(
		e, EGPR_INTERNAL,
		"modprobe %s failed: the distribution's KVM is not loaded; load it by hand",
		module);
}

static int have_back(struct data_error *e)
{
	int v = vendor(), ret;

	if (v < 0)
		return data_fail(e, EGPR_INTERNAL, "this CPU has neither VMX nor SVM");
	ret = edited_kvm_loaded(NULL, 0) ? take_out_both(v, e) : 0;
	if (!ret && !found_none)
		ret = modprobe(vendors[v].module, e);
	if (!ret && edited_kvm_loaded(NULL, 0))
		ret = data_fail(e, EGPR_INTERNAL, "modprobe has loaded the edited KVM again");
	return ret;
}

/* The keeper is not needed any more, and another process may have its turn. */
static void let_go(void)
{
	if (alive >= 0)
		close(alive);
	if (keeper > 0)
		waitpid(keeper, NULL, 0);
	if (lock >= 0)
		close(lock);
	alive = lock = -1;
	keeper = 0;
}

static int back(struct data_error *e)
{
	int ret = have_back(e);

	if (!ret)
		let_go();
	return ret;
}

/* In the keeper. Files of a process that ends are closed one by one: its VMs may be the last. */
static void keep(int parent)
{
	struct data_error e = { "" };
	unsigned int try;
	char nothing;
	int ret = 1;

	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	while (read(parent, &nothing, 1) < 0 && errno == EINTR)
		;
	for (try = 0; try < MOMENTS && ret && edited_kvm_loaded(NULL, 0); try++) {
		ret = have_back(&e);
		if (ret)
			moment();
	}
	if (ret && edited_kvm_loaded(NULL, 0))
		fprintf(stderr, "egprlab: %s\n", e.text);
	_exit(0);
}

static int start_keeper(struct data_error *e)
{
	int ends[2];

	if (alive >= 0)
		return 0;
	if (pipe2(ends, O_CLOEXEC))
		return data_fail(e, EGPR_INTERNAL, "pipe: %s", strerror(errno));
	keeper = fork();
	if (!keeper) {
		close(ends[1]);
		keep(ends[0]);
	}
	close(ends[0]);
	alive = ends[1];
	return keeper > 0 ? 0 : data_fail(e, EGPR_INTERNAL, "fork: %s", strerror(errno));
}

/* Held as long as the edited KVM is in; the kernel lets go of it when its holder dies. */
static int take_lock(struct data_error *e)
{
	if (lock >= 0)
		return 0;
	lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock >= 0 && !flock(lock, LOCK_EX | LOCK_NB))
		return 0;
	data_fail(e, EGPR_SKIPPED, LOCK_FILE ": %s",
		  lock >= 0 && errno == EWOULDBLOCK
			  ? "another egprlab has the edited KVM in; wait for it"
			  : strerror(errno));
	if (lock >= 0)
		close(lock);
	lock = -1;
	return EGPR_SKIPPED;
}

static int load(struct data_error *e)
{
	char path[PATH_MAX + 128];
	struct data_error why;
	int v = vendor(), ret;

	if (v < 0)
		return data_fail(e, EGPR_SKIPPED, "this CPU has neither VMX nor SVM");
	built_in(path, sizeof(path), "kvm.ko");
	if (access(path, R_OK))
		return not_built(path, e);
	ret = take_lock(e);
	if (ret)
		return ret;
	found_none = access(LOADED, F_OK) != 0;
	ret = start_keeper(e);
	if (!ret)
		ret = take_out(vendors[v].module, e);
	if (ret) {
		let_go();
		return ret;
	}
	ret = take_out("kvm", e);
	if (!ret)
		ret = put_in("kvm", e);
	if (!ret)
		ret = put_in(vendors[v].file, e);
	if (ret && back(&why))
		fprintf(stderr, "egprlab: %s\n", why.text);
	return ret;
}

int edited_kvm_use(bool edited, struct data_error *e)
{
	if (kept)
		return 0;
	if (edited_kvm_loaded(NULL, 0) == edited)
		return edited ? take_lock(e) : 0;
	return edited ? load(e) : back(e);
}

int edited_kvm_keep(const char *dir, struct data_error *e)
{
	int ret;

	if (!dir && !kept)
		return 0;
	kept = false;
	if (dir && setenv(DIR_VARIABLE, dir, 1))
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	ret = edited_kvm_use(dir != NULL, e);
	kept = dir && !ret;
	return ret;
}

bool edited_kvm_kept(void)
{
	return kept;
}

int edited_kvm_recover(struct data_error *e)
{
	unsigned int try;
	int ret = 0;

	/* A keeper may be at it. */
	for (try = 0; try < MOMENTS && edited_kvm_loaded(NULL, 0); try++) {
		ret = take_lock(e);
		if (!ret)
			break;
		moment();
	}
	if (!edited_kvm_loaded(NULL, 0))
		return 0;
	if (!ret)
		ret = back(e);
	return ret ? ret : 1;
}
