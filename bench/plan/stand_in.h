/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which XSAVE components may stand in for component 19, as people write it.
 *
 * A restriction lets one host play another: without opmask, a CPU with AVX-512 chooses as one
 * without; with none, the XSAVE strategies are skipped as on a CPU without XSAVE.
 */
#ifndef BENCH_STAND_IN_H
#define BENCH_STAND_IN_H

#include <stddef.h>
#include <stdint.h>

#include <bench/base/error.h>

/* Restricts the stand-ins wherever no option does. */
#define STAND_IN_ENV "EGPRLAB_STAND_IN"

#define STAND_IN_TEXT 96

/**
 * stand_in_parse - components from a list
 * @list: names of egpr/standin.h separated by commas, in any case; "all"; or "none"
 * @source: what the list came from, for the message
 * @mask: receives a bit per component
 * @e: receives the message
 *
 * Return: 0 or EGPR_USAGE.
 */
int stand_in_parse(const char *list, const char *source, uint32_t *mask, struct data_error *e);

/* The mask that the environment asks for; all without the variable. Return: as above. */
int stand_in_from_env(uint32_t *mask, struct data_error *e);

/* The list that stand_in_parse() reads back. */
void stand_in_text(uint32_t mask, char *text, size_t size);

#endif /* BENCH_STAND_IN_H */
