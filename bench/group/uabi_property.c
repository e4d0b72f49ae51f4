// SPDX-License-Identifier: GPL-2.0-only
/*
 * The properties, each tried on one random state: a guest's feature set, registers and components.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "uabi_property.h"

#define ID(sym, id, text)   [UABI_##sym] = id,
#define TEXT(sym, id, text) [UABI_##sym] = text,
const char *const uabi_policy_ids[NR_UABI_POLICIES] = { UABI_POLICIES(ID) };
const char *const uabi_policy_texts[NR_UABI_POLICIES] = { UABI_POLICIES(TEXT) };

uint64_t uabi_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void fill(void *to, size_t bytes, uint64_t *seed)
{
	unsigned char *b = to;
	size_t i;

	for (i = 0; i < bytes; i++)
		b[i] = (unsigned char)uabi_random(seed);
}

/*
 * struct trial - a guest, its twin to restore into, and a buffer
 * @egprs: what the guest wrote
 */
struct trial {
	struct uabi_vcpu v, twin;
	uint64_t egprs[EGPR_COUNT];
	uint8_t buffer[UABI_BYTES_MAX], again[UABI_BYTES_MAX];
	size_t size;
};

static const uint64_t sets[] = { 0, UABI_AVX, UABI_AVX | UABI_AVX512, UABI_AVX | UABI_PKRU,
				 UABI_AVX | UABI_AVX512 | UABI_PKRU | UABI_AMX };
#define NR_SETS (sizeof(sets) / sizeof(*sets))

/* Random components are in use; r16..r31 are where the guest has them. */
static void guest_runs(struct uabi_vcpu *v, uint64_t *egprs, uint64_t *seed)
{
	uint8_t bytes[UABI_BYTES_MAX];
	unsigned int nr;
	size_t n;

	for (nr = 2; nr < EGPR_XFEATURE; nr++) {
		if (uabi_offset(nr, &n) && uabi_random(seed) & 1) {
			fill(bytes, n, seed);
			uabi_guest_write_component(v, nr, bytes);
		}
	}
	fill(egprs, UABI_APX_BYTES, seed);
	if (v->supported & UABI_APX)
		uabi_guest_write(v, egprs);
}

static struct trial *begin(enum uabi_policy policy, bool apx, uint64_t *seed)
{
	uint64_t set = UABI_X87_SSE | sets[uabi_random(seed) % NR_SETS] | (apx ? UABI_APX : 0);
	struct trial *t = calloc(1, sizeof(*t));

	if (!t || uabi_open(&t->v, policy, set) || uabi_open(&t->twin, policy, set))
		abort();
	guest_runs(&t->v, t->egprs, seed);
	/* KVM's buffer is a page at least. */
	t->size = uabi_size(set) > 4096 ? uabi_size(set) : 4096;
	return t;
}

static const char *end(struct trial *t, const char *broken)
{
	uabi_close(&t->v);
	uabi_close(&t->twin);
	free(t);
	return broken;
}

static uint64_t *word(void *buffer, size_t at)
{
	return (uint64_t *)((uint8_t *)buffer + at);
}

static bool has(const struct uabi_vcpu *v, const uint64_t *want)
{
	uint64_t got[EGPR_COUNT];

	uabi_guest_read(v, got);
	return !memcmp(got, want, sizeof(got));
}

static bool has_zeros(const struct uabi_vcpu *v)
{
	static const uint64_t zeros[EGPR_COUNT];

	return has(v, zeros);
}

/* regs[] and the area, where both hold something, are the same. */
static bool agree(const struct uabi_vcpu *v)
{
	const void *area = uabi_apx_area(v);

	return v->policy == UABI_FPSTATE || !area ||
	       !memcmp(area, &v->regs[EGPR_FIRST], UABI_APX_BYTES);
}

static const char *identity(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, true, &seed);

	if (uabi_get(&t->v, t->buffer, t->size))
		return end(t, "a buffer that is large enough is refused");
	if (uabi_set(&t->twin, t->buffer))
		return end(t, "what came out is refused");
	if (!has(&t->twin, t->egprs))
		return end(t, "r16..r31 are not what they were");
	uabi_get(&t->twin, t->again, t->size);
	uabi_get(&t->v, t->buffer, t->size);
	return end(t, memcmp(t->buffer, t->again, t->size) ? "another buffer comes out" : NULL);
}

static const char *agreement(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, true, &seed);
	uint64_t other[EGPR_COUNT];

	uabi_get(&t->v, t->buffer, t->size);
	if (!agree(&t->v))
		return end(t, "they differ after KVM_GET_XSAVE2");
	uabi_set(&t->v, t->buffer);
	if (!agree(&t->v))
		return end(t, "they differ after KVM_SET_XSAVE");
	guest_runs(&t->v, other, &seed);
	uabi_get(&t->v, t->buffer, t->size);
	return end(t, agree(&t->v) ? NULL
				   : "a copy that KVM_SET_XSAVE left in the area is stale once the "
				     "guest has run");
}

static const char *clear_bit_is_zeros(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, true, &seed);

	uabi_get(&t->v, t->buffer, t->size);
	*word(t->buffer, UABI_STATE_AT) &= ~UABI_APX;
	fill(t->buffer + EGPR_XSAVE_STD_OFFSET, UABI_APX_BYTES, &seed);
	if (uabi_set(&t->v, t->buffer))
		return end(t, "it is refused");
	return end(t, has_zeros(&t->v) ? NULL : "r16..r31 keep what the guest had before");
}

static const char *set_bit_is_bytes(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, true, &seed);

	uabi_get(&t->v, t->buffer, t->size);
	*word(t->buffer, UABI_STATE_AT) |= UABI_APX;
	fill(t->egprs, UABI_APX_BYTES, &seed);
	memcpy(t->buffer + EGPR_XSAVE_STD_OFFSET, t->egprs, UABI_APX_BYTES);
	if (uabi_set(&t->v, t->buffer))
		return end(t, "it is refused");
	return end(t, has(&t->v, t->egprs) ? NULL : "r16..r31 are not those bytes");
}

static const char *size_is_maximum(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, true, &seed);
	size_t size = uabi_size(t->v.supported), bytes, at;
	unsigned int nr;

	for (nr = 2; nr < 64; nr++) {
		at = uabi_offset(nr, &bytes);
		if (at && t->v.supported >> nr & 1 && at + bytes > size)
			return end(t, "a component ends behind it");
	}
	/* All of it is written, and nothing behind it. */
	memset(t->buffer, 0xa5, sizeof(t->buffer));
	if (size >= UABI_LEGACY + UABI_HEADER && uabi_get(&t->v, t->buffer, size))
		return end(t, "it is not enough");
	return end(t, t->buffer[size] == 0xa5 ? NULL : "something is written behind it");
}

static const char *partial(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, true, &seed);
	uint64_t keep = uabi_random(&seed) | UABI_X87_SSE | UABI_APX, want;

	uabi_get(&t->v, t->buffer, t->size);
	*word(t->buffer, UABI_STATE_AT) &= keep;
	want = *word(t->buffer, UABI_STATE_AT);
	if (uabi_set(&t->twin, t->buffer))
		return end(t, "it is refused");
	uabi_get(&t->twin, t->again, t->size);
	if ((*word(t->again, UABI_STATE_AT) ^ want) & ~UABI_APX)
		return end(t, "XSTATE_BV is not what was given");
	return end(t, has(&t->twin, t->egprs) ? NULL : "r16..r31 are lost with another component");
}

static const char *compacted_refused(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, true, &seed);

	uabi_get(&t->v, t->buffer, t->size);
	*word(t->buffer, UABI_XCOMP_AT) = UABI_COMPACTED | *word(t->buffer, UABI_STATE_AT);
	return end(t, uabi_set(&t->v, t->buffer) == -EINVAL ? NULL : "it is taken");
}

static const char *xfd_clears(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, true, &seed);
	uint64_t amx = t->v.supported & UABI_TILEDATA;

	t->v.xfd = UABI_TILEDATA;
	uabi_get(&t->v, t->buffer, t->size);
	*word(t->buffer, UABI_STATE_AT) |= amx;
	if (uabi_set(&t->v, t->buffer))
		return end(t, "it is refused");
	return end(t,
		   t->v.xfeatures & UABI_TILEDATA ? "a disarmed component is in XSTATE_BV" : NULL);
}

static const char *small_refused(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, true, &seed);
	size_t size = uabi_size(t->v.supported);

	if (uabi_get(&t->v, t->buffer, size - 1) != -EINVAL)
		return end(t, "it is taken");
	return end(t, uabi_get(&t->v, t->buffer, 0) == -EINVAL ? NULL : "none at all is taken");
}

static const char *permission_agrees(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, uabi_random(&seed) & 1, &seed);
	uint64_t missing = t->v.supported & ~t->v.perm;

	return end(t,
		   missing ? "the guest has a component for which there is no permission" : NULL);
}

static const char *not_given_not_shown(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, false, &seed);

	uabi_get(&t->v, t->buffer, t->size);
	if (*word(t->buffer, UABI_STATE_AT) & ~t->v.supported)
		return end(t, "XSTATE_BV[19] is set for a guest without APX, and KVM_SET_XSAVE "
			      "refuses it");
	return end(t, uabi_set(&t->twin, t->buffer) ? "it cannot be restored" : NULL);
}

static const char *refused_changes_nothing(enum uabi_policy policy, uint64_t seed)
{
	struct trial *t = begin(policy, true, &seed);

	uabi_get(&t->v, t->buffer, t->size);
	fill(t->buffer + EGPR_XSAVE_STD_OFFSET, UABI_APX_BYTES, &seed);
	*word(t->buffer, UABI_STATE_AT) |= UABI_APX | 1ull << 40;
	if (!uabi_set(&t->v, t->buffer))
		return end(t, "a component that no CPU has is taken");
	return end(t, has(&t->v, t->egprs) ? NULL : "r16..r31 have changed");
}

const struct uabi_property uabi_properties[UABI_NR_PROPERTIES] = {
	{ "identity", "out and in again is the identity", identity },
	{ "agreement", "regs[] and the APX area never disagree after either call", agreement },
	{ "clear-bit", "XSTATE_BV[19]=0 with bytes in the buffer means zeros", clear_bit_is_zeros },
	{ "set-bit", "XSTATE_BV[19]=1 means the bytes in the buffer", set_bit_is_bytes },
	{ "size", "the size is the furthest end of any component: APX, at 960, is not the last",
	  size_is_maximum },
	{ "partial", "a partial XSTATE_BV takes over what it names, and r16..r31", partial },
	{ "compacted", "a compacted buffer is refused", compacted_refused },
	{ "xfd", "what the guest's XFD disarms is cleared in XSTATE_BV", xfd_clears },
	{ "small", "a buffer that is too small is refused", small_refused },
	{ "permission", "permission covers what the guest's CPUID leaf 0xD offers",
	  permission_agrees },
	{ "not-given", "a guest without APX shows no XSTATE_BV[19], and can be restored",
	  not_given_not_shown },
	{ "refused-set", "a KVM_SET_XSAVE that is refused changes nothing",
	  refused_changes_nothing },
};

const char *uabi_broken(const struct uabi_property *p, enum uabi_policy policy)
{
	const char *broken = NULL;
	unsigned int i;

	for (i = 0; i < UABI_STATES && !broken; i++)
		broken = p->broken(policy, i);
	return broken;
}
