// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an address to the slot of the APX instruction there.
 */
#include <string.h>

#include "state.h"

unsigned int user_options;
atomic_ulong user_nr_slots;

/** user_fetch - the bytes at @rip, as many as can be read without crossing into an unmapped page. */
unsigned int user_fetch(uint64_t rip, uint8_t *bytes)
{
	unsigned int first = (unsigned int)(USER_PAGE_SIZE - rip % USER_PAGE_SIZE);
	const uint8_t *p = (const uint8_t *)(uintptr_t)rip;

	if (first > USER_FETCH_BYTES)
		first = USER_FETCH_BYTES;
	if (user_copy(bytes, p, first))
		return 0;
	if (first < USER_FETCH_BYTES &&
	    !user_copy(bytes + first, p + first, USER_FETCH_BYTES - first))
		first = USER_FETCH_BYTES;
	return first;
}

static enum emu_status decode(const uint8_t *bytes, unsigned int len, struct emu_insn *insn)
{
	enum emu_status st;

	if (user_options & EGPR_USER_TRAPS) {
		st = emu_decode_trap(bytes, len, insn);
		if (st != EMU_NOT_APX)
			return st;
	}
	return emu_decode(bytes, len < EMU_INSN_MAX ? len : EMU_INSN_MAX, insn);
}

/** user_is_apx - whether an APX instruction starts at an address. */
bool user_is_apx(uint64_t rip)
{
	uint8_t bytes[USER_FETCH_BYTES];
	struct emu_insn insn;
	unsigned int len = user_fetch(rip, bytes);

	return decode(bytes, len, &insn) == EMU_OK;
}

static struct user_slot *add_slot(const struct user_slot *layout, const uint8_t *code)
{
	struct user_slot *s = user_cache_add(layout);
	uint64_t low, high;
	uint8_t *at;

	if (!s || !layout->len)
		return s;
	user_code_reach(s->rip, &low, &high);
	at = user_code_alloc(s->len + USER_JUMP_MAX, low, high, s);
	if (!at)
		at = user_code_alloc(s->len + USER_JUMP_MAX, 0, UINT64_MAX, s);
	if (!at)
		return s;
	memcpy(at, code, s->len);
	if (s->rip)
		user_build_jump(at + s->len, (uint64_t)(uintptr_t)(at + s->len),
				s->rip + s->insn.len);
	__atomic_store_n(&s->code, at, __ATOMIC_RELEASE);
	user_nr_slots++;
	return s;
}

/**
 * user_slot_make - decode the instruction at an address and make its slot
 * @rip: the address
 *
 * Under user_lock(). Return: the slot, or NULL if no APX instruction is there.
 */
struct user_slot *user_slot_make(uint64_t rip)
{
	uint8_t bytes[USER_FETCH_BYTES], code[USER_SLOT_MAX];
	struct user_slot layout = { .rip = rip };
	unsigned int len = user_fetch(rip, bytes);

	if (decode(bytes, len, &layout.insn) != EMU_OK)
		return NULL;
	if ((layout.insn.flags & EMU_F_TRAP) || !user_build(&layout, code)) {
		layout.len = 0;
		layout.state = USER_FIXED;
	}
	return add_slot(&layout, code);
}

/** user_slot_matches - whether a slot was made of these bytes. */
bool user_slot_matches(const struct user_slot *s, const uint8_t *bytes, unsigned int len)
{
	unsigned int trap = s->insn.flags & EMU_F_TRAP ? USER_UD2_BYTES : 0;

	return len >= s->insn.len && !memcmp(s->insn.bytes, bytes + trap, s->insn.blen) &&
	       (!trap || (bytes[0] == 0x0f && bytes[1] == 0x0b));
}
