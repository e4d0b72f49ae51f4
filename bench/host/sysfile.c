// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading small kernel files below a movable root.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfile.h"

static ssize_t read_at(const char *root, char *buf, size_t size, const char *format, va_list ap)
{
	char path[PATH_MAX];
	size_t used = 0;
	ssize_t n;
	int fd, len;

	buf[0] = '\0';
	len = snprintf(path, sizeof(path), "%s", root);
	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	vsnprintf(path + len, sizeof(path) - (size_t)len, format, ap);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (used < size - 1) {
		n = read(fd, buf + used, size - 1 - used);
		if (n < 0) {
			n = -errno;
			close(fd);
			buf[0] = '\0';
			return n;
		}
		if (!n)
			break;
		used += (size_t)n;
	}
	close(fd);
	while (used && buf[used - 1] == '\n')
		used--;
	buf[used] = '\0';
	return (ssize_t)used;
}

ssize_t egpr_sysfile_read(const char *root, char *buf, size_t size, const char *path, ...)
{
	va_list ap;
	ssize_t n;

	va_start(ap, path);
	n = read_at(root, buf, size, path, ap);
	va_end(ap);
	return n;
}

int egpr_sysfile_long(const char *root, long *number, const char *path, ...)
{
	char text[64], *end;
	va_list ap;
	ssize_t n;
	long value;

	va_start(ap, path);
	n = read_at(root, text, sizeof(text), path, ap);
	va_end(ap);
	if (n < 0)
		return (int)n;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end)
		return -EINVAL;
	*number = value;
	return 0;
}

void egpr_sysfile_choice(char *text)
{
	char *from = strchr(text, '[');
	char *to = from ? strchr(from, ']') : NULL;

	if (!to)
		return;
	*to = '\0';
	memmove(text, from + 1, (size_t)(to - from));
}
