// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core's callbacks in user mode: memory of the own process, with the fault
 * that the instruction itself would have had.
 */
#include <string.h>

#include "state.h"

#define PF_PRESENT 1u /* page fault error code bits, SDM vol. 3, 4.7 */
#define PF_WRITE   2u
#define PF_USER	   4u

/* The failed access, in the core's terms. Not every fault of user_copy() is a page fault. */
static enum emu_status failed(struct emu_ctx *ctx, uint64_t addr, bool write)
{
	const siginfo_t *si = &user_thread.access;

	if (si->si_signo == SIGSEGV && si->si_code == SI_KERNEL) {
		ctx->fault.code = 0;
		ctx->fault.reason = "address is not canonical";
		return EMU_GP;
	}
	ctx->fault.addr = si->si_addr ? (uint64_t)(uintptr_t)si->si_addr : addr;
	ctx->fault.code = PF_USER | (write ? PF_WRITE : 0) |
			  (si->si_code == SEGV_ACCERR ? PF_PRESENT : 0);
	return EMU_PF;
}

static void *pointer(uint64_t addr)
{
	return (void *)(uintptr_t)addr;
}

static enum emu_status memory_read(struct emu_ctx *ctx, __u64 addr, void *buf, unsigned int len,
				   enum emu_access access)
{
	if (access == EMU_READ_FOR_WRITE &&
	    (user_probe_write(pointer(addr)) || user_probe_write(pointer(addr + len - 1))))
		return failed(ctx, addr, true);
	if (user_copy(buf, pointer(addr), len))
		return failed(ctx, addr, false);
	return EMU_OK;
}

static enum emu_status memory_write(struct emu_ctx *ctx, __u64 addr, const void *buf,
				    unsigned int len)
{
	/* All or nothing: only the other page can fail once the first byte was written. */
	for (uint64_t page = (addr | (USER_PAGE_SIZE - 1)) + 1; page < addr + len;
	     page += USER_PAGE_SIZE) {
		if (user_probe_write(pointer(addr)) || user_probe_write(pointer(page)))
			return failed(ctx, addr, true);
	}
	if (user_copy(pointer(addr), buf, len))
		return failed(ctx, addr, true);
	return EMU_OK;
}

static enum emu_status memory_cmpxchg(struct emu_ctx *ctx, __u64 addr, __u64 *old, __u64 new_val,
				      unsigned int len)
{
	uint64_t was = *old;
	int r = user_cas(pointer(addr), &was, new_val, len);

	*old = was;
	if (r == 1)
		return failed(ctx, addr, true);
	return r ? EMU_SHORT : EMU_OK;
}

const struct emu_host user_memory_host = {
	.read = memory_read,
	.write = memory_write,
	.cmpxchg = memory_cmpxchg,
};
