/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why something was refused or went wrong, in words for the user: filled where it happened,
 * printed once, by the command.
 */
#ifndef BENCH_BASE_ERROR_H
#define BENCH_BASE_ERROR_H

#include <egpr/status.h>

/* Why something was refused: the thing, the reason and, where there is one, the fix. */
struct data_error {
	char text[1024];
};

/**
 * data_fail - write an error message
 * @e: receives the message; may be NULL
 * @status: what to return
 * @fmt: printf format
 *
 * Return: @status.
 */
int data_fail(struct data_error *e, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* BENCH_BASE_ERROR_H */
