/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of libvmm share. Users include vmm.h.
 */
#ifndef VMM_MINI_INTERNAL_H
#define VMM_MINI_INTERNAL_H

#include <signal.h>
#include <time.h>

#include <linux/kvm.h>

#include <egpr/guest.h>

#include "vmm.h"

/**
 * struct vmm - a VM with one vCPU
 * @o: options as given, defaults filled in
 * @kvm: file descriptor of the KVM device; -1 if not open, as the next three
 * @fd: of the VM
 * @vcpu: of the vCPU
 * @stats: of the vCPU's statistics
 * @stats_exits: offset of the `exits` counter in @stats
 * @run: the shared run page, @run_size bytes
 * @memory: guest-physical memory from 0, o.memory bytes, working sets included
 * @payload_memory: of it, what a payload may use; working sets lie behind
 * @memory_map: what was mapped for it, @memory_map_size bytes
 * @page: the virtual register file; NULL without --emulate
 * @own_page: @page was made here
 * @guest_xcr0: the guest's virtual XCR0, as its last XSETBV left it
 * @between: the guest's registers while it is out, in batches with @registers; made by the
 *	first of them
 * @entry: where the payload starts; 0 before one is loaded
 * @payload: its name for messages
 * @timer: the watchdog, on CLOCK_MONOTONIC; @has_timer says whether it exists
 * @expired: set by the watchdog
 * @interrupted: set by vmm_interrupt()
 * @batch: the batch that runs; NULL outside of one
 * @chain: the working set; VMM_WALK_NONE without one
 * @xcr0_supported: XCR0 bits other than 19 that the guest may set
 * @slot: executable memory of the emulator; NULL without --emulate
 * @emulate_reason: why an instruction could not be emulated; NULL if none failed
 */
struct vmm {
	struct vmm_options o;
	int kvm;
	int fd;
	int vcpu;
	int stats;
	uint64_t stats_exits;
	struct kvm_run *run;
	size_t run_size;
	void *memory;
	size_t payload_memory;
	void *memory_map;
	size_t memory_map_size;
	struct egpr_page *page;
	bool own_page;
	uint64_t guest_xcr0;
	struct egpr_page *between;
	uint64_t entry;
	char payload[128];
	timer_t timer;
	bool has_timer;
	volatile sig_atomic_t expired;
	volatile sig_atomic_t interrupted;
	struct vmm_batch *batch;
	struct vmm_chain chain;
	uint64_t xcr0_supported;
	void *slot;
	const char *emulate_reason;
};

/* error.c: fill @e and return @status; @fix may be NULL. */
int vmm_fail(struct vmm_error *e, int status, const char *thing, const char *fix, const char *why,
	     ...) __attribute__((format(printf, 5, 6)));

/* vm.c: open the KVM device and check its version; -1 and @e on failure. */
int vmm_open_kvm(const char *path, struct vmm_error *e);

/* vm.c: from the next batch on the payload checks its registers, and in state DIRTY fills them before. */
void vmm_use_apx(struct vmm *vm, enum egpr_guest_state state);

/* apx.c: component 19 of an XSAVE area, in standard format, to its initial configuration. */
void vmm_xsave_forget_apx(void *area);

/* vcpu.c */
/* What KVM_GET_SUPPORTED_CPUID says; free() it. NULL with errno on failure. */
struct kvm_cpuid2 *vmm_supported_cpuid(int kvm);
struct kvm_cpuid_entry2 *vmm_cpuid_leaf(struct kvm_cpuid2 *c, uint32_t leaf, uint32_t subleaf);
uint64_t vmm_host_xcr0(void);
int vmm_vcpu_open(struct vmm *vm, struct vmm_error *e);
void vmm_vcpu_close(struct vmm *vm);
uint64_t vmm_vcpu_exits(const struct vmm *vm);

/* longmode.c: tables in guest memory, and the registers that make use of them. */
void vmm_longmode_tables(void *memory, size_t size);
void vmm_longmode_sregs(struct kvm_sregs *s);

/**
 * vmm_elf_load - copy the segments of a static x86-64 executable into guest memory
 * @name: for messages
 * @image: the file
 * @size: its size in bytes
 * @memory: guest memory from address 0, zeroed
 * @memory_size: its size in bytes
 * @entry: receives the entry point
 * @e: receives the reason of a failure
 *
 * Nothing is written unless the whole file is sound. Return: 0 or EGPR_DATA.
 */
int vmm_elf_load(const char *name, const void *image, size_t size, void *memory, size_t memory_size,
		 uint64_t *entry, struct vmm_error *e);

/* watchdog.c */
int vmm_watchdog_open(struct vmm *vm, struct vmm_error *e);
void vmm_watchdog_arm(struct vmm *vm, double seconds);
void vmm_watchdog_close(struct vmm *vm);

/* walk.c: what the guest is to walk in a batch, and whether it did. */
void vmm_walk_prepare(struct vmm *vm, const struct vmm_batch *b);
int vmm_walk_collect(struct vmm *vm, struct vmm_batch *b, struct vmm_error *e);

/* exits.c: describe why the guest cannot go on; fills @e, returns its status. */
int vmm_explain(struct vmm *vm, int run_errno, struct vmm_error *e);
void vmm_trace(const struct vmm *vm);

/* native.c */
struct emu_native;
int vmm_native_open(struct vmm *vm, struct vmm_error *e);
void vmm_native_close(struct vmm *vm);
/* Run it in the VM's slot. Return: an enum emu_status, a fault of the instruction included. */
int vmm_native_run(struct vmm *vm, struct emu_native *n);

/* emulate.c */
/* Did the guest leave because of an instruction to emulate? */
bool vmm_emulate_wanted(const struct vmm *vm);
/* Emulate it. Return: 0 to enter the guest again, -1 if it cannot be. */
int vmm_emulate(struct vmm *vm);

static inline struct egpr_mailbox *mailbox(const struct vmm *vm)
{
	return (struct egpr_mailbox *)((char *)vm->memory + EGPR_GUEST_MAILBOX);
}

#endif /* VMM_MINI_INTERNAL_H */
