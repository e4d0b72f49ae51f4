/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The axes of include/egpr/axis.h as data: id and text per value, look-up by id.
 */
#ifndef BENCH_AXIS_H
#define BENCH_AXIS_H

#include <egpr/axis.h>

/**
 * struct axis_value - one value of an axis
 * @id: spelling in CLI and CSV
 * @text: the same in words
 */
struct axis_value {
	const char *id;
	const char *text;
};

/* Indexed by the enums of egpr/axis.h. */
extern const struct axis_value egpr_layers[EGPR_NR_LAYERS];
extern const struct axis_value egpr_guest_states[EGPR_NR_STATES];
extern const struct axis_value egpr_provenances[EGPR_NR_PROVENANCES];
extern const struct axis_value egpr_paths[EGPR_NR_PATHS];

/**
 * axis_find - index of an id on its axis
 * @axis: one of the arrays above
 * @count: its number of values
 * @id: what the user or a file wrote
 *
 * Return: the index, or -1 if no value has that id.
 */
int axis_find(const struct axis_value *axis, int count, const char *id);

#endif /* BENCH_AXIS_H */
