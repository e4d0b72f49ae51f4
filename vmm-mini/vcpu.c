// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vCPU: CPUID, system registers, the run page, KVM's own exit counter.
 */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define CPUID_ENTRIES	 256 /* KVM_MAX_CPUID_ENTRIES */
#define LEAF_FEATURES	 1
#define ECX_TSC_DEADLINE (1u << 24)
#define ECX_XSAVE	 (1u << 26)
#define ECX_OSXSAVE	 (1u << 27)
#define LEAF_XSAVE	 0xd
#define CR4_OSXSAVE	 (1u << 18)
#define XCR0_APX	 (1ull << EGPR_XFEATURE)
#define STATS_NAME	 "exits"
#define STATS_NAME_MAX	 256
#define STATS_MAX	 512

struct kvm_cpuid2 *vmm_supported_cpuid(int kvm)
{
	struct kvm_cpuid2 *c =
		calloc(1, sizeof(*c) + CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2));

	if (!c)
		return NULL;
	c->nent = CPUID_ENTRIES;
	if (!ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c))
		return c;
	free(c);
	return NULL;
}

struct kvm_cpuid_entry2 *vmm_cpuid_leaf(struct kvm_cpuid2 *c, uint32_t leaf, uint32_t subleaf)
{
	uint32_t i;

	for (i = 0; i < c->nent; i++) {
		if (c->entries[i].function == leaf && c->entries[i].index == subleaf)
			return &c->entries[i];
	}
	return NULL;
}

uint64_t vmm_host_xcr0(void)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid(LEAF_FEATURES, &a, &b, &c, &d) || !(c & ECX_OSXSAVE))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return (uint64_t)d << 32 | a;
}

/*
 * The guest's XCR0 is the host's, as far as KVM allows: as an ordinary guest
 * would have it, and without XSETBV in KVM's own entry and exit path.
 */
static int choose_xcr0(struct vmm *vm, const struct kvm_cpuid_entry2 *xsave, struct vmm_error *e)
{
	uint64_t can = xsave ? (uint64_t)xsave->edx << 32 | xsave->eax : 0;
	uint64_t want = can & vmm_host_xcr0() & ~XCR0_APX;

	vm->xcr0_supported = can & ~XCR0_APX;
	if (vm->o.state != EGPR_STATE_OFF) {
		if (!want)
			return vmm_fail(e, EGPR_UNAVAILABLE, "guest XCR0", NULL,
					"this KVM gives a guest no XSAVE, so no APX state");
		if (!vm->o.emulate && !(can & XCR0_APX))
			return vmm_fail(e, EGPR_UNAVAILABLE, "guest APX", "use --emulate",
					"this KVM gives a guest no APX");
		want |= XCR0_APX;
	}
	mailbox(vm)->xcr0 = want;
	return 0;
}

static int set_cpuid(struct vmm *vm, struct vmm_error *e)
{
	struct kvm_cpuid2 *c = vmm_supported_cpuid(vm->kvm);
	struct kvm_cpuid_entry2 *features, *xsave;
	int ret;

	if (!c)
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->o.kvm_path, NULL,
				"KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	features = vmm_cpuid_leaf(c, LEAF_FEATURES, 0);
	xsave = vmm_cpuid_leaf(c, LEAF_XSAVE, 0);
	/* PVM lists the components of leaf 0xd, yet not the flag; a guest may have both. */
	if (features && xsave && xsave->eax)
		features->ecx |= ECX_XSAVE;
	if (features && vm->o.irqchip &&
	    ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0)
		features->ecx |= ECX_TSC_DEADLINE;
	ret = choose_xcr0(vm, xsave, e);
	/* All of an emulated guest's XCR0 is the emulator's: KVM has nothing to accept (emulate.c). */
	if (xsave && vm->o.emulate)
		xsave->eax = xsave->edx = 0;
	if (!ret && ioctl(vm->vcpu, KVM_SET_CPUID2, c))
		ret = vmm_fail(e, EGPR_UNAVAILABLE, vm->o.kvm_path, NULL, "KVM_SET_CPUID2: %s",
			       strerror(errno));
	free(c);
	return ret;
}

/* Find KVM's counter of VM exits; without one vm->stats stays -1. */
static void find_stats(struct vmm *vm)
{
	struct kvm_stats_header h;
	struct kvm_stats_desc *d;
	char raw[sizeof(*d) + STATS_NAME_MAX];
	int fd = ioctl(vm->vcpu, KVM_GET_STATS_FD, NULL);
	uint32_t i;

	if (fd < 0)
		return;
	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || h.name_size > STATS_NAME_MAX)
		goto out_close;
	d = (struct kvm_stats_desc *)raw;
	for (i = 0; i < h.num_desc && i < STATS_MAX; i++) {
		size_t size = sizeof(*d) + h.name_size;

		if (pread(fd, raw, size, h.desc_offset + i * size) != (ssize_t)size)
			goto out_close;
		if (!strncmp(d->name, STATS_NAME, h.name_size)) {
			vm->stats_exits = h.data_offset + d->offset;
			vm->stats = fd;
			return;
		}
	}
out_close:
	close(fd);
}

uint64_t vmm_vcpu_exits(const struct vmm *vm)
{
	uint64_t n;

	if (vm->stats < 0 || pread(vm->stats, &n, sizeof(n), vm->stats_exits) != sizeof(n))
		return VMM_UNKNOWN;
	return n;
}

int vmm_vcpu_open(struct vmm *vm, struct vmm_error *e)
{
	struct kvm_sregs sregs;
	int size;

	vm->vcpu = ioctl(vm->fd, KVM_CREATE_VCPU, 0);
	if (vm->vcpu < 0)
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->o.kvm_path, NULL, "KVM_CREATE_VCPU: %s",
				strerror(errno));
	size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(*vm->run))
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->o.kvm_path, NULL,
				"KVM_GET_VCPU_MMAP_SIZE answered %d", size);
	vm->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED) {
		vm->run = NULL;
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->o.kvm_path, NULL,
				"cannot map the run page: %s", strerror(errno));
	}
	vm->run_size = size;
	if (set_cpuid(vm, e))
		return e->status;
	if (ioctl(vm->vcpu, KVM_GET_SREGS, &sregs))
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->o.kvm_path, NULL, "KVM_GET_SREGS: %s",
				strerror(errno));
	vmm_longmode_sregs(&sregs);
	if (!mailbox(vm)->xcr0 || vm->o.emulate)
		sregs.cr4 &= ~(uint64_t)CR4_OSXSAVE;
	if (ioctl(vm->vcpu, KVM_SET_SREGS, &sregs))
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->o.kvm_path, NULL, "KVM_SET_SREGS: %s",
				strerror(errno));
	if (vm->o.emulate)
		vm->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	find_stats(vm);
	return 0;
}

void vmm_vcpu_close(struct vmm *vm)
{
	if (vm->stats >= 0)
		close(vm->stats);
	if (vm->run)
		munmap(vm->run, vm->run_size);
	if (vm->vcpu >= 0)
		close(vm->vcpu);
}

int vmm_vcpu_fd(const struct vmm *vm)
{
	return vm->vcpu;
}

struct kvm_run *vmm_run_page(const struct vmm *vm)
{
	return vm->run;
}
