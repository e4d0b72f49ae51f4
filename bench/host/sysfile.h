/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small kernel files (/sys, /proc) below a root that tests can move.
 *
 * Everything that asks the kernel about the host goes through here, so that a
 * directory tree made by a test stands for any host.
 */
#ifndef BENCH_SYSFILE_H
#define BENCH_SYSFILE_H

#include <stddef.h>
#include <sys/types.h>

#define EGPR_SYSFILE_MAX 4096 /* longest content that a caller has room for */

/**
 * egpr_sysfile_read - read a small file, without its last newline
 * @root: directory that stands for "/", "" for the host itself
 * @buf: receives the text, always terminated; "" on error
 * @size: of @buf
 * @path: printf format of the absolute path
 *
 * Return: number of bytes in @buf (the rest of a longer file is left out), or -errno.
 */
ssize_t egpr_sysfile_read(const char *root, char *buf, size_t size, const char *path, ...)
	__attribute__((format(printf, 4, 5)));

/**
 * egpr_sysfile_long - read a decimal number
 * @root: as in egpr_sysfile_read()
 * @number: receives it; untouched on error
 * @path: printf format of the absolute path
 *
 * Return: 0, -EINVAL if the file holds no number, or -errno.
 */
int egpr_sysfile_long(const char *root, long *number, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * egpr_sysfile_choice - which word of a list the kernel shows in brackets
 * @text: as in "always [madvise] never"; cut to the chosen word, or left alone
 *	where no word is in brackets
 */
void egpr_sysfile_choice(char *text);

#endif /* BENCH_SYSFILE_H */
