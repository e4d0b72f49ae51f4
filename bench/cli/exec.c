// SPDX-License-Identifier: GPL-2.0-only
/*
 * egprlab exec: run a program built with -mapxf on a CPU without APX.
 *
 * Puts the preloadable user host (emu/user) in front of the program and becomes
 * it, so its exit status, signals and terminal are its own. On a CPU with APX
 * the program runs as it is.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <egpr/status.h>

#include <emu/user/user.h>
#include "command.h"

#define PRELOAD_NAME "libegpr-exec.so"
#define PRELOAD_ENV  "LD_PRELOAD"
#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

static const struct egpr_option options[] = {
	{ "no-patch", NULL, "trap on every execution; patch no hot instruction" },
	{ NULL, NULL, NULL },
};

/* The file that execvp() would run. Returns 0 or -errno. */
static int find_program(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");

	if (strchr(name, '/')) {
		if ((size_t)snprintf(path, size, "%s", name) >= size)
			return -ENAMETOOLONG;
		return access(path, X_OK) ? -errno : 0;
	}
	if (!dirs)
		dirs = PATH_DEFAULT;
	while (*dirs) {
		size_t n = strcspn(dirs, ":");

		if ((size_t)snprintf(path, size, "%.*s/%s", n ? (int)n : 1, n ? dirs : ".", name) <
			    size &&
		    !access(path, X_OK))
			return 0;
		dirs += n + (dirs[n] == ':');
	}
	return -ENOENT;
}

/* Why LD_PRELOAD would not reach the program, or NULL. */
static const char *unreachable(const char *path)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	const char *why = NULL;
	bool interpreted = false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL; /* execute-only: the kernel may still run it */
	if (pread(fd, &eh, sizeof(eh), 0) != (ssize_t)sizeof(eh) ||
	    memcmp(eh.e_ident, ELFMAG, SELFMAG))
		goto out_close; /* a script: its interpreter gets the library */
	if (eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_machine != EM_X86_64) {
		why = "it is not an x86-64 program";
		goto out_close;
	}
	for (unsigned int i = 0; i < eh.e_phnum; i++) {
		off_t at = (off_t)(eh.e_phoff + (Elf64_Off)i * eh.e_phentsize);

		if (pread(fd, &ph, sizeof(ph), at) != (ssize_t)sizeof(ph))
			break;
		interpreted |= ph.p_type == PT_INTERP;
	}
	if (!interpreted)
		why = "it is statically linked; link it dynamically";
out_close:
	close(fd);
	return why;
}

static int preload_path(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size);
	char *slash;

	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + sizeof(PRELOAD_NAME) > size)
		return -ENAMETOOLONG;
	memcpy(slash + 1, PRELOAD_NAME, sizeof(PRELOAD_NAME));
	return access(path, R_OK) ? -errno : 0;
}

static int preload(bool patch)
{
	const char *before = getenv(PRELOAD_ENV);
	char path[PATH_MAX];
	char *all;
	int r = preload_path(path, sizeof(path));

	if (r) {
		fprintf(stderr, "egprlab exec: %s: %s; build it with `make`\n", PRELOAD_NAME,
			strerror(-r));
		return EGPR_UNAVAILABLE;
	}
	if (asprintf(&all, "%s%s%s", path, before && *before ? ":" : "", before ? before : "") < 0)
		return EGPR_INTERNAL;
	r = setenv(PRELOAD_ENV, all, 1);
	free(all);
	if (!r && !patch)
		r = setenv("EGPR_EXEC_PATCH", "no", 1);
	return r ? EGPR_INTERNAL : EGPR_DONE;
}

static int run(int argc, char **argv)
{
	extern const struct egpr_command egpr_cmd_exec;
	char path[PATH_MAX];
	bool patch = true;
	const char *why;
	int i = 1, r;

	if (i < argc && !strcmp(argv[i], "--no-patch")) {
		patch = false;
		i++;
	}
	if (i < argc && !strcmp(argv[i], "--"))
		i++;
	else if (i < argc && argv[i][0] == '-')
		return egpr_command_usage(&egpr_cmd_exec, "'%s' is not an option", argv[i]);
	if (i >= argc)
		return egpr_command_usage(&egpr_cmd_exec, "no program given");
	r = find_program(argv[i], path, sizeof(path));
	if (r) {
		fprintf(stderr, "egprlab exec: %s: %s\n", argv[i], strerror(-r));
		return EGPR_USAGE;
	}
	if (egpr_user_native_apx()) {
		fprintf(stderr, "egprlab exec: this CPU has APX: %s runs natively\n", argv[i]);
	} else {
		why = unreachable(path);
		if (why) {
			fprintf(stderr, "egprlab exec: %s: cannot be emulated: %s\n", path, why);
			return EGPR_USAGE;
		}
		r = preload(patch);
		if (r)
			return r;
	}
	execv(path, argv + i);
	fprintf(stderr, "egprlab exec: %s: %s\n", path, strerror(errno));
	return EGPR_USAGE;
}

const struct egpr_command egpr_cmd_exec = {
	.name = "exec",
	.args = "-- PROG [ARGUMENT ...]",
	.text = "run a program built with -mapxf on a CPU without APX",
	.options = options,
	.passes_options = 1,
	.run = run,
};
