// SPDX-License-Identifier: GPL-2.0-only
/*
 * What to say when the guest cannot go on, and the trace.
 *
 * Whoever reads this has a payload and a KVM that do not agree: he gets the
 * instruction's bytes, the registers and the vector.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "internal.h"

#define INSN_MAX 15 /* bytes of an x86 instruction at most */

/* clang-format off */
static const char *const exit_names[VMM_EXIT_REASONS] = {
#define NAME(reason) [reason] = #reason
	NAME(KVM_EXIT_UNKNOWN), NAME(KVM_EXIT_EXCEPTION), NAME(KVM_EXIT_IO),
	NAME(KVM_EXIT_HYPERCALL), NAME(KVM_EXIT_DEBUG), NAME(KVM_EXIT_HLT),
	NAME(KVM_EXIT_MMIO), NAME(KVM_EXIT_IRQ_WINDOW_OPEN), NAME(KVM_EXIT_SHUTDOWN),
	NAME(KVM_EXIT_FAIL_ENTRY), NAME(KVM_EXIT_INTR), NAME(KVM_EXIT_SET_TPR),
	NAME(KVM_EXIT_TPR_ACCESS), NAME(KVM_EXIT_NMI), NAME(KVM_EXIT_INTERNAL_ERROR),
	NAME(KVM_EXIT_SYSTEM_EVENT), NAME(KVM_EXIT_X86_RDMSR), NAME(KVM_EXIT_X86_WRMSR),
	NAME(KVM_EXIT_DIRTY_RING_FULL), NAME(KVM_EXIT_X86_BUS_LOCK),
#undef NAME
};

static const char *const vector_names[] = {
	"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "vector", "#TS", "#NP",
	"#SS", "#GP", "#PF", "vector", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
};

/* struct egpr_trap_frame.regs, in its order. */
static const char *const reg_names[EGPR_TRAP_REGS] = {
	"r15", "r14", "r13", "r12", "r11", "r10", "r9", "r8",
	"rdi", "rsi", "rbp", "rbx", "rdx", "rcx", "rax",
};
/* clang-format on */

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

const char *vmm_exit_name(uint32_t reason)
{
	const char *name = reason < VMM_EXIT_REASONS ? exit_names[reason] : NULL;

	return name ? name : "KVM_EXIT_?";
}

/* Guest memory at [at, at + size), or NULL if it is not all memory. */
static const void *guest(const struct vmm *vm, uint64_t at, size_t size)
{
	if (at > vm->o.memory || vm->o.memory - at < size)
		return NULL;
	return (const char *)vm->memory + at;
}

static void hex(char *out, size_t size, const uint8_t *bytes, unsigned int n)
{
	unsigned int i;
	size_t used = 0;

	out[0] = 0;
	for (i = 0; i < n && used + 4 < size; i++)
		used += snprintf(out + used, size - used, i ? " %02x" : "%02x", bytes[i]);
}

/* Where the vCPU stands: "rip 0x..., bytes there: ..." */
static void where(const struct vmm *vm, char *out, size_t size)
{
	struct kvm_regs regs;
	const uint8_t *code;
	char bytes[3 * INSN_MAX + 1];

	if (ioctl(vm->vcpu, KVM_GET_REGS, &regs)) {
		snprintf(out, size, "rip unknown (KVM_GET_REGS: %s)", strerror(errno));
		return;
	}
	code = guest(vm, regs.rip, INSN_MAX);
	if (!code) {
		snprintf(out, size, "rip 0x%llx", regs.rip);
		return;
	}
	hex(bytes, sizeof(bytes), code, INSN_MAX);
	snprintf(out, size, "rip 0x%llx, bytes there: %s", regs.rip, bytes);
}

static int explain_trap(struct vmm *vm, struct vmm_error *e)
{
	const struct egpr_trap_frame *f =
		guest(vm, mailbox(vm)->trap_frame, sizeof(struct egpr_trap_frame));
	char regs[EGPR_TRAP_REGS * 24];
	size_t used = 0;
	int i;

	if (!f)
		return vmm_fail(e, EGPR_DATA, vm->payload, NULL,
				"unexpected exception, and its frame is outside guest memory");
	for (i = EGPR_TRAP_REGS - 1; i >= 0; i--)
		used += snprintf(regs + used, sizeof(regs) - used, " %s=%llx", reg_names[i],
				 (unsigned long long)f->regs[i]);
	return vmm_fail(e, EGPR_DATA, vm->payload, NULL,
			"unexpected exception %s (vector %llu), error code 0x%llx, at rip 0x%llx, "
			"CPL %llu, cr2 0x%llx, rsp 0x%llx, rflags 0x%llx,%s",
			f->vector < ARRAY_SIZE(vector_names) ? vector_names[f->vector] : "vector",
			(unsigned long long)f->vector, (unsigned long long)f->error,
			(unsigned long long)f->rip, (unsigned long long)(f->cs & 3),
			(unsigned long long)f->cr2, (unsigned long long)f->rsp,
			(unsigned long long)f->rflags, regs);
}

static int explain_internal_error(struct vmm *vm, struct vmm_error *e)
{
	const struct kvm_run *run = vm->run;
	char bytes[3 * INSN_MAX + 1];
	char at[128];

	where(vm, at, sizeof(at));
	if (run->internal.suberror != KVM_INTERNAL_ERROR_EMULATION)
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->payload, NULL,
				"KVM gave up with internal error %u, %s", run->internal.suberror,
				at);
	if (run->internal.ndata > 1 &&
	    (run->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) &&
	    run->emulation_failure.insn_size <= INSN_MAX) {
		hex(bytes, sizeof(bytes), run->emulation_failure.insn_bytes,
		    run->emulation_failure.insn_size);
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->payload, NULL,
				"KVM interprets this guest and cannot emulate the instruction "
				"%s, %s",
				bytes, at);
	}
	return vmm_fail(e, EGPR_UNAVAILABLE, vm->payload, NULL,
			"KVM interprets this guest and cannot emulate the instruction, %s", at);
}

static int explain_expired(struct vmm *vm, struct vmm_error *e)
{
	char at[128];

	where(vm, at, sizeof(at));
	return vmm_fail(e, EGPR_UNAVAILABLE, vm->payload, "give it more time with --timeout",
			"no end within %g s: the payload loops, or KVM hangs on an instruction; %s",
			vm->o.timeout_s, at);
}

int vmm_explain(struct vmm *vm, int run_errno, struct vmm_error *e)
{
	const struct kvm_run *run = vm->run;
	char at[128];

	if (vm->interrupted)
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->payload, NULL, "interrupted");
	if (vm->expired)
		return explain_expired(vm, e);
	if (run_errno)
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->payload, NULL, "KVM_RUN: %s",
				strerror(run_errno));
	where(vm, at, sizeof(at));
	if (vm->emulate_reason)
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->payload, NULL,
				"an instruction cannot be emulated: %s; %s", vm->emulate_reason,
				at);
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		if (run->io.port == EGPR_PORT_TRAP)
			return explain_trap(vm, e);
		if (run->io.port == EGPR_PORT_DOORBELL)
			return vmm_fail(e, EGPR_DATA, vm->payload, NULL,
					"doorbell %u out of turn, %s",
					*((uint8_t *)run + run->io.data_offset), at);
		return vmm_fail(e, EGPR_DATA, vm->payload, NULL,
				"%s port 0x%x, which this VMM does not have, %s",
				run->io.direction == KVM_EXIT_IO_IN ? "IN from" : "OUT to",
				run->io.port, at);
	case KVM_EXIT_MMIO:
		return vmm_fail(e, EGPR_DATA, vm->payload, NULL,
				"%s of %u bytes at 0x%llx, where there is nothing, %s",
				run->mmio.is_write ? "write" : "read", run->mmio.len,
				run->mmio.phys_addr, at);
	case KVM_EXIT_SHUTDOWN:
		return vmm_fail(e, EGPR_DATA, vm->payload, NULL,
				"triple fault: an exception while none could be delivered, %s", at);
	case KVM_EXIT_INTERNAL_ERROR:
		return explain_internal_error(vm, e);
	case KVM_EXIT_FAIL_ENTRY:
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->payload, NULL,
				"the CPU refused to enter the guest, reason 0x%llx, %s",
				run->fail_entry.hardware_entry_failure_reason, at);
	default:
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->payload, NULL,
				"%s (%u), which this VMM does not handle, %s",
				vmm_exit_name(run->exit_reason), run->exit_reason, at);
	}
}

void vmm_trace(const struct vmm *vm)
{
	const struct kvm_run *run = vm->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		fprintf(stderr, "%s %s port 0x%x value 0x%x\n", vmm_exit_name(run->exit_reason),
			run->io.direction == KVM_EXIT_IO_IN ? "in" : "out", run->io.port,
			*((const uint8_t *)run + run->io.data_offset));
		break;
	case KVM_EXIT_MMIO:
		fprintf(stderr, "%s %s 0x%llx, %u bytes\n", vmm_exit_name(run->exit_reason),
			run->mmio.is_write ? "write" : "read", run->mmio.phys_addr, run->mmio.len);
		break;
	default:
		fprintf(stderr, "%s\n", vmm_exit_name(run->exit_reason));
	}
}
