// SPDX-License-Identifier: GPL-2.0-only
/*
 * To be preloaded: ends the program by SIGKILL at a chosen point of what it writes to disk.
 *
 * KILL_AT=N is the N-th call of fsync, fdatasync, syncfs, rename, unlink or ftruncate, just before
 * it: between two of them a crash cannot tell one moment from the next. What a program must
 * survive is thereby a list that a test can go through to its end. KILL_NAME is the program that is
 * meant, without a directory; others that it starts live on. KILL_LOG=FILE gets a line when it
 * is killed. KILL_ALSO=remove makes each remove() such a point too.
 *
 * For power that fails, where more is lost than a process: KILL_SYNCED=COMMAND is run with "all", "file" or
 * "directory" and a path whenever the program has that on disk, a directory being its names only, so that a
 * test can keep what would be there afterwards. KILL_SELF=FILE is what the program takes for
 * its own file, and starts again.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static bool meant(void)
{
	const char *name = getenv("KILL_NAME");

	return name && !strcmp(name, program_invocation_short_name);
}

static void point(const char *what)
{
	static long at = -1, n;
	const char *text = getenv("KILL_AT"), *log = getenv("KILL_LOG");
	int fd;

	if (at < 0)
		at = text && meant() ? strtol(text, NULL, 10) : 0;
	if (++n != at)
		return;
	fd = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
	if (fd >= 0 && write(fd, what, strlen(what)) > 0)
		write(fd, "\n", 1);
	kill(getpid(), SIGKILL);
}

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* After a call that returned @ret. Return: that. */
static int synced(int ret, const char *what, int fd)
{
	const char *command = getenv("KILL_SYNCED");
	char link[32], path[PATH_MAX], line[2 * PATH_MAX];
	ssize_t n;

	if (ret || !command || !meant())
		return ret;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = NEXT(readlink)(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	if (snprintf(line, sizeof(line), "%s %s '%s'", command, what, path) >= (int)sizeof(line) ||
	    system(line)) {
		fprintf(stderr, "kill-at: KILL_SYNCED fails: %s\n", line);
		abort();
	}
	return ret;
}

int fsync(int fd)
{
	struct stat st;

	point("fsync");
	return synced(NEXT(fsync)(fd),
		      !fstat(fd, &st) && S_ISDIR(st.st_mode) ? "directory" : "file", fd);
}

int fdatasync(int fd)
{
	point("fdatasync");
	return NEXT(fdatasync)(fd);
}

int syncfs(int fd)
{
	point("syncfs");
	return synced(NEXT(syncfs)(fd), "all", fd);
}

int rename(const char *from, const char *to)
{
	point("rename");
	return NEXT(rename)(from, to);
}

int unlink(const char *path)
{
	point("unlink");
	return NEXT(unlink)(path);
}

int ftruncate(int fd, off_t size)
{
	point("ftruncate");
	return NEXT(ftruncate)(fd, size);
}

int remove(const char *path)
{
	const char *also = getenv("KILL_ALSO");

	if (also && !strcmp(also, "remove"))
		point("remove");
	return NEXT(remove)(path);
}

ssize_t readlink(const char *path, char *to, size_t n)
{
	const char *self = getenv("KILL_SELF");
	size_t length = self ? strlen(self) : 0;

	if (!self || !meant() || strcmp(path, "/proc/self/exe"))
		return NEXT(readlink)(path, to, n);
	if (length > n)
		length = n;
	memcpy(to, self, length);
	return (ssize_t)length;
}
