// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs whose guests are functions of this very program, loaded at the addresses that they have here.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emu/emu.h>

#include "shim.h"

#define MEMORY	     (16u << 20)
#define PAYLOAD	     "../../payloads/pio-out.elf" /* beside this program; for its IDT alone */
#define SELF	     "/proc/self/exe"
#define RFLAGS_FIXED 2

static struct kvm_run *run_of(const struct kvm_vm *vm)
{
	return vm->vmm->run;
}

/* As the file has it: what this process has written since is not the guest's. */
static void load_self(const struct vmm *v)
{
	int fd = open(SELF, O_RDONLY | O_CLOEXEC);
	struct vmm_error e;
	struct stat st;
	uint64_t entry;
	void *image;

	TEST_ASSERT(fd >= 0 && !fstat(fd, &st), SELF);
	image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	TEST_ASSERT(image != MAP_FAILED, SELF);
	TEST_ASSERT(
		!vmm_elf_load(SELF, image, (size_t)st.st_size, v->memory, v->o.memory, &entry, &e),
		"%s", e.reason);
	munmap(image, (size_t)st.st_size);
	close(fd);
}

/* Up to the payload's doorbell, with a register file of its own in the CPU meanwhile. */
static uint64_t start_vmm(struct kvm_vm *vm)
{
	struct vmm_options o = { .memory = MEMORY, .irqchip = true, .emulate = true };
	struct egpr_page cpu = *shim_page;
	char self[PATH_MAX] = "", payload[PATH_MAX + sizeof(PAYLOAD)];
	struct vmm_error e;
	uint64_t xcr0;
	int ret;

	TEST_ASSERT(readlink(SELF, self, sizeof(self) - 1) > 0, SELF);
	snprintf(payload, sizeof(payload), "%s/%s", dirname(self), PAYLOAD);
	o.page = shim_page;
	emu_page_init(shim_page);
	ret = vmm_open(&vm->vmm, &o, &e) || vmm_load(vm->vmm, payload, &e) ||
	      vmm_start(vm->vmm, &e);
	TEST_ASSERT(!ret, "%s: %s", e.thing, e.reason);
	xcr0 = shim_page->xcr0;
	*shim_page = cpu;
	return xcr0;
}

struct kvm_vm *vm_create_with_one_vcpu(struct kvm_vcpu **vcpu, void (*guest)(void))
{
	struct kvm_vm *vm = aligned_alloc(_Alignof(struct kvm_vm), sizeof(*vm));
	struct kvm_regs *regs;

	TEST_ASSERT(vm, "out of memory");
	memset(vm, 0, sizeof(*vm));
	shim_start();
	shim_switch_open(vm, start_vmm(vm));
	load_self(vm->vmm);
	shim_cpuid_open(vm);
	shim_xsave_open(vm);
	regs = &run_of(vm)->s.regs.regs;
	regs->rip = (uintptr_t)guest;
	regs->rsp = MEMORY - sizeof(uint64_t); /* as behind a call */
	regs->rflags = RFLAGS_FIXED;
	run_of(vm)->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	vm->vcpu.vm = vm;
	vm->vcpu.run = run_of(vm);
	*vcpu = &vm->vcpu;
	return vm;
}

void kvm_vm_free(struct kvm_vm *vm)
{
	vmm_close(vm->vmm);
	uabi_close(&vm->state);
	free(vm->cpuid);
	free(vm);
}

void *addr_gva2hva(struct kvm_vm *vm, uint64_t address)
{
	TEST_ASSERT(address < MEMORY, "%#llx", (unsigned long long)address);
	return (char *)vm->vmm->memory + address;
}

int _vcpu_run(struct kvm_vcpu *vcpu)
{
	return shim_run(vcpu->vm);
}

void vcpu_run(struct kvm_vcpu *vcpu)
{
	TEST_ASSERT(!_vcpu_run(vcpu), "KVM_RUN: %s", strerror(errno));
}

uint64_t get_ucall(struct kvm_vcpu *vcpu, struct ucall *uc)
{
	const struct kvm_run *run = vcpu->run;

	memset(uc, 0, sizeof(*uc));
	if (run->exit_reason != KVM_EXIT_IO)
		return uc->cmd;
	if (run->io.port == UCALL_PORT) {
		memcpy(uc, addr_gva2hva(vcpu->vm, run->s.regs.regs.rdi), sizeof(*uc));
		return uc->cmd;
	}
	uc->args[GUEST_FILE] = (uintptr_t) "an exception";
	if (run->io.port == EGPR_PORT_TRAP)
		uc->args[GUEST_LINE] = ((struct egpr_trap_frame *)addr_gva2hva(
						vcpu->vm, mailbox(vcpu->vm->vmm)->trap_frame))
					       ->rip;
	uc->cmd = UCALL_UNHANDLED;
	return uc->cmd;
}

int __vcpu_ioctl(struct kvm_vcpu *vcpu, unsigned long command, void *arg)
{
	switch (command) {
	case KVM_GET_XSAVE:
		return shim_get_xsave(vcpu->vm, arg);
	case KVM_SET_XSAVE:
		return shim_set_xsave(vcpu->vm, arg);
	default:
		return ioctl(vcpu->vm->vmm->vcpu, command, arg);
	}
}

void vcpu_ioctl(struct kvm_vcpu *vcpu, unsigned long command, void *arg)
{
	TEST_ASSERT(!__vcpu_ioctl(vcpu, command, arg), "ioctl %#lx: %s", command, strerror(errno));
}

void vcpu_sregs_get(struct kvm_vcpu *vcpu, struct kvm_sregs *sregs)
{
	vcpu_ioctl(vcpu, KVM_GET_SREGS, sregs);
}

/* VM entry with a task register that cannot be used fails (SDM vol. 3, 27.3.1.2); this host need not have VMX. */
void vcpu_sregs_set(struct kvm_vcpu *vcpu, struct kvm_sregs *sregs)
{
	vcpu->vm->refused = sregs->tr.unusable;
	if (!vcpu->vm->refused)
		vcpu_ioctl(vcpu, KVM_SET_SREGS, sregs);
}
