// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bare program that vmm-mini's whole process is measured against.
 *
 * The same system calls on KVM in the same order, one exit, and nothing else: no
 * watchdog, no checks of the payload, no messages, no options. It shares no
 * code with vmm-mini, or the comparison would hide what vmm-mini adds.
 *
 * usage: bare-vm PAYLOAD.elf
 */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/kvm.h>
#include <egpr/guest.h>

#define MEMORY	    (4u << 20) /* as vmm-mini's default */
#define LARGE_PAGE  (2u << 20)
#define TSS_ADDRESS 0xfffbd000
#define CPUID_MAX   256
#define TABLE_ENTRY 0x27 /* present, writable, user, accessed */
#define LARGE_ENTRY 0xe7 /* likewise, dirty, large */
#define LONG_CR0    0x80050033
#define LONG_CR4    0x40620
#define LONG_EFER   0x501
#define FAILED	    1

static void load(const char *path, char *memory, uint64_t *entry)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const Elf64_Ehdr *elf;
	const Elf64_Phdr *ph;
	struct stat st;
	unsigned int i;

	if (fd < 0 || fstat(fd, &st))
		exit(FAILED);
	elf = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (elf == MAP_FAILED)
		exit(FAILED);
	ph = (const Elf64_Phdr *)((const char *)elf + elf->e_phoff);
	for (i = 0; i < elf->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD)
			memcpy(memory + ph[i].p_paddr, (const char *)elf + ph[i].p_offset,
			       ph[i].p_filesz);
	}
	*entry = elf->e_entry;
	munmap((void *)(uintptr_t)elf, (size_t)st.st_size);
	close(fd);
}

static void set_cpuid(int kvm, int vcpu)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + CPUID_MAX * sizeof(*c->entries));

	if (!c)
		exit(FAILED);
	c->nent = CPUID_MAX;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c) || ioctl(vcpu, KVM_SET_CPUID2, c))
		exit(FAILED);
	free(c);
}

static void set_registers(int vcpu, char *memory, uint64_t entry)
{
	struct kvm_regs regs = { .rip = entry, .rsp = EGPR_GUEST_STACK, .rflags = 2 };
	uint64_t *pd = (uint64_t *)(memory + EGPR_GUEST_PD);
	struct kvm_segment data = { .limit = ~0u,
				    .selector = EGPR_GUEST_SS0,
				    .type = 3,
				    .present = 1,
				    .db = 1,
				    .s = 1,
				    .g = 1 };
	struct kvm_sregs s;
	uint64_t at;

	*(uint64_t *)(memory + EGPR_GUEST_PML4) = EGPR_GUEST_PDPT | TABLE_ENTRY;
	*(uint64_t *)(memory + EGPR_GUEST_PDPT) = EGPR_GUEST_PD | TABLE_ENTRY;
	for (at = 0; at < MEMORY; at += LARGE_PAGE)
		pd[at / LARGE_PAGE] = at | LARGE_ENTRY;
	if (ioctl(vcpu, KVM_GET_SREGS, &s))
		exit(FAILED);
	s.cr0 = LONG_CR0;
	s.cr3 = EGPR_GUEST_PML4;
	s.cr4 = LONG_CR4;
	s.efer = LONG_EFER;
	s.ss = s.ds = s.es = s.fs = s.gs = data;
	s.cs = data;
	s.cs.selector = EGPR_GUEST_CS0;
	s.cs.type = 11;
	s.cs.db = 0;
	s.cs.l = 1;
	s.tr = (struct kvm_segment){ .base = EGPR_GUEST_TSS,
				     .limit = 103,
				     .type = 11,
				     .selector = EGPR_GUEST_TR,
				     .present = 1 };
	if (ioctl(vcpu, KVM_SET_SREGS, &s) || ioctl(vcpu, KVM_SET_REGS, &regs))
		exit(FAILED);
}

/* Up to and including the next doorbell. */
static void run_to_doorbell(int vcpu, const struct kvm_run *run)
{
	do {
		if (ioctl(vcpu, KVM_RUN, 0) || run->exit_reason != KVM_EXIT_IO)
			exit(FAILED);
	} while (run->io.port != EGPR_PORT_DOORBELL);
}

int main(int argc, char **argv)
{
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY };
	struct egpr_mailbox *m;
	struct kvm_run *run;
	int kvm, vm, vcpu, size, stats;
	uint64_t entry;
	char *memory;

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (argc != 2 || ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION ||
	    ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY) <= 0 ||
	    ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_IMMEDIATE_EXIT) <= 0)
		exit(FAILED);
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_SET_TSS_ADDR) > 0 &&
	    ioctl(vm, KVM_SET_TSS_ADDR, TSS_ADDRESS))
		exit(FAILED);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		exit(FAILED);
	region.userspace_addr = (uintptr_t)memory;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		exit(FAILED);
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (vcpu < 0 || run == MAP_FAILED)
		exit(FAILED);
	set_cpuid(kvm, vcpu);
	load(argv[1], memory, &entry);
	set_registers(vcpu, memory, entry);
	stats = ioctl(vcpu, KVM_GET_STATS_FD, NULL);

	m = (struct egpr_mailbox *)(memory + EGPR_GUEST_MAILBOX);
	run_to_doorbell(vcpu, run);
	m->iterations = 1;
	run_to_doorbell(vcpu, run);
	if (m->done != 1)
		exit(FAILED);

	munmap(run, (size_t)size);
	close(stats);
	close(vcpu);
	close(vm);
	munmap(memory, MEMORY);
	close(kvm);
	return 0;
}
