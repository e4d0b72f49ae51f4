/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A proof in a process of its own: what a sequence under proof does to its process (a fault, a
 * loop without an end, a written stack) must not reach the one that asks.
 */
#ifndef BENCH_PROOF_APART_H
#define BENCH_PROOF_APART_H

#include <stddef.h>

/* CPU time after which a proof counts as stuck; they take some 10 ms, and longer under emulation. */
#define APART_SECONDS 10
#define APART_TEXT    128

/**
 * apart_alloc - zeroed memory that the process apart writes and this one reads
 * @size: bytes
 *
 * Return: it, 64-byte aligned, or NULL; apart_free() it.
 */
void *apart_alloc(size_t size);
void apart_free(void *shared, size_t size);

/**
 * apart_run - @work(@shared) in a child process, waited for
 * @work: must leave its result in @shared, and nothing else
 * @shared: from apart_alloc()
 * @how: if it did not return, receives the signal, the place and the address in words, or why
 *	there is no child; APART_TEXT bytes
 *
 * Return: 0; EGPR_CRASHED if it did not return; EGPR_INTERNAL without a child.
 */
int apart_run(void (*work)(void *), void *shared, char *how);

/* ", in its exit half", behind what apart_run() said; nothing where no half ran. */
void apart_name_half(char *how, const char *half);

/* In the child: what follows is another proof, and has APART_SECONDS of its own. */
void apart_again(void);

#endif /* BENCH_PROOF_APART_H */
