// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of CPUs of any number, by the C library's dynamic sets.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpus.h"

#define BITS_PER_BYTE 8
#define MORE	      ",..."

void cpus_free(struct cpus *s)
{
	if (s->set)
		CPU_FREE(s->set);
	s->set = NULL;
	s->bytes = 0;
}

static int limit(const struct cpus *s)
{
	return (int)(s->bytes * BITS_PER_BYTE);
}

/* Room for @n CPUs at least; what is in stays. */
static int grow(struct cpus *s, int n)
{
	size_t bytes = CPU_ALLOC_SIZE((size_t)n);
	cpu_set_t *set;

	if (n <= limit(s))
		return 0;
	set = CPU_ALLOC((size_t)n);
	if (!set)
		return -ENOMEM;
	memset(set, 0, bytes);
	if (s->set)
		memcpy(set, s->set, s->bytes);
	cpus_free(s);
	s->set = set;
	s->bytes = bytes;
	return 0;
}

int cpus_add(struct cpus *s, int cpu)
{
	int err;

	if (cpu < 0 || cpu >= CPUS_MOST)
		return -EINVAL;
	err = grow(s, cpu + 1);
	if (err)
		return err;
	CPU_SET_S((size_t)cpu, s->bytes, s->set);
	return 0;
}

bool cpus_has(const struct cpus *s, int cpu)
{
	return cpu >= 0 && cpu < limit(s) && CPU_ISSET_S((size_t)cpu, s->bytes, s->set);
}

int cpus_next(const struct cpus *s, int cpu)
{
	for (cpu++; cpu < limit(s); cpu++) {
		if (cpus_has(s, cpu))
			return cpu;
	}
	return -1;
}

int cpus_last(const struct cpus *s)
{
	int cpu;

	for (cpu = limit(s) - 1; cpu >= 0 && !cpus_has(s, cpu); cpu--)
		;
	return cpu;
}

/* A number at the start of @text. Return: it, or -1 where there is none that a CPU can have. */
static int number(const char *text, const char **end)
{
	char *next;
	long n;

	if (*text < '0' || *text > '9')
		return -1;
	n = strtol(text, &next, 10);
	*end = next;
	return n < CPUS_MOST ? (int)n : -1;
}

int cpus_parse(struct cpus *s, const char *list)
{
	while (*list) {
		int from = number(list, &list), to = from, err;

		if (from >= 0 && *list == '-')
			to = number(list + 1, &list);
		if (from < 0 || to < from)
			return -EINVAL;
		for (; from <= to; from++) {
			err = cpus_add(s, from);
			if (err)
				return err;
		}
		if (!*list)
			break;
		if (*list != ',' || !list[1])
			return -EINVAL;
		list++;
	}
	return 0;
}

void cpus_text(const struct cpus *s, char *text, size_t size)
{
	int from, to, next;
	size_t used = 0;

	text[0] = '\0';
	for (from = cpus_next(s, -1); from >= 0; from = next) {
		char range[32];
		size_t n;

		next = cpus_next(s, from);
		for (to = from; next == to + 1; next = cpus_next(s, to))
			to = next;
		n = (size_t)snprintf(range, sizeof(range), to > from ? "%s%d-%d" : "%s%d",
				     used ? "," : "", from, to);
		if (used + n + sizeof(MORE) > size) {
			snprintf(text + used, size - used, "%s", MORE);
			return;
		}
		used += (size_t)snprintf(text + used, size - used, "%s", range);
	}
}

/* The kernel refuses a set that is too small for its CPUs: ask with larger ones. */
int cpus_allowed(struct cpus *s)
{
	int n, err;

	cpus_free(s);
	for (n = CPU_SETSIZE; n <= CPUS_MOST; n *= 2) {
		err = grow(s, n);
		if (err)
			return err;
		if (!sched_getaffinity(0, s->bytes, s->set))
			return 0;
		if (errno != EINVAL)
			return -errno;
	}
	return -EINVAL;
}

int cpus_allow(const struct cpus *s)
{
	if (!s->set)
		return -EINVAL;
	return sched_setaffinity(0, s->bytes, s->set) ? -errno : 0;
}

int cpus_move(int cpu)
{
	struct cpus one = { 0 };
	int err = cpus_add(&one, cpu);

	if (!err)
		err = cpus_allow(&one);
	cpus_free(&one);
	return err;
}
