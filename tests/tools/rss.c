// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command and writes to a file how long it took and how much memory it had at most.
 *
 * usage: rss FILE COMMAND...
 * FILE gets one line: seconds, KiB. The exit status is the command's.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <egpr/status.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct rusage used;
	double start;
	int status;
	pid_t pid;
	FILE *f;

	if (argc < 3) {
		fputs("usage: rss FILE COMMAND...\n", stderr);
		return EGPR_USAGE;
	}
	start = now();
	pid = fork();
	if (!pid) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(EGPR_UNAVAILABLE);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
		perror("rss");
		return EGPR_INTERNAL;
	}
	f = fopen(argv[1], "we");
	if (!f || fprintf(f, "%.3f %ld\n", now() - start, used.ru_maxrss) < 0 || fclose(f)) {
		perror(argv[1]);
		return EGPR_UNAVAILABLE;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
