// SPDX-License-Identifier: GPL-2.0-only
/*
 * To be preloaded: ends the program by SIGKILL at a chosen point of what it writes to disk.
 *
 * KILL_AT=N is the N-th call of fsync, fdatasync, syncfs, rename, unlink or ftruncate, just before
 * it: between two of them a crash cannot tell one moment from the next. What a program must
 * survive is thereby a list that a test can go through to its end. KILL_NAME is the program that is
 * meant, without a directory; others that it starts live on. KILL_LOG=FILE gets a line when it
 * is killed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static void point(const char *what)
{
	static long at = -1, n;
	const char *text = getenv("KILL_AT"), *log = getenv("KILL_LOG");
	int fd;

	if (at < 0) {
		const char *name = getenv("KILL_NAME");

		at = text && name && !strcmp(name, program_invocation_short_name)
			     ? strtol(text, NULL, 10)
			     : 0;
	}
	if (++n != at)
		return;
	fd = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
	if (fd >= 0 && write(fd, what, strlen(what)) > 0)
		write(fd, "\n", 1);
	kill(getpid(), SIGKILL);
}

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

int fsync(int fd)
{
	point("fsync");
	return NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
	point("fdatasync");
	return NEXT(fdatasync)(fd);
}

int syncfs(int fd)
{
	point("syncfs");
	return NEXT(syncfs)(fd);
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
