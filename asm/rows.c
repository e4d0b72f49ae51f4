// SPDX-License-Identifier: GPL-2.0-only
/*
 * The strategy table as data, for user space and for the module alike: nothing here
 * needs a library.
 */
#include <egpr/context.h>
#include <egpr/strategy.h>
#include <egpr/uapi.h>

#define DECLARE_FORM(sym, form)                                  \
	void egpr_##sym##_##form##_exit(struct egpr_switch *sw); \
	void egpr_##sym##_##form##_entry(struct egpr_switch *sw);
#define DECLARE_STRATEGY(sym, ...) \
	DECLARE_FORM(sym, hw)      \
	DECLARE_FORM(sym, proxy)   \
	DECLARE_FORM(sym, trap)
EGPR_STRATEGIES(DECLARE_STRATEGY)

#define SEQUENCE(sym, form)                                             \
	{                                                               \
		egpr_##sym##_##form##_exit, egpr_##sym##_##form##_entry \
	}
#define STRATEGY_ROW(sym, id, family, home, needs, at_exit, at_entry, origin)     \
	[EGPR_STRATEGY_##sym] = {                                                 \
		id,                                                               \
		#sym,                                                             \
		at_exit,                                                          \
		at_entry,                                                         \
		origin,                                                           \
		EGPR_FAMILY_##family,                                             \
		EGPR_HOME_##home,                                                 \
		needs,                                                            \
		{ SEQUENCE(sym, hw), SEQUENCE(sym, proxy), SEQUENCE(sym, trap) }, \
	},

const struct egpr_strategy egpr_strategies[EGPR_NR_STRATEGIES] = { EGPR_STRATEGIES(STRATEGY_ROW) };

struct egpr_sequence egpr_sequence_bind(const struct egpr_strategy *s, enum egpr_form form,
					int guest_apx)
{
	if ((s->needs & EGPR_BIND_DUAL) && !guest_apx)
		s = &egpr_strategies[EGPR_STRATEGY_none];
	return s->form[form];
}

/* FNV-1a: enough to see that both sides were built from the same tables. */
#define FNV_BASIS 0xcbf29ce484222325ULL
#define FNV_PRIME 0x100000001b3ULL

static __u64 fnv(__u64 sum, const char *text)
{
	do {
		sum = (sum ^ (unsigned char)*text) * FNV_PRIME;
	} while (*text++);
	return sum;
}

#define SUM_STRATEGY(sym, id, ...) sum = fnv(sum, id);
#define SUM_FORM(SYM, id, text)	   sum = fnv(sum, #id);
#define SUM_AXIS(SYM, id, text)	   sum = fnv(sum, id);
#define SUM_REFUSAL(SYM, text)	   sum = fnv(sum, text);

__u64 egpr_tables_sum(void)
{
	__u64 sum = FNV_BASIS;

	EGPR_STRATEGIES(SUM_STRATEGY)
	EGPR_FORMS(SUM_FORM)
	EGPR_GUEST_STATES(SUM_AXIS)
	EGPR_PATHS(SUM_AXIS)
	EGPR_REFUSALS(SUM_REFUSAL)
	EGPR_KVM_FINDINGS(SUM_AXIS)
	EGPR_BENCH_OPS(SUM_AXIS)
	EGPR_CONTEXTS(SUM_STRATEGY)
	return sum;
}
