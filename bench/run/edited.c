// SPDX-License-Identifier: GPL-2.0-only
/*
 * See edited.h.
 */
#include <bench/layer/edited.h>

#include "edited.h"

void run_add_edited(const struct run *run, cJSON *meta)
{
	static const char *const keys[] = { "release", "source", "place", "sha256", "vermagic" };
	char text[512];
	cJSON *o;
	size_t i;

	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_EDITED_KVM);
	edited_kvm_built(keys[0], text, sizeof(text));
	if ((!edited_kvm_kept() && !run->plan->layer[EGPR_LAYER_VMENTER].wanted) || !*text)
		return;
	o = cJSON_AddObjectToObject(meta, RUNDIR_EDITED_KVM);
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		edited_kvm_built(keys[i], text, sizeof(text));
		cJSON_AddStringToObject(o, keys[i], text);
	}
}
