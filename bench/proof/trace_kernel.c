// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>
#include <bench/layer/made.h>
#include <bench/layer/module.h>

#include "trace_kernel.h"

_Static_assert(EGPR_STEP_BYTES >= TRACE_BYTES, "a step holds a whole instruction");

/* What a pointer into the context is in the first batch's. */
static uint64_t rebased(const struct trace_subject *s, const struct egpr_steps *steps,
			uint64_t value)
{
	uint64_t offset = value - steps->sw;

	/* regs_end and the end of the area belong to it. */
	return offset <= sizeof(struct egpr_switch) ? (uint64_t)(uintptr_t)s->image.sw + offset
						    : value;
}

static void take_step(const struct trace_subject *s, const struct egpr_steps *steps,
		      const struct egpr_step *from, uint8_t flags, struct trace_step *to)
{
	int i;

	*to = (struct trace_step){
		.ip = from->ip, .away = from->away, .flags = flags, .owner = TRACE_NO_OWNER
	};
	if (from->flags & EGPR_STEP_ENTERED)
		to->flags |= TRACE_ENTERED;
	if (from->flags & EGPR_STEP_LEFT)
		to->flags |= TRACE_LEFT;
	for (i = 0; i < 16; i++)
		to->gpr[i] = rebased(s, steps, from->gpr[i]);
	if (from->gpr[7] == steps->sw)
		to->owner = s->arm;
	memcpy(to->bytes, from->bytes, TRACE_BYTES);
}

static void take(struct trace_subject *s, const struct egpr_steps *steps,
		 const struct egpr_step *step, uint8_t flags, struct trace *t)
{
	unsigned int i;

	if (!t->nr) {
		s->image.sw = (struct egpr_switch *)(uintptr_t)steps->sw;
		s->xcr0_host = steps->xcr0_host;
		s->xcr0_guest = steps->xcr0_guest;
		s->site.loop = (layout_loop_fn)(uintptr_t)steps->loop;
		s->site.seq.exit = (egpr_switch_fn)(uintptr_t)steps->exit;
		s->site.seq.entry = (egpr_switch_fn)(uintptr_t)steps->entry;
		s->stay.exit = (egpr_switch_fn)(uintptr_t)steps->stay_exit;
		s->stay.entry = (egpr_switch_fn)(uintptr_t)steps->stay_entry;
	}
	t->lost |= steps->flags & EGPR_STEPS_LOST;
	for (i = 0; i < steps->nr && t->nr < TRACE_STEPS; i++)
		take_step(s, steps, &step[i], flags, &t->step[t->nr++]);
	t->lost |= i < steps->nr;
}

static int step_batch(struct trace_subject *s, void *run, struct layer_batch *b, uint8_t flags,
		      struct trace *t, struct data_error *why, struct data_error *e, int *status)
{
	struct module_session *m = s->c->ops->module(run);
	struct egpr_step *step = calloc(EGPR_STEPS_MAX, sizeof(*step));
	struct egpr_steps steps = { .buffer = (uintptr_t)step };
	int ret;

	if (!step)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	ret = module_steps_begin(m, e);
	if (!ret) {
		*status = s->c->ops->batch(run, b, why);
		/* Exits that take another path for once are stepped through as well. */
		if (*status == LAYER_ASTRAY)
			*status = 0;
		ret = module_steps_end(m, &steps, e);
	}
	if (!ret)
		take(s, &steps, step, flags, t);
	free(step);
	return ret;
}

int trace_in_kernel(struct trace_subject *s, void *run, struct trace *t, int *status,
		    struct data_error *why, struct data_error *e)
{
	uint64_t stamps[TRACE_STAMPED_EXITS];
	struct layer_batch plain = { .arm = s->arm, .exits = TRACE_PLAIN_EXITS };
	struct layer_batch stamped = { .arm = s->arm,
				       .exits = TRACE_STAMPED_EXITS,
				       .stamps = stamps };
	int ret;

	s->in_kernel = true;
	s->image.site = &s->site;
	s->image.loop = !s->c->ops->guest;
	s->image.shape = made_of(s->c)->shape;
	ret = step_batch(s, run, &plain, 0, t, why, e, status);
	if (!ret && !*status)
		ret = step_batch(s, run, &stamped, TRACE_IN_STAMPED, t, why, e, status);
	return ret;
}
