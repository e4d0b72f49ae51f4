/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP from the programs that run inside the beds.
 */
#ifndef TESTS_BED_TAP_H
#define TESTS_BED_TAP_H

#include <stdbool.h>

/* One point; returns @ok. */
bool tap_ok(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tap_skip(const char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A line of explanation. */
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The plan line; returns the exit status of the program: 0 if every point passed. */
int tap_done(void);

#endif /* TESTS_BED_TAP_H */
