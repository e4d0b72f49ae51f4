// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every copy has two pages of its own with three slots: exit half and entry half, and the loop on the
 * other page, so that the halves' may be out of the TLB while the loop runs. So
 * arms differ in nothing but their bytes, and no two of them share a line. Pages differ as
 * well: to a page's address belong sets of the caches and of the TLB, which are cold after
 * an exit. So arms take turns: from offset to offset, each moves on by one page.
 */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <egpr/code.h>

#include "layout.h"

#define SITE_BYTES  8192
#define EXIT_SLOT   0
#define ENTRY_SLOT  2048
#define ENTRY_END   3072
#define LOOP_SLOT   (4096 + 3072) /* in no set of the caches that the halves have lines in */
#define OPCODE_RET  0xc3
#define OPCODE_INT3 0xcc

/* asm/batch.S and asm/apart.S; a copy runs from start to end. */
#define LOOPS(X) \
	X(prim) X(whole) X(apart) X(once) X(fetch) X(use_free) X(use_last_proxy) X(use_last_hw)
#define DECLARE(name) extern const uint8_t egpr_##name##_batch[], egpr_##name##_batch_end[];
LOOPS(DECLARE)

#define LOOP(name)                                           \
	{                                                    \
		egpr_##name##_batch, egpr_##name##_batch_end \
	}
static const struct loop_code {
	const uint8_t *start;
	const uint8_t *end;
} loops[LAYOUT_NR_SHAPES] = {
	[LAYOUT_PACKED] = LOOP(prim),
	[LAYOUT_WHOLE] = LOOP(whole),
	[LAYOUT_APART] = LOOP(apart),
	[LAYOUT_ONCE] = LOOP(once),
	[LAYOUT_FETCH] = LOOP(fetch),
	[LAYOUT_USE_FREE] = LOOP(use_free),
	[LAYOUT_USE_LAST] = LOOP(use_last_proxy),
};
/* Of the real registers. */
static const struct loop_code use_last_hw = LOOP(use_last_hw);

/* asm/delay-row.S: parts, each up to the start of the next. */
extern const uint8_t egpr_delay_lead[], egpr_delay_slot_add[], egpr_delay_slot_nop[];
extern const uint8_t egpr_delay_tail[], egpr_delay_end[];

struct layout {
	uint8_t *memory;
	size_t bytes;
	unsigned int offsets;
	unsigned int delay_slots;
	struct loop_code loop;
	struct layout_site *sites;
};

/* A slot holds @len bytes at any offset. */
static int copy(uint8_t *slot, size_t room, unsigned int offset, const void *code, size_t len,
		const char *what, struct data_error *e)
{
	if (offset + len > room)
		return data_fail(e, EGPR_INTERNAL, "%s has %zu bytes: more than its slot", what,
				 len);
	memcpy(slot + offset, code, len);
	return 0;
}

static int copy_half(uint8_t *slot, size_t room, unsigned int offset, egpr_switch_fn half,
		     const struct egpr_code *size, const char *what, size_t *len,
		     struct data_error *e)
{
	const uint8_t *code = (const uint8_t *)half;

	if (!size)
		return data_fail(e, EGPR_INTERNAL, "%s: the object files have no such code", what);
	if (code[size->bytes] != OPCODE_RET)
		return data_fail(e, EGPR_INTERNAL,
				 "%s does not end in a plain return at byte %u: it cannot be "
				 "copied",
				 what, size->bytes);
	*len = size->bytes + 1;
	return copy(slot, room, offset, code, *len, what, e);
}

static uint8_t *put(uint8_t *at, const uint8_t *from, const uint8_t *to)
{
	memcpy(at, from, (size_t)(to - from));
	return at + (to - from);
}

/* A row of @slots, the first @delay of them additions; @len receives its bytes. */
static int make_delay(uint8_t *at, size_t room, unsigned int delay, unsigned int slots, size_t *len,
		      struct data_error *e)
{
	/* Labels of one section (asm/delay-row.S), whatever they look like to C. */
	size_t slot = (uintptr_t)egpr_delay_slot_nop - (uintptr_t)egpr_delay_slot_add;
	size_t bytes = (uintptr_t)egpr_delay_slot_add - (uintptr_t)egpr_delay_lead + slots * slot +
		       (uintptr_t)egpr_delay_end - (uintptr_t)egpr_delay_tail;
	unsigned int i;

	if (bytes > room)
		return data_fail(e, EGPR_INTERNAL, "delay-%u has %zu bytes: more than its slot",
				 delay, bytes);
	*len = bytes;
	at = put(at, egpr_delay_lead, egpr_delay_slot_add);
	for (i = 0; i < slots; i++)
		at = i < delay ? put(at, egpr_delay_slot_add, egpr_delay_slot_nop)
			       : put(at, egpr_delay_slot_nop, egpr_delay_tail);
	put(at, egpr_delay_tail, egpr_delay_end);
	return 0;
}

static int fill_site(const struct layout *l, struct layout_site *site, uint8_t *page,
		     const struct plan_arm *arm, enum egpr_form form, int guest_apx,
		     unsigned int offset, struct data_error *e)
{
	struct egpr_sequence seq = egpr_sequence_bind(arm->strategy, form, guest_apx);
	const struct egpr_strategy *bound = arm->strategy;
	int ret;

	site->loop_bytes = (size_t)(l->loop.end - l->loop.start);
	if (seq.exit != bound->form[form].exit)
		bound = &egpr_strategies[EGPR_STRATEGY_none];
	if (bound->family == EGPR_FAMILY_DELAY)
		ret = make_delay(page + EXIT_SLOT + offset, ENTRY_SLOT - EXIT_SLOT - offset,
				 arm->delay, l->delay_slots, &site->exit_bytes, e);
	else
		ret = copy_half(page + EXIT_SLOT, ENTRY_SLOT - EXIT_SLOT, offset, seq.exit,
				egpr_code_find(bound, form, 0), arm->id, &site->exit_bytes, e);
	if (!ret)
		ret = copy_half(page + ENTRY_SLOT, ENTRY_END - ENTRY_SLOT, offset, seq.entry,
				egpr_code_find(bound, form, 1), arm->id, &site->entry_bytes, e);
	if (!ret)
		ret = copy(page + LOOP_SLOT, SITE_BYTES - LOOP_SLOT, offset, l->loop.start,
			   site->loop_bytes, "the timed loop", e);
	site->seq.exit = (egpr_switch_fn)(page + EXIT_SLOT + offset);
	site->seq.entry = (egpr_switch_fn)(page + ENTRY_SLOT + offset);
	site->loop = (layout_loop_fn)(page + LOOP_SLOT + offset);
	site->halves = (layout_halves_fn)(page + LOOP_SLOT + offset);
	return ret;
}

struct layout *layout_open(const struct plan_arm *arms, unsigned int nr_arms, enum egpr_form form,
			   int guest_apx, unsigned int offsets, struct data_error *e)
{
	return layout_open_shape(arms, nr_arms, form, guest_apx, offsets, LAYOUT_PACKED, e);
}

struct layout *layout_open_shape(const struct plan_arm *arms, unsigned int nr_arms,
				 enum egpr_form form, int guest_apx, unsigned int offsets,
				 enum layout_shape shape, struct data_error *e)
{
	struct layout *l = calloc(1, sizeof(*l));
	unsigned int a, o, n = nr_arms * offsets;
	int ret = 0;

	if (l)
		l->sites = calloc(n, sizeof(*l->sites));
	if (!l || !l->sites) {
		data_fail(e, EGPR_INTERNAL, "out of memory");
		goto out_free;
	}
	l->offsets = offsets;
	l->loop = shape == LAYOUT_USE_LAST && form == EGPR_FORM_HW ? use_last_hw : loops[shape];
	for (a = 0; a < nr_arms; a++)
		l->delay_slots = arms[a].delay > l->delay_slots ? arms[a].delay : l->delay_slots;
	l->bytes = (size_t)n * SITE_BYTES;
	l->memory =
		mmap(NULL, l->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (l->memory == MAP_FAILED) {
		data_fail(e, EGPR_UNAVAILABLE, "no memory for copies of the sequences: %s",
			  strerror(errno));
		goto out_free;
	}
	memset(l->memory, OPCODE_INT3, l->bytes);
	for (o = 0; o < offsets && !ret; o++) {
		for (a = 0; a < nr_arms && !ret; a++) {
			unsigned int i = o * nr_arms + (a + o) % nr_arms;

			ret = fill_site(l, &l->sites[a * offsets + o],
					l->memory + (size_t)i * SITE_BYTES, &arms[a], form,
					guest_apx, layout_offset(offsets, o), e);
		}
	}
	if (ret)
		goto out_unmap;
	if (mprotect(l->memory, l->bytes, PROT_READ | PROT_EXEC)) {
		data_fail(e, EGPR_UNAVAILABLE,
			  "this system does not let a program make memory executable: %s; allow it "
			  "(SELinux: execmem) or run without that policy",
			  strerror(errno));
		goto out_unmap;
	}
	return l;
out_unmap:
	munmap(l->memory, l->bytes);
out_free:
	if (l)
		free(l->sites);
	free(l);
	return NULL;
}

const struct layout_site *layout_site(const struct layout *l, unsigned int arm, unsigned int index)
{
	return &l->sites[arm * l->offsets + index];
}

void *layout_memory(const struct layout *l, size_t *bytes)
{
	*bytes = l->bytes;
	return l->memory;
}

void layout_close(struct layout *l)
{
	if (!l)
		return;
	munmap(l->memory, l->bytes);
	free(l->sites);
	free(l);
}

void layout_locate(const struct layout_site *site, uintptr_t ip, char *text, size_t size)
{
	uintptr_t exit = (uintptr_t)site->seq.exit, entry = (uintptr_t)site->seq.entry;
	uintptr_t loop = (uintptr_t)site->loop;

	if (ip >= exit && ip < entry)
		snprintf(text, size, "exit half + 0x%lx", (unsigned long)(ip - exit));
	else if (ip >= entry && ip < loop)
		snprintf(text, size, "entry half + 0x%lx", (unsigned long)(ip - entry));
	else if (ip >= loop && ip < loop + SITE_BYTES - LOOP_SLOT)
		snprintf(text, size, "timed loop + 0x%lx", (unsigned long)(ip - loop));
}
