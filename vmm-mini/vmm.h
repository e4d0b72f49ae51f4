/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libvmm: the smallest KVM VMM that can answer the lab's question.
 *
 * One VM has one vCPU, runs one payload, and is reused for any number of
 * batches: arms of a comparison alternate on the same vCPU, because a VM per
 * batch would put a VM's creation between the arms. The only code of this
 * library on a timed path is the loop around KVM_RUN.
 *
 * A function that can fail returns 0 or an enum egpr_status, the same as in
 * vmm_error.status. A VM belongs to the thread that opened it: the watchdog's
 * signal goes there.
 */
#ifndef VMM_MINI_VMM_H
#define VMM_MINI_VMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <egpr/axis.h>
#include <egpr/exit_kind.h>
#include <egpr/page.h>
#include <egpr/status.h>
#include <egpr/strategy.h>
#include <egpr/switch.h>

#include "chain.h"

struct vmm;

/**
 * struct vmm_error - why something cannot be done
 * @status: enum egpr_status; also what the function returned
 * @thing: what it is about
 * @reason: what is wrong with it
 * @fix: what to do about it; may be empty
 */
struct vmm_error {
	int status;
	char thing[160];
	char reason[704];
	char fix[192];
};

/* Print "vmm-mini: thing: reason" and, if there is one, "fix: ..." to @out. */
void vmm_error_print(FILE *out, const char *program, const struct vmm_error *e);

#define VMM_KVM_PATH	   "/dev/kvm"
#define VMM_MEMORY_DEFAULT (4u << 20)
#define VMM_TIMEOUT_S	   10.0

/**
 * struct vmm_options - how to make a VM; all zeros is a usable default
 * @kvm_path: the KVM device; NULL for VMM_KVM_PATH
 * @memory: guest memory in bytes, a multiple of 2 MiB; 0 for VMM_MEMORY_DEFAULT
 * @walk_bytes: more memory, for working sets: see vmm_walk_set(); a multiple of 2 MiB
 * @cpl: privilege level the payload's loop runs at, 0 or 3
 * @state: guest state of the EGPRs. OFF: the payload never touches them. INIT: it sets
 *	XCR0.APX and, after every batch, checks that they read zero. DIRTY: it also
 *	fills them with a pattern before every batch and checks it afterwards
 * @timeout_s: watchdog of one batch, in seconds; 0 for VMM_TIMEOUT_S
 * @irqchip: create the in-kernel local APIC
 * @emulate: act for the APX hardware that the CPU lacks, on @page
 * @page: virtual register file, page-aligned, to share with others; NULL for one of
 *	the VM's own. Always mapped into the guest when @emulate is set
 * @trace: one line on stderr per return of KVM_RUN
 * @no_hypercall_patch: have KVM raise #UD on the other vendor's hypercall
 *	instruction instead of patching it (KVM_CAP_DISABLE_QUIRKS2)
 */
struct vmm_options {
	const char *kvm_path;
	size_t memory;
	size_t walk_bytes;
	unsigned int cpl;
	enum egpr_guest_state state;
	double timeout_s;
	bool irqchip;
	bool emulate;
	struct egpr_page *page;
	bool trace;
	bool no_hypercall_patch;
};

/**
 * vmm_open - make a VM with one vCPU in 64-bit mode
 * @vm: receives the VM; NULL after a failure
 * @o: options; copied
 * @e: receives the reason of a failure
 *
 * Return: 0; EGPR_UNAVAILABLE where this host cannot (no device, no permission, missing
 * capability); EGPR_USAGE for an option out of range.
 */
int vmm_open(struct vmm **vm, const struct vmm_options *o, struct vmm_error *e);

/**
 * vmm_load - put a payload into guest memory and point the vCPU at its entry
 * @vm: the VM, nothing loaded before
 * @path: a static x86-64 ELF executable
 * @e: receives the reason of a failure
 *
 * Return: 0; EGPR_DATA for a file that is no such ELF or does not fit.
 */
int vmm_load(struct vmm *vm, const char *path, struct vmm_error *e);

/* vmm_load() of an ELF in memory; @name is used in messages. */
int vmm_load_image(struct vmm *vm, const char *name, const void *image, size_t size,
		   struct vmm_error *e);

/**
 * vmm_start - run a loaded payload up to its first doorbell: ready for a batch
 * @vm: the VM
 * @e: receives the reason of a failure
 *
 * Return: 0, or as vmm_batch().
 */
int vmm_start(struct vmm *vm, struct vmm_error *e);

#define VMM_EXIT_REASONS 64 /* more than KVM_EXIT_* has */
#define VMM_UNKNOWN	 UINT64_MAX

/**
 * struct vmm_registers - the guest's r16..r31 while a strategy in the kernel keeps them
 * @load: read r16..r31. Return: 0 or -1
 * @store: write them. Return: 0 or -1
 * @opaque: argument of both
 */
struct vmm_registers {
	int (*load)(void *opaque, __u64 *r);
	int (*store)(void *opaque, const __u64 *r);
	void *opaque;
};

/**
 * struct vmm_batch - one batch: what to do, and what came of it
 * @exits: iterations of the payload's loop; 0 for what the payload does by default
 * @hooks: called directly around every KVM_RUN of the batch: entry before, exit
 *	after; NULL for none
 * @sw: argument of @hooks
 * @home: where @hooks leave the guest's registers: the operand of an emulated WRMSRNS is
 *	taken from there, as a fastpath would
 * @registers: emulation: where the guest's registers are after an exit that the kernel has
 *	switched; NULL where they stay in the VM's page. Not together with @hooks
 * @on_xcr0: emulation: called between the two halves when the guest changed its virtual XCR0, after
 *	flags and xcr0_guest of @sw were set; may change what @hooks points to. May be NULL
 * @opaque: the caller's own, for @on_xcr0
 * @rotate: the payload rotates r16..r31 between its exits (state DIRTY; for proofs)
 * @no_exit: the guest only walks its working set, @exits times
 * @host_stamps: NULL, or an array of @exits that receives TSC ticks from one return
 *	of KVM_RUN to the next, hooks included (path `user` only)
 * @guest_stamps: NULL, or an array of @exits (at most VMM_GUEST_STAMPS) that receives
 *	TSC ticks of each iteration as the guest sees it; of a guest that walks: of its exit alone
 *
 * @host_cycles: TSC ticks around the first @exits returns of KVM_RUN, or up to the
 *	doorbell where KVM handles the exits itself
 * @runs: returns of KVM_RUN within @host_cycles: @exits for path `user`, else 1
 * @guest_cycles: TSC ticks around the payload's loop, stamped in the guest
 * @done: iterations that the guest reports
 * @result: the last value that the payload's instruction gave
 * @reasons: returns of KVM_RUN by KVM_EXIT_* number, doorbell included
 * @kernel_exits: VM exits counted by KVM (its `exits` statistic), VMM_UNKNOWN
 *	where KVM has no statistics
 * @emulated: APX instructions emulated for the guest
 * @msr_value: what the last emulated WRMSRNS wrote, taken from @home
 * @mmio_value: what the last emulated store to the MMIO page wrote
 * @walks: walks of the working set, one before each exit; the next two are 0 without
 * @walked: lines that were touched in them
 * @walk_cycles: TSC ticks of them, stamped in the guest
 * @exit_cycles: TSC ticks of the exits alone, stamped in the guest; 0 without a working set
 */
struct vmm_batch {
	uint32_t exits;
	const struct egpr_sequence *hooks;
	struct egpr_switch *sw;
	enum egpr_home home;
	const struct vmm_registers *registers;
	void (*on_xcr0)(struct vmm_batch *b, uint64_t xcr0);
	void *opaque;
	bool rotate;
	bool no_exit;
	uint64_t *host_stamps;
	uint64_t *guest_stamps;

	uint64_t host_cycles;
	uint64_t runs;
	uint64_t guest_cycles;
	uint64_t done;
	uint64_t result;
	uint64_t reasons[VMM_EXIT_REASONS];
	uint64_t kernel_exits;
	uint64_t emulated;
	uint64_t msr_value;
	uint64_t mmio_value;
	uint64_t walks;
	uint64_t walked;
	uint64_t walk_cycles;
	uint64_t exit_cycles;
};

#define VMM_GUEST_STAMPS 32768

/**
 * vmm_batch - run one batch of a started payload
 * @vm: the VM
 * @b: request and result; results are valid after a failure too, as far as it got
 * @e: receives the reason of a failure
 *
 * The guest's EGPRs rest between batches where @b->hooks left them. In state DIRTY the
 * guest fills them anew in every batch, so arms may change; in state INIT the caller
 * keeps every home zero.
 *
 * Return: 0; EGPR_UNAVAILABLE when the watchdog ended it, or KVM cannot execute the
 * payload; EGPR_DATA when the guest faulted or found a register changed; the payload's
 * own status otherwise. After a failure the VM can only be queried and closed.
 */
int vmm_batch(struct vmm *vm, struct vmm_batch *b, struct vmm_error *e);

/**
 * vmm_walk_set - from the next batch on the guest walks this before every exit
 * @vm: the VM, opened with room for it in @walk_bytes
 * @w: the working set; VMM_WALK_NONE ends it
 * @e: receives the reason of a failure
 *
 * Return: 0; EGPR_USAGE for a set that has no room or is no whole lines; EGPR_INTERNAL.
 */
int vmm_walk_set(struct vmm *vm, const struct vmm_walk *w, struct vmm_error *e);

/**
 * vmm_lend_apx - let the payload use r16..r31 although it never set XCR0.APX
 * @vm: a started VM, opened with state OFF
 * @state: INIT or DIRTY, as in struct vmm_options
 *
 * For a guest whose XCR0.APX someone else has set: the module, where KVM does not offer APX. With
 * @emulate it is the virtual XCR0, and set here.
 */
void vmm_lend_apx(struct vmm *vm, enum egpr_guest_state state);

/**
 * vmm_set_state - from the next batch on the guest is in another state
 * @vm: a started VM, opened with state OFF
 * @state: OFF, INIT or DIRTY, as in struct vmm_options
 * @e: receives the reason of a failure
 *
 * Sets the guest's XCR0.APX from outside and brings r16..r31 to their initial configuration, so that
 * each state begins alike. For a KVM that offers APX itself; with @emulate the virtual registers, which
 * must be in the VM's page. Outside of any time. Return: 0; EGPR_UNAVAILABLE where KVM does not
 * let it.
 */
int vmm_set_state(struct vmm *vm, enum egpr_guest_state state, struct vmm_error *e);

/* The guest's XCR0 as KVM has it; the virtual one with @emulate. Return: 0 or EGPR_UNAVAILABLE. */
int vmm_guest_xcr0(const struct vmm *vm, uint64_t *xcr0, struct vmm_error *e);

/**
 * vmm_interrupt - end the batch that runs, from a signal handler
 * @vm: the VM
 *
 * Async-signal-safe, on the VM's own thread. vmm_start() or vmm_batch() then fails with
 * EGPR_UNAVAILABLE, also if the signal came just before KVM_RUN.
 */
void vmm_interrupt(struct vmm *vm);

/* Tear down everything that vmm_open() made. NULL is fine. */
void vmm_close(struct vmm *vm);

/* What a bare KVM_RUN loop over the same guest needs, and queries. */
int vmm_vcpu_fd(const struct vmm *vm);
struct kvm_run *vmm_run_page(const struct vmm *vm);
struct egpr_mailbox *vmm_mailbox(const struct vmm *vm);
void *vmm_memory(const struct vmm *vm); /* guest-physical, from address 0 */
struct egpr_page *vmm_page(const struct vmm *vm);

/* Name of a KVM_EXIT_* number, "KVM_EXIT_?" for one without. */
const char *vmm_exit_name(uint32_t reason);

/**
 * struct vmm_capability - a KVM capability that the lab uses
 * @name: KVM_CAP_*
 * @use: what for
 * @required: nothing runs without it
 * @value: what KVM_CHECK_EXTENSION answered; 0: not there
 */
struct vmm_capability {
	const char *name;
	const char *use;
	bool required;
	int value;
};

#define VMM_NR_CAPABILITIES 12

/**
 * struct vmm_apx - what KVM says of APX in guests
 * @flag: KVM_GET_SUPPORTED_CPUID, leaf 7 subleaf 1: EDX[21], APX_F
 * @component: leaf 0xD subleaf 0: bit 19 of the XCR0 that a guest may have
 * @bytes: leaf 0xD subleaf 19: size of component 19; 0 where KVM has no such subleaf
 * @told: KVM answers KVM_X86_XCOMP_GUEST_SUPP
 * @settable: bit 19 of the answer
 */
struct vmm_apx {
	bool flag;
	bool component;
	uint32_t bytes;
	bool told;
	bool settable;
};

/* What that amounts to. PART: the answers contradict each other, so none is relied on. */
enum vmm_apx_offer {
	VMM_APX_NONE,
	VMM_APX_PART,
	VMM_APX_WHOLE,
};

/* Does KVM offer guests APX? */
enum vmm_apx_offer vmm_apx_offer(const struct vmm_apx *a);

/* The answers in words. */
void vmm_apx_text(const struct vmm_apx *a, char *text, size_t size);

/**
 * struct vmm_host - what this host's KVM is and can
 * @backend: "vmx", "svm", "pvm", or "none" where no KVM was found
 * @emulator: "" on hardware, else the emulator this host runs in ("qemu-tcg", "bochs")
 * @representative: whether the cost of an exit here says something about hardware
 * @why: the reason for @representative, a whole sentence
 * @nop_cycles: TSC ticks per CPL0 NOP in a guest; negative if not measured
 * @guest_needs: EGPR_EXIT_* needs that a guest here can have (CPUID and capabilities)
 * @guest_xcr0: XCR0 bits that KVM lets a guest set; 0 if KVM does not say
 * @apx: what KVM says of APX in guests
 * @nr_caps: entries of @caps
 * @caps: the capabilities
 */
struct vmm_host {
	char backend[8];
	char emulator[16];
	bool representative;
	char why[256];
	double nop_cycles;
	unsigned int guest_needs;
	uint64_t guest_xcr0;
	struct vmm_apx apx;
	unsigned int nr_caps;
	struct vmm_capability caps[VMM_NR_CAPABILITIES];
};

/**
 * vmm_host_probe - find out what this host's KVM is and can
 * @h: receives it; backend, emulator and why are filled even on failure
 * @kvm_path: the KVM device; NULL for VMM_KVM_PATH
 * @e: receives the reason of a failure
 *
 * Runs a guest of 10^4 NOPs at CPL 0 (a few milliseconds). More than 100 ticks each
 * mean that KVM interprets CPL0 code. Return: 0, or as vmm_open().
 */
int vmm_host_probe(struct vmm_host *h, const char *kvm_path, struct vmm_error *e);

/**
 * vmm_kind_check - can this exit kind be tried here at all
 * @h: the host
 * @kind: row of the table
 * @o: options to be used (cpl, emulate)
 * @e: receives the reason, a whole sentence in @e->reason
 *
 * Return: 0, or EGPR_SKIPPED. Answers from CPUID and capabilities, without a guest.
 */
int vmm_kind_check(const struct vmm_host *h, const struct egpr_exit_kind *kind,
		   const struct vmm_options *o, struct vmm_error *e);

/**
 * vmm_open_kind - a started VM for one exit kind, proved by one exit
 * @vm: receives the VM, ready for vmm_batch(); NULL after a failure
 * @h: the host
 * @kind: row of the table
 * @o: options; irqchip follows from the kind, whatever it says
 * @payloads: directory of <id>.elf; NULL for `payloads` beside the running program
 * @e: receives the reason of a failure
 *
 * Does vmm_kind_check(), open, load and start, then one iteration under a watchdog of two
 * seconds. What hangs or faults here is EGPR_SKIPPED with the reason; anything else is an
 * error. Return: 0 or a status.
 */
int vmm_open_kind(struct vmm **vm, const struct vmm_host *h, const struct egpr_exit_kind *kind,
		  const struct vmm_options *o, const char *payloads, struct vmm_error *e);

#endif /* VMM_MINI_VMM_H */
