/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What KVM_GET_XSAVE2 and KVM_SET_XSAVE have to hold wherever r16..r31 are, asked of the model over
 * random states.
 */
#ifndef BENCH_GROUP_UABI_PROPERTY_H
#define BENCH_GROUP_UABI_PROPERTY_H

#include "uabi_model.h"

/**
 * struct uabi_property - one of them
 * @id: short
 * @text: what has to hold
 * @broken: try it once with a random state from a seed. Return: NULL, or how it does not hold
 */
struct uabi_property {
	const char *id;
	const char *text;
	const char *(*broken)(enum uabi_policy policy, uint64_t seed);
};

#define UABI_NR_PROPERTIES 12
extern const struct uabi_property uabi_properties[UABI_NR_PROPERTIES];

#define UABI_STATES 400 /* random ones that a property is tried with */

/* Try it UABI_STATES times. Return: NULL where it holds in all, or how it does not. */
const char *uabi_broken(const struct uabi_property *p, enum uabi_policy policy);

extern const char *const uabi_policy_ids[NR_UABI_POLICIES];
extern const char *const uabi_policy_texts[NR_UABI_POLICIES];

/* What the next random state has: a feature set of some guest, with or without APX. */
uint64_t uabi_random(uint64_t *seed);

#endif /* BENCH_GROUP_UABI_PROPERTY_H */
