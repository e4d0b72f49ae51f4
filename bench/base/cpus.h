/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of CPUs of any number.
 *
 * A cpu_set_t of the C library ends at CPU 1023, and numbers may have holes: a host with 64
 * CPUs can have one that is called 1500. These sets grow with what is put in.
 */
#ifndef BENCH_CPUS_H
#define BENCH_CPUS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#define CPUS_MOST 65536 /* numbers below it are believed; the kernel's own limit is 8192 */

/**
 * struct cpus - a set; zeroed it is the empty one
 * @set: of CPU_ALLOC(), or NULL
 * @bytes: its CPU_ALLOC_SIZE()
 */
struct cpus {
	cpu_set_t *set;
	size_t bytes;
};

void cpus_free(struct cpus *s);

/* Put a CPU in. Return: 0, -EINVAL for a number out of range, or -ENOMEM. */
int cpus_add(struct cpus *s, int cpu);

bool cpus_has(const struct cpus *s, int cpu);

/* The next CPU above @cpu (-1 for the first), or -1. */
int cpus_next(const struct cpus *s, int cpu);

/* The highest CPU, or -1. */
int cpus_last(const struct cpus *s);

/**
 * cpus_parse - put in the CPUs of a list as the kernel writes them
 * @s: the set
 * @list: as in "0-3,1024-1031"; empty is no CPU
 *
 * Return: 0, -EINVAL where it is no such list (what came before is in), or -ENOMEM.
 */
int cpus_parse(struct cpus *s, const char *list);

/**
 * cpus_text - a set as the kernel writes lists
 * @s: the set
 * @text: receives it; what has no room is left out behind a last ",..."
 * @size: of @text
 */
void cpus_text(const struct cpus *s, char *text, size_t size);

/* The CPUs the calling thread may run on, however many there are. Return: 0 or -errno. */
int cpus_allowed(struct cpus *s);

/* Have the calling thread run on these, or on one. Return: 0 or -errno. */
int cpus_allow(const struct cpus *s);
int cpus_move(int cpu);

#endif /* BENCH_CPUS_H */
