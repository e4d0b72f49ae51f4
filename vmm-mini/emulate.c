// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulator's guest host: APX for a guest whose CPU has none.
 *
 * A stub of two instructions in the guest's IDT turns every #UD into an exit; the
 * instruction is emulated here, on the page that guest, VMM and module share, with
 * KVM_CAP_SYNC_REGS instead of register ioctls. This works alike on every backend, and
 * the code can be tested as ordinary C; a handler in the guest would be slower where
 * CPL 0 is interpreted, and no proof needs it to be faster elsewhere.
 *
 * CR4.OSXSAVE stays 0 in such a guest. So XSETBV, XGETBV and the XSAVE family raise
 * #UD as well and act on the virtual XCR0. Waiting for the #GP that XSETBV of bit 19
 * raises would miss the one that clears it. The SVM of QEMU 11 takes the exit of
 * XSETBV before its #UD, and KVM, which counts on the #UD, executes it: so such a guest's
 * CPUID has no component that KVM could accept (vcpu.c), and an XSETBV that raises #GP is
 * emulated as well.
 *
 * Such an exit does not exist on an APX CPU. The hooks of a batch therefore do not
 * run around it, but they do where the CPU would have left the guest because of
 * the emulated instruction: MMIO, XSETBV, MSR accesses.
 *
 * With a strategy in the kernel (@registers of a batch) there are no hooks: the exit by which the
 * instruction came here was itself switched, so the guest's registers are wherever the
 * strategy took them, and are read and written there, as KVM's own emulator would.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <egpr/home.h>

#include "internal.h"
#include "../emu/emu.h"

#define UD2_BYTES 2
#define INSN_MAX  EMU_INSN_MAX
#define CS_RPL	  3
#define NO_CODE	  UINT64_MAX /* the exception pushes no error code */

#define ERROR_CODE_BYTES 8

#define FRAME_ALIGN  16 /* 64-bit mode aligns the stack before it pushes */
#define RFLAGS_FIXED 2

/* Vectors (SDM vol. 3, 6.15). */
enum {
	VECTOR_DE = 0,
	VECTOR_UD = 6,
	VECTOR_SS = 12,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	VECTOR_AC = 17
};

/* What the CPU pushed before it entered the stub. */
struct trap {
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
};

/* One instruction under way; ctx.opaque points back here. */
struct step {
	struct emu_ctx ctx;
	struct vmm *vm;
	struct emu_insn insn;
};

static void *guest(const struct vmm *vm, uint64_t at, size_t size)
{
	if (at <= vm->o.memory && vm->o.memory - at >= size)
		return (char *)vm->memory + at;
	if (size <= EGPR_PAGE_SIZE && at >= EGPR_GUEST_EGPR &&
	    at - EGPR_GUEST_EGPR <= EGPR_PAGE_SIZE - size)
		return (char *)vm->page + (at - EGPR_GUEST_EGPR);
	return NULL;
}

/* The guest would leave here on an APX CPU: the exit half runs, ... */
static void leave_guest(struct vmm *vm)
{
	const struct vmm_batch *b = vm->batch;

	if (b->hooks)
		b->hooks->exit(b->sw);
}

/* ... and the entry half before it goes on. */
static void enter_guest(struct vmm *vm)
{
	const struct vmm_batch *b = vm->batch;

	if (b->hooks)
		b->hooks->entry(b->sw);
}

static enum emu_status page_fault(struct emu_ctx *ctx, uint64_t addr, bool write)
{
	const struct step *s = ctx->opaque;

	/* An access that starts in memory faults at its first byte behind it. */
	ctx->fault.addr = addr < s->vm->o.memory ? s->vm->o.memory : addr;
	ctx->fault.code = (write ? 2 : 0) | (ctx->cpl == 3 ? 4 : 0);
	return EMU_PF;
}

static bool is_mmio(uint64_t addr, unsigned int len)
{
	return addr - EGPR_GUEST_MMIO < EGPR_PAGE_SIZE && len <= sizeof(uint64_t);
}

/* An exit that the VMM of an APX CPU would have seen, between the two halves. */
static void mmio_exit(struct vmm *vm)
{
	leave_guest(vm);
	vm->batch->reasons[KVM_EXIT_MMIO]++;
	enter_guest(vm);
}

static enum emu_status guest_read(struct emu_ctx *ctx, __u64 addr, void *buf, unsigned int len,
				  enum emu_access access)
{
	const struct step *s = ctx->opaque;
	const uint64_t value = EGPR_MMIO_VALUE;
	const void *at = guest(s->vm, addr, len);

	if (at) {
		memcpy(buf, at, len);
		return EMU_OK;
	}
	if (!is_mmio(addr, len))
		return page_fault(ctx, addr, access == EMU_READ_FOR_WRITE);
	mmio_exit(s->vm);
	memcpy(buf, &value, len);
	return EMU_OK;
}

static enum emu_status guest_write(struct emu_ctx *ctx, __u64 addr, const void *buf,
				   unsigned int len)
{
	const struct step *s = ctx->opaque;
	void *at = guest(s->vm, addr, len);

	if (at) {
		memcpy(at, buf, len);
		return EMU_OK;
	}
	if (!is_mmio(addr, len))
		return page_fault(ctx, addr, true);
	s->vm->batch->mmio_value = 0;
	memcpy(&s->vm->batch->mmio_value, buf, len);
	mmio_exit(s->vm);
	return EMU_OK;
}

static enum emu_status run_native(struct emu_ctx *ctx, struct emu_native *n)
{
	const struct step *s = ctx->opaque;

	if (n->vector) {
		ctx->fault.reason = "vector state of a guest is not emulated";
		return EMU_UNSUPPORTED;
	}
	ctx->fault.code = 0;
	return (enum emu_status)vmm_native_run(s->vm, n);
}

/* Room for the one MSR that KVM_GET_MSRS and KVM_SET_MSRS are asked for. */
union one_msr {
	struct kvm_msrs list;
	char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
};

/*
 * The guest's register @reg as KVM finds it between the two halves: where the
 * strategy put it. One that has not saved it shows here.
 */
static uint64_t register_at_home(const struct vmm *vm, unsigned int reg, uint64_t live)
{
	const struct vmm_batch *b = vm->batch;

	if (!b->sw || !b->hooks || reg < EGPR_FIRST || !(b->sw->flags & EGPR_SWITCH_GUEST_APX))
		return live;
	if (b->home == EGPR_HOME_HW)
		return vm->page->r[reg - EGPR_FIRST];
	return egpr_home_read(b->sw, b->home, reg);
}

static enum emu_status guest_rdmsr(struct emu_ctx *ctx, __u32 msr, __u64 *value)
{
	const struct step *s = ctx->opaque;
	union one_msr m = { .list.nmsrs = 1 };
	int got;

	m.list.entries[0].index = msr;
	leave_guest(s->vm);
	got = ioctl(s->vm->vcpu, KVM_GET_MSRS, &m);
	enter_guest(s->vm);
	*value = m.list.entries[0].data;
	return got == 1 ? EMU_OK : EMU_GP;
}

static enum emu_status guest_wrmsr(struct emu_ctx *ctx, __u32 msr, __u64 value)
{
	const struct step *s = ctx->opaque;
	union one_msr m = { .list.nmsrs = 1 };
	unsigned int reg = s->insn.encoding == EMU_ENC_LEGACY ? EMU_RAX : s->insn.rm;
	int set;

	m.list.entries[0].index = msr;
	leave_guest(s->vm);
	m.list.entries[0].data = register_at_home(s->vm, reg, value);
	s->vm->batch->msr_value = m.list.entries[0].data;
	set = ioctl(s->vm->vcpu, KVM_SET_MSRS, &m);
	enter_guest(s->vm);
	return set == 1 ? EMU_OK : EMU_GP;
}

static const struct emu_host host = {
	.read = guest_read,
	.write = guest_write,
	.native = run_native,
	.rdmsr = guest_rdmsr,
	.wrmsr = guest_wrmsr,
};

static void load_registers(struct emu_ctx *ctx, const struct kvm_regs *r)
{
	const uint64_t in_order[] = { r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp,
				      r->rsi, r->rdi, r->r8,  r->r9,  r->r10, r->r11,
				      r->r12, r->r13, r->r14, r->r15 };

	memcpy(ctx->gpr, in_order, sizeof(in_order));
}

/* All but RSP, which differs between the guest and its stub. */
static void store_registers(struct kvm_regs *r, const struct emu_ctx *ctx)
{
	__u64 *const in_order[] = { &r->rax, &r->rcx, &r->rdx, &r->rbx, NULL,	 &r->rbp,
				    &r->rsi, &r->rdi, &r->r8,  &r->r9,	&r->r10, &r->r11,
				    &r->r12, &r->r13, &r->r14, &r->r15 };
	unsigned int i;

	for (i = 0; i < sizeof(in_order) / sizeof(in_order[0]); i++) {
		if (in_order[i])
			*in_order[i] = ctx->gpr[i];
	}
}

/*
 * An instruction of the XSAVE family, or XSETBV or XGETBV: #UD because CR4.OSXSAVE
 * is 0. The core takes these behind a UD2, so it is shown one.
 */
static enum emu_status decode_xstate(const uint8_t *bytes, unsigned int len, struct emu_insn *insn)
{
	uint8_t trapped[UD2_BYTES + INSN_MAX] = { 0x0f, 0x0b };
	enum emu_status status;

	memcpy(trapped + UD2_BYTES, bytes, len);
	status = emu_decode_trap(trapped, UD2_BYTES + len, insn);
	if (status == EMU_OK)
		insn->len -= UD2_BYTES;
	return status;
}

static enum emu_status decode(const struct vmm *vm, uint64_t rip, struct emu_insn *insn)
{
	const uint8_t *bytes = NULL;
	enum emu_status status;
	unsigned int len;

	for (len = INSN_MAX; len && !bytes; len--)
		bytes = guest(vm, rip, len);
	if (!bytes)
		return EMU_NOT_APX;
	status = emu_decode(bytes, len + 1, insn);
	return status == EMU_NOT_APX ? decode_xstate(bytes, len + 1, insn) : status;
}

/* A guest that changed XCR0 has left, on every CPU: KVM learns of it between the halves. */
static void announce_xcr0(struct vmm *vm, struct egpr_page *page, uint64_t before)
{
	struct vmm_batch *b = vm->batch;
	uint64_t now = page->xcr0;

	page->xcr0 = before; /* the exit half still sees the guest as it was */
	leave_guest(vm);
	page->xcr0 = now;
	if (b->sw) {
		b->sw->xcr0_guest = now;
		b->sw->flags &= ~EGPR_SWITCH_GUEST_APX;
		if (now & (1ull << EGPR_XFEATURE))
			b->sw->flags |= EGPR_SWITCH_GUEST_APX;
	}
	if (b->on_xcr0)
		b->on_xcr0(b, now);
	enter_guest(vm);
}

#define OPCODE_XSETBV 0x01 /* 0f 01 d1 */
#define MODRM_XSETBV  0xd1

static bool is_xsetbv(const struct emu_insn *insn)
{
	return insn->encoding == EMU_ENC_LEGACY && insn->opcode == OPCODE_XSETBV &&
	       insn->modrm == MODRM_XSETBV;
}

/* The guest's registers between an exit and an entry that someone else switches. */
static struct egpr_page *registers_out(struct vmm *vm)
{
	const struct vmm_registers *g = vm->batch->registers;

	if (!g)
		return vm->page;
	if (!vm->between) {
		vm->between = aligned_alloc(EGPR_PAGE_SIZE, sizeof(*vm->between));
		if (!vm->between)
			return NULL;
		*vm->between = *vm->page;
	}
	vm->between->xcr0 = vm->guest_xcr0; /* the page's is the host's by now */
	return g->load(g->opaque, vm->between->r) ? NULL : vm->between;
}

static int registers_in(const struct vmm *vm)
{
	const struct vmm_registers *g = vm->batch->registers;

	return g ? g->store(g->opaque, vm->between->r) : 0;
}

static enum emu_status unreachable(struct step *s)
{
	s->ctx.fault.reason =
		"the guest's r16..r31 cannot be reached where the strategy keeps them";
	return EMU_UNSUPPORTED;
}

/* Decode and execute at s->ctx.rip. */
static enum emu_status execute(struct step *s)
{
	struct vmm *vm = s->vm;
	struct egpr_page *page = registers_out(vm);
	enum emu_status status;
	uint64_t xcr0;

	if (!page)
		return unreachable(s);
	xcr0 = page->xcr0;
	s->ctx.page = page;
	s->ctx.host = &host;
	s->ctx.opaque = s;
	/* CR4.OSXSAVE is 0, so all of XCR0 is virtual. */
	s->ctx.xcr0_real = xcr0 & ~(uint64_t)EGPR_XFEATURE_LO;
	s->ctx.xcr0_settable = vm->xcr0_supported;
	status = decode(vm, s->ctx.rip, &s->insn);
	if (status == EMU_OK)
		status = emu_execute(&s->ctx, &s->insn);
	if (status == EMU_OK) {
		if (registers_in(vm))
			return unreachable(s);
		if (is_xsetbv(&s->insn)) {
			vm->guest_xcr0 = page->xcr0;
			announce_xcr0(vm, page, xcr0);
		}
		vm->batch->emulated++;
	}
	return status;
}

/* How a status reaches the guest. Return: its vector, or -1 if it cannot. */
static int vector_of(enum emu_status status, const struct emu_fault *f, uint64_t *code)
{
	*code = NO_CODE;
	switch (status) {
	case EMU_NOT_APX:
	case EMU_UD:
		return VECTOR_UD;
	case EMU_DE:
		return VECTOR_DE;
	case EMU_GP:
		*code = f->code;
		return VECTOR_GP;
	case EMU_SS:
		*code = 0;
		return VECTOR_SS;
	case EMU_AC:
		*code = 0;
		return VECTOR_AC;
	case EMU_PF:
		*code = f->code;
		return VECTOR_PF;
	default:
		return -1;
	}
}

/* Enter the guest's own handler as the CPU would have: its frame already lies at @rsp. */
static int deliver(struct vmm *vm, struct kvm_regs *regs, int vector, uint64_t code,
		   const struct emu_fault *f)
{
	struct kvm_sregs sregs;
	uint64_t *top;

	if (vector == VECTOR_PF) {
		if (ioctl(vm->vcpu, KVM_GET_SREGS, &sregs))
			return -1;
		sregs.cr2 = f->addr;
		if (ioctl(vm->vcpu, KVM_SET_SREGS, &sregs))
			return -1;
	}
	if (code != NO_CODE) {
		regs->rsp -= sizeof(code);
		top = guest(vm, regs->rsp, sizeof(code));
		if (!top)
			return -1;
		*top = code;
	}
	regs->rip = EGPR_GUEST_LOAD + vector * EGPR_STUB_BYTES;
	return 0;
}

static int fault(struct vmm *vm, struct kvm_regs *regs, enum emu_status status,
		 const struct emu_ctx *ctx)
{
	uint64_t code;
	int vector = vector_of(status, &ctx->fault, &code);

	vm->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	if (vector >= 0)
		return deliver(vm, regs, vector, code, &ctx->fault);
	vm->emulate_reason = ctx->fault.reason ? ctx->fault.reason : "not known to the emulator";
	return -1;
}

/* The stub's exit: RSP is at the frame that #UD pushed. */
static int emulate_trap(struct vmm *vm)
{
	struct kvm_regs *regs = &vm->run->s.regs.regs;
	struct trap *t = guest(vm, regs->rsp, sizeof(*t));
	struct step s = { .vm = vm };
	enum emu_status status;

	if (!t)
		return -1;
	load_registers(&s.ctx, regs);
	s.ctx.gpr[EMU_RSP] = t->rsp;
	s.ctx.rip = t->rip;
	s.ctx.rflags = t->rflags;
	s.ctx.cpl = t->cs & CS_RPL;
	status = execute(&s);
	vm->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	if (status != EMU_OK)
		return fault(vm, regs, status, &s.ctx);
	store_registers(regs, &s.ctx);
	if (s.ctx.cpl == 0) {
		/*
		 * Straight back to the instruction: an emulated PUSH has overwritten the
		 * frame, which lies below the stack pointer it pushes at.
		 */
		regs->rip = s.ctx.rip;
		regs->rflags = s.ctx.rflags;
		regs->rsp = s.ctx.gpr[EMU_RSP];
		return 0;
	}
	t->rip = s.ctx.rip;
	t->rflags = s.ctx.rflags;
	t->rsp = s.ctx.gpr[EMU_RSP];
	return 0; /* by the stub's IRETQ */
}

/* The exit of the stub of #GP: RSP is at the error code. What is no XSETBV goes on to the payload's own. */
static int emulate_refused(struct vmm *vm)
{
	static const uint8_t xsetbv[] = { 0x0f, OPCODE_XSETBV, MODRM_XSETBV };
	struct kvm_regs *regs = &vm->run->s.regs.regs;
	const struct trap *t = guest(vm, regs->rsp + ERROR_CODE_BYTES, sizeof(*t));
	const uint8_t *at = t ? guest(vm, t->rip, sizeof(xsetbv)) : NULL;

	if (at && !memcmp(at, xsetbv, sizeof(xsetbv))) {
		regs->rsp += ERROR_CODE_BYTES;
		return emulate_trap(vm);
	}
	regs->rip = EGPR_GUEST_LOAD + VECTOR_GP * EGPR_STUB_BYTES;
	vm->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	return 0;
}

/* Push what the CPU would push for an exception at CPL 0, and enter with interrupts off. */
static int push_trap(struct vmm *vm, struct kvm_regs *regs)
{
	const struct trap t = { regs->rip, EGPR_GUEST_CS0, regs->rflags, regs->rsp,
				EGPR_GUEST_SS0 };
	void *at;

	regs->rsp = (regs->rsp & ~(uint64_t)(FRAME_ALIGN - 1)) - sizeof(t);
	at = guest(vm, regs->rsp, sizeof(t));
	if (!at)
		return -1;
	memcpy(at, &t, sizeof(t));
	regs->rflags = RFLAGS_FIXED;
	return 0;
}

/* A KVM that interprets the guest stopped at an APX instruction; #UD was not raised. */
static int emulate_in_place(struct vmm *vm)
{
	struct kvm_regs *regs = &vm->run->s.regs.regs;
	struct step s = { .vm = vm };
	enum emu_status status;

	load_registers(&s.ctx, regs);
	s.ctx.rip = regs->rip;
	s.ctx.rflags = regs->rflags;
	status = execute(&s);
	if (status == EMU_NOT_APX)
		return -1;
	if (status != EMU_OK)
		return push_trap(vm, regs) ? -1 : fault(vm, regs, status, &s.ctx);
	store_registers(regs, &s.ctx);
	regs->rip = s.ctx.rip;
	regs->rflags = s.ctx.rflags;
	regs->rsp = s.ctx.gpr[EMU_RSP];
	vm->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	return 0;
}

bool vmm_emulate_wanted(const struct vmm *vm)
{
	const struct kvm_run *run = vm->run;

	return (run->exit_reason == KVM_EXIT_IO &&
		(run->io.port == EGPR_PORT_EMULATE || run->io.port == EGPR_PORT_REFUSED)) ||
	       (run->exit_reason == KVM_EXIT_INTERNAL_ERROR &&
		run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION);
}

int vmm_emulate(struct vmm *vm)
{
	if (vm->run->exit_reason != KVM_EXIT_IO)
		return emulate_in_place(vm);
	return vm->run->io.port == EGPR_PORT_REFUSED ? emulate_refused(vm) : emulate_trap(vm);
}
