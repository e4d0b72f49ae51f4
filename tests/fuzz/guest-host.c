// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer on the guest host's fault path: any instruction bytes, registers and
 * stack that a guest can bring into its #UD stub, without a KVM.
 *
 * The vCPU's file descriptor is closed, so ioctls fail; everything else is the code
 * that runs in vmm-mini --emulate, native execution included. Beside what ASan and
 * UBSan see: hooks stay in pairs, r16..r31 do not change while XCR0.APX is 0, the
 * guest resumes at a place it may resume at.
 */
#include <stdlib.h>
#include <string.h>

#include "../../emu/emu.h"
#include "../../vmm-mini/internal.h"

#define MEMORY	 (2u << 20)
#define INSN_MAX 15
#define CODE_AT	 (EGPR_GUEST_LOAD + 0x1000)
#define FRAME_AT 0x7000
#define DATA_AT	 0x9000
#define XCR0_APX (1ull << EGPR_XFEATURE)
#define VECTORS	 32

/* Bits of the first input byte. */
#define IN_PLACE   (1u << 0) /* exit 17 instead of the stub */
#define CPL3	   (1u << 1)
#define APX_OFF	   (1u << 2)
#define LOST_FRAME (1u << 3) /* RSP outside memory */
#define CODE_END   (1u << 4) /* the instruction ends where memory does */
#define NO_HOOKS   (1u << 5)
#define REFUSED	   (1u << 6) /* the stub of #GP */

struct trap {
	uint64_t rip, cs, rflags, rsp, ss;
};

static int inside; /* 1 between an entry half and an exit half */

static void on_exit_half(struct egpr_switch *sw)
{
	(void)sw;
	if (inside-- != 1)
		abort();
}

static void on_entry_half(struct egpr_switch *sw)
{
	(void)sw;
	if (inside++ != 0)
		abort();
}

static struct vmm *machine(void)
{
	static struct vmm vm;
	struct vmm_error e;

	if (vm.memory)
		return &vm;
	vm.vcpu = -1;
	vm.o.memory = MEMORY;
	vm.memory = malloc(MEMORY);
	vm.run = calloc(1, sizeof(*vm.run));
	vm.page = aligned_alloc(EGPR_PAGE_SIZE, EGPR_PAGE_SIZE);
	vm.xcr0_supported = 7;
	if (!vm.memory || !vm.run || !vm.page || vmm_native_open(&vm, &e))
		abort();
	return &vm;
}

/* Registers: near DATA_AT so that memory operands hit, or what the input says. */
static void set_registers(struct kvm_regs *regs, const uint8_t *data, size_t size)
{
	uint64_t *r = (uint64_t *)regs;
	size_t i;

	for (i = 0; i < 16; i++) {
		r[i] = DATA_AT + 64 * i;
		if (size >= (i + 1) * sizeof(*r))
			memcpy(&r[i], data + i * sizeof(*r), sizeof(*r));
	}
}

static void check_resumed(const struct vmm *vm, uint8_t how, const struct trap *t)
{
	const struct kvm_regs *regs = &vm->run->s.regs.regs;
	bool in_stub = regs->rip >= EGPR_GUEST_LOAD &&
		       regs->rip < EGPR_GUEST_LOAD + VECTORS * EGPR_STUB_BYTES &&
		       regs->rip % EGPR_STUB_BYTES == 0;

	if (!vm->run->kvm_dirty_regs)
		abort();
	/* From CPL 3 only the stub's IRETQ or a handler leads back. */
	if (!(how & IN_PLACE) && (t->cs & 3) == 3 && !in_stub && regs->rip != CODE_AT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct egpr_sequence hooks = { on_exit_half, on_entry_half };
	static struct egpr_switch sw;
	struct vmm_batch b = { .hooks = &hooks, .sw = &sw, .home = EGPR_HOME_XSAVE };
	struct vmm *vm = machine();
	struct kvm_regs *regs = &vm->run->s.regs.regs;
	uint64_t before[EGPR_COUNT], xcr0, at = CODE_AT;
	struct trap *t;
	uint8_t how;

	if (size < 2)
		return 0;
	how = *data++;
	size--;
	memset(vm->memory, 0, MEMORY);
	emu_page_init(vm->page);
	memset(vm->page->r, 0x16, sizeof(vm->page->r));
	vm->page->xcr0 |= how & APX_OFF ? 0 : XCR0_APX;
	if (how & CODE_END)
		at = MEMORY - (size < INSN_MAX ? size : INSN_MAX);
	memcpy((char *)vm->memory + at, data, size < INSN_MAX ? size : INSN_MAX);
	set_registers(regs, data + INSN_MAX, size > INSN_MAX ? size - INSN_MAX : 0);

	t = (struct trap *)((char *)vm->memory + FRAME_AT);
	*t = (struct trap){ at, how & CPL3 ? EGPR_GUEST_CS3 : EGPR_GUEST_CS0, 2, regs->rsp,
			    how & CPL3 ? EGPR_GUEST_SS3 : EGPR_GUEST_SS0 };
	if (how & IN_PLACE) {
		vm->run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
		vm->run->internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
		regs->rip = at;
	} else {
		vm->run->exit_reason = KVM_EXIT_IO;
		vm->run->io.port = how & REFUSED ? EGPR_PORT_REFUSED : EGPR_PORT_EMULATE;
		regs->rip = CODE_AT;
		regs->rsp = how & REFUSED ? FRAME_AT - sizeof(uint64_t) : FRAME_AT;
		if (how & LOST_FRAME)
			regs->rsp = UINT64_MAX - 8;
	}
	regs->rflags = 2;
	if (how & NO_HOOKS)
		b.hooks = NULL;
	vm->run->kvm_dirty_regs = 0;
	vm->batch = &b;
	inside = 1;
	xcr0 = vm->page->xcr0;
	memcpy(before, vm->page->r, sizeof(before));

	if (!vmm_emulate(vm))
		check_resumed(vm, how, t);
	if (inside != 1)
		abort();
	if (!((xcr0 | vm->page->xcr0) & XCR0_APX) && memcmp(before, vm->page->r, sizeof(before)))
		abort();
	return 0;
}
