// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's working set in a VM: laid out, asked for, and held against what the guest counted.
 */
#include <string.h>

#include "internal.h"

int vmm_walk_set(struct vmm *vm, const struct vmm_walk *w, struct vmm_error *e)
{
	size_t room = vm->o.memory - vm->payload_memory;

	vm->chain.walk.kind = VMM_WALK_NONE;
	if (w->kind == VMM_WALK_NONE)
		return 0;
	if (!w->bytes || w->bytes % EGPR_GUEST_LINE || w->per_walk % EGPR_GUEST_LINE ||
	    w->per_walk > w->bytes)
		return vmm_fail(e, EGPR_USAGE, "working set", NULL,
				"%zu bytes, of which a walk takes %zu, are not lines of %d bytes",
				w->bytes, w->per_walk, EGPR_GUEST_LINE);
	if (w->kind == VMM_WALK_CODE && w->per_walk && w->per_walk != w->bytes)
		return vmm_fail(e, EGPR_USAGE, "working set", NULL,
				"a walk of code takes all of it, not %zu bytes of %zu", w->per_walk,
				w->bytes);
	if (w->bytes > room)
		return vmm_fail(e, EGPR_USAGE, "working set", NULL,
				"%zu bytes are more than the %zu that the guest has for it",
				w->bytes, room);
	if (vmm_chain_lay(&vm->chain, w, (char *)vm->memory + vm->payload_memory,
			  vm->payload_memory)) {
		vm->chain.walk.kind = VMM_WALK_NONE;
		return vmm_fail(e, EGPR_INTERNAL, "working set", NULL, "out of memory");
	}
	mailbox(vm)->walk_at = vm->chain.first_at;
	return 0;
}

void vmm_walk_prepare(struct vmm *vm, const struct vmm_batch *b)
{
	struct egpr_mailbox *m = mailbox(vm);

	m->flags &= ~(uint64_t)(EGPR_GUEST_WALK | EGPR_GUEST_CODE | EGPR_GUEST_NO_EXIT);
	m->walks = m->walked = m->walk_sum = m->walk_cycles = m->exit_cycles = 0;
	if (vm->chain.walk.kind == VMM_WALK_NONE)
		return;
	m->walk_lines = vm->chain.per_walk;
	m->flags |= b->no_exit ? EGPR_GUEST_NO_EXIT : EGPR_GUEST_WALK;
	if (vm->chain.walk.kind == VMM_WALK_CODE)
		m->flags |= EGPR_GUEST_CODE;
}

/* The key of the line that the next walk begins with, if that is a line of the set. */
static bool stands_at(const struct vmm *vm, uint64_t *key)
{
	uint64_t offset = mailbox(vm)->walk_at - vm->payload_memory;

	if (offset % EGPR_GUEST_LINE || offset >= vm->chain.walk.bytes)
		return false;
	memcpy(key, (char *)vm->memory + vm->payload_memory + offset + EGPR_GUEST_LINE_KEY,
	       sizeof(*key));
	return true;
}

int vmm_walk_collect(struct vmm *vm, struct vmm_batch *b, struct vmm_error *e)
{
	const struct egpr_mailbox *m = mailbox(vm);
	uint64_t walked, sum, key;

	b->walks = m->walks;
	b->walked = m->walked;
	b->walk_cycles = m->walk_cycles;
	b->exit_cycles = m->exit_cycles;
	if (vm->chain.walk.kind == VMM_WALK_NONE)
		return 0;
	vmm_chain_advance(&vm->chain, b->done, &walked, &sum);
	if (m->walks != b->done || m->walked != walked)
		return vmm_fail(e, EGPR_DATA, vm->payload,
				m->walks ? NULL
					 : "name a payload of an exit kind: others do not walk",
				"%llu walks of together %llu lines were counted where %llu exits "
				"need %llu lines walked between them",
				(unsigned long long)m->walks, (unsigned long long)m->walked,
				(unsigned long long)b->done, (unsigned long long)walked);
	if (m->walk_sum != sum)
		return vmm_fail(e, EGPR_DATA, vm->payload, NULL,
				"the keys of the lines walked sum up to 0x%llx, not 0x%llx: others "
				"were touched",
				(unsigned long long)m->walk_sum, (unsigned long long)sum);
	if (vm->chain.walk.kind != VMM_WALK_CODE &&
	    (!stands_at(vm, &key) || key != vmm_chain_key(&vm->chain, vm->chain.position)))
		return vmm_fail(e, EGPR_DATA, vm->payload, NULL,
				"the walk ended at 0x%llx, not at line %llu of its chain",
				(unsigned long long)m->walk_at,
				(unsigned long long)vm->chain.position);
	return 0;
}
