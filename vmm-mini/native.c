// SPDX-License-Identifier: GPL-2.0-only
/*
 * Native execution of a guest's instruction, faults included.
 *
 * The emulator rewrites an instruction onto legacy registers and has it run in a
 * slot. A guest chooses the instruction, so it may be one that faults: then the
 * guest gets the exception, never this process. Handlers are in place only while the
 * slot runs, because the program around this library has fault handlers of its own; a
 * signal from elsewhere goes to those.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "internal.h"
#include "../emu/emu.h"

#define SLOT_SIZE 4096

/* Signals by which an instruction's exceptions arrive, and what the guest gets. */
static const struct {
	int signal;
	enum emu_status status;
} faults[] = {
	{ SIGILL, EMU_UD },
	{ SIGFPE, EMU_DE },
	{ SIGSEGV, EMU_GP }, /* no memory operand reaches the slot: #GP, privileged */
	{ SIGTRAP, EMU_UD }, /* not encodable with REX2, so not from a sound decode */
};

#define NR_FAULTS (sizeof(faults) / sizeof(faults[0]))

static struct sigaction before[NR_FAULTS];
static __thread const char *slot_in_use;
static __thread int slot_signal;

static unsigned int index_of(int sig)
{
	unsigned int i;

	for (i = 0; i < NR_FAULTS - 1 && faults[i].signal != sig; i++)
		;
	return i;
}

/* Somebody else's fault while the slot runs on this thread: as if we were not here. */
static void pass_on(int sig, siginfo_t *info, void *context)
{
	const struct sigaction *old = &before[index_of(sig)];

	if (old->sa_flags & SA_SIGINFO)
		old->sa_sigaction(sig, info, context);
	else if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN)
		sigaction(sig, old, NULL); /* happens again, and ends the process */
	else
		old->sa_handler(sig);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	const char *rip = (const char *)(uintptr_t)uc->uc_mcontext.gregs[REG_RIP];

	if (!slot_in_use || rip < slot_in_use || rip >= slot_in_use + EMU_SLOT_SIZE) {
		pass_on(sig, info, context);
		return;
	}
	slot_signal = sig;
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)emu_native_abort;
}

int vmm_native_run(struct vmm *vm, struct emu_native *n)
{
	const struct sigaction sa = { .sa_sigaction = on_fault,
				      .sa_flags = SA_SIGINFO | SA_ONSTACK };
	unsigned int i;
	int aborted;

	for (i = 0; i < NR_FAULTS; i++)
		sigaction(faults[i].signal, &sa, &before[i]);
	slot_in_use = vm->slot;
	aborted = emu_native_run(n, vm->slot, vm->slot);
	slot_in_use = NULL;
	for (i = 0; i < NR_FAULTS; i++)
		sigaction(faults[i].signal, &before[i], NULL);
	return aborted ? (int)faults[index_of(slot_signal)].status : EMU_OK;
}

int vmm_native_open(struct vmm *vm, struct vmm_error *e)
{
	vm->slot = mmap(NULL, SLOT_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->slot != MAP_FAILED)
		return 0;
	vm->slot = NULL;
	return vmm_fail(e, EGPR_UNAVAILABLE, "emulation", "allow writable and executable memory",
			"cannot map a slot for native execution: %s", strerror(errno));
}

void vmm_native_close(struct vmm *vm)
{
	if (vm->slot)
		munmap(vm->slot, SLOT_SIZE);
}
