// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a fault late: copies that are timed become others behind the trace, before the first batch of a
 * cell. Linked with --wrap=guard_batch, beside an exit half of gated-mov or a timed loop under a name of
 * its own.
 */
#include <string.h>
#include <sys/mman.h>

#include <egpr/code.h>

#include <bench/measure/guard.h>

/* One of the two is there. */
extern const uint8_t egpr_gated_mov_late_exit[] __attribute__((weak));
extern const uint8_t egpr_prim_batch_late[] __attribute__((weak));
extern const uint8_t egpr_prim_batch_late_end[] __attribute__((weak));

int __real_guard_batch(const struct cell *c, void *run, struct layer_batch *b,
		       struct data_error *e);
int __wrap_guard_batch(const struct cell *c, void *run, struct layer_batch *b,
		       struct data_error *e);

static void change(const struct layer_image *i, bool is_gated_mov)
{
	const struct egpr_strategy *row = &egpr_strategies[EGPR_STRATEGY_gated_mov];

	if (egpr_prim_batch_late)
		memcpy((void *)(uintptr_t)i->site->loop, egpr_prim_batch_late,
		       // cppcheck-suppress subtractPointers ; labels of one function
		       (size_t)(egpr_prim_batch_late_end - egpr_prim_batch_late));
	else if (is_gated_mov)
		memcpy((void *)(uintptr_t)i->site->seq.exit, egpr_gated_mov_late_exit,
		       egpr_code_find(row, EGPR_FORM_PROXY, 0)->bytes);
}

static void change_arm(const struct cell *c, void *run, unsigned int arm)
{
	bool is_gated_mov = c->arms[arm].strategy == &egpr_strategies[EGPR_STRATEGY_gated_mov];
	struct layer_image i;
	unsigned int o;

	for (o = 0; o < c->offsets && c->ops->image(run, arm, o, &i); o++) {
		mprotect(i.memory, i.bytes, PROT_READ | PROT_WRITE);
		change(&i, is_gated_mov);
		mprotect(i.memory, i.bytes, PROT_READ | PROT_EXEC);
	}
}

int __wrap_guard_batch(const struct cell *c, void *run, struct layer_batch *b, struct data_error *e)
{
	static const void *done;
	unsigned int a;

	for (a = 0; a < c->nr_arms && done != run; a++)
		change_arm(c, run, a);
	done = run;
	return __real_guard_batch(c, run, b, e);
}
