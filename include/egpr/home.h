/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's r16..r31 where a strategy keeps them while the host runs: what KVM's own
 * accessors are to vcpu->arch.regs[] and to the guest's fpstate.
 *
 * One reader and one writer for every home, for the VMM's emulator, the state proofs and the
 * module alike.
 */
#ifndef EGPR_HOME_H
#define EGPR_HOME_H

#include <egpr/strategy.h>
#include <egpr/switch.h>

#define EGPR_XCOMP_BV_OFFSET (EGPR_XSAVE_HEADER_OFFSET + 8)
#define EGPR_XCOMP_COMPACTED (1ULL << 63)

static inline __u64 egpr_area_word(const struct egpr_switch *sw, unsigned int offset)
{
	__u64 value;

	__builtin_memcpy(&value, sw->xsave + offset, sizeof(value));
	return value;
}

static inline void egpr_area_set(struct egpr_switch *sw, unsigned int offset, __u64 value)
{
	__builtin_memcpy(sw->xsave + offset, &value, sizeof(value));
}

static inline unsigned int egpr_area_offset(enum egpr_home home, unsigned int reg)
{
	return (home == EGPR_HOME_XSAVE_COMPACT ? EGPR_XSAVE_COMPACT_OFFSET
						: EGPR_XSAVE_STD_OFFSET) +
	       (reg - EGPR_FIRST) * 8;
}

/**
 * egpr_home_read - a guest register from memory
 * @sw: the context
 * @home: where the strategy keeps the registers; not EGPR_HOME_HW, which is nowhere, nor
 *	EGPR_HOME_KVM, which is KVM's
 * @reg: 16..31
 *
 * A component in its initial configuration is not in the XSAVE area: XSTATE_BV says so, and
 * the register is 0 (SDM vol. 1, 13.6).
 */
static inline __u64 egpr_home_read(const struct egpr_switch *sw, enum egpr_home home,
				   unsigned int reg)
{
	if (home == EGPR_HOME_REGS)
		return sw->regs[reg - EGPR_FIRST];
	if (!(egpr_area_word(sw, EGPR_XSAVE_HEADER_OFFSET) & (1ULL << EGPR_XFEATURE)))
		return 0;
	return egpr_area_word(sw, egpr_area_offset(home, reg));
}

/**
 * egpr_home_write - change all guest registers in memory
 * @sw: the context
 * @home: as egpr_home_read()
 * @r: r16..r31
 */
static inline void egpr_home_write(struct egpr_switch *sw, enum egpr_home home,
				   const __u64 r[EGPR_COUNT])
{
	unsigned int i;

	if (home == EGPR_HOME_REGS) {
		__builtin_memcpy(sw->regs, r, sizeof(sw->regs));
		return;
	}
	for (i = 0; i < EGPR_COUNT; i++)
		egpr_area_set(sw, egpr_area_offset(home, EGPR_FIRST + i), r[i]);
	egpr_area_set(sw, EGPR_XSAVE_HEADER_OFFSET,
		      egpr_area_word(sw, EGPR_XSAVE_HEADER_OFFSET) | 1ULL << EGPR_XFEATURE);
	if (home == EGPR_HOME_XSAVE_COMPACT)
		egpr_area_set(sw, EGPR_XCOMP_BV_OFFSET,
			      egpr_area_word(sw, EGPR_XCOMP_BV_OFFSET) | EGPR_XCOMP_COMPACTED |
				      1ULL << EGPR_XFEATURE);
}

#endif /* EGPR_HOME_H */
