// SPDX-License-Identifier: GPL-2.0-only
/*
 * The axes as data, expanded from the lists in egpr/axis.h.
 */
#include <string.h>

#include "axis.h"

#define AXIS_VALUE(SYM, id, text) { id, text },

const struct axis_value egpr_layers[EGPR_NR_LAYERS] = { EGPR_LAYERS(AXIS_VALUE)
								EGPR_GROUPS(AXIS_VALUE) };
const struct axis_value egpr_guest_states[EGPR_NR_STATES] = { EGPR_GUEST_STATES(AXIS_VALUE) };
const struct axis_value egpr_provenances[EGPR_NR_PROVENANCES] = { EGPR_PROVENANCES(AXIS_VALUE) };
const struct axis_value egpr_paths[EGPR_NR_PATHS] = { EGPR_PATHS(AXIS_VALUE) };

int axis_find(const struct axis_value *axis, int count, const char *id)
{
	int i;

	for (i = 0; i < count; i++) {
		if (!strcmp(axis[i].id, id))
			return i;
	}
	return -1;
}
