/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a payload and its VMM agree on: addresses, ports and the mailbox.
 *
 * Guest addresses are identity-mapped, so guest-virtual is guest-physical. The
 * VMM owns everything below EGPR_GUEST_LOAD; a payload is linked at or above it.
 * asm/offsets.c gives assembly the member names.
 */
#ifndef EGPR_GUEST_H
#define EGPR_GUEST_H

/* Below EGPR_GUEST_LOAD: tables made by the VMM, mailbox, stacks, stamps. */
#define EGPR_GUEST_PML4	      0x1000
#define EGPR_GUEST_PDPT	      0x2000
#define EGPR_GUEST_PD	      0x3000
#define EGPR_GUEST_GDT	      0x4000
#define EGPR_GUEST_TSS	      0x4800
#define EGPR_GUEST_MAILBOX    0x5000
#define EGPR_GUEST_TRAP_STACK 0x8000  /* top of the stack that a trap from CPL 3 uses */
#define EGPR_GUEST_STACK      0x10000 /* top of the stack that the payload runs on */
#define EGPR_GUEST_STAMPS     0x10000 /* one u64 per iteration, in stamped batches */
#define EGPR_GUEST_STAMPS_NR  32768
#define EGPR_GUEST_LOAD	      0x100000

#define EGPR_GUEST_NOPS 10000 /* in the payload that times NOPs */

/* The last 2 MiB of the first GiB: the register file and the hole behind it. */
#define EGPR_GUEST_WINDOW 0x3fe00000
#define EGPR_GUEST_EGPR	  (EGPR_GUEST_WINDOW + 0x0000) /* struct egpr_page */
#define EGPR_GUEST_MMIO	  (EGPR_GUEST_WINDOW + 0x1000) /* no memory: every access exits */

/* Selectors of the VMM's GDT. */
#define EGPR_GUEST_CS0 0x08
#define EGPR_GUEST_SS0 0x10
#define EGPR_GUEST_SS3 0x1b
#define EGPR_GUEST_CS3 0x23
#define EGPR_GUEST_TR  0x28

/* Ports. All fit the imm8 form of OUT, so a stub needs no register. */
#define EGPR_PORT_DOORBELL 0x80 /* AL: EGPR_DOORBELL_* */
#define EGPR_PORT_TRAP	   0x81 /* unexpected exception; mailbox.trap_frame says where */
#define EGPR_PORT_EMULATE  0x82 /* #UD stub: emulate, RSP at the exception frame */
#define EGPR_PORT_REFUSED  0x83 /* #GP stub: XSETBV that met no #UD; RSP at the error code */
#define EGPR_PORT_TEST	   0x84 /* pio-out and pio-in */

#define EGPR_DOORBELL_READY 1 /* set up, waiting for the first batch */
#define EGPR_DOORBELL_DONE  2 /* batch finished */

/* What the VMM answers to reads, so that a payload can prove that it was the VMM. */
#define EGPR_PIO_VALUE	0x5a
#define EGPR_MMIO_VALUE 0x6d6d696f72656164 /* "mmioread" */

/* mailbox.flags */
#define EGPR_GUEST_CPL3	   (1 << 0) /* run the batches at CPL 3 */
#define EGPR_GUEST_EMULATE (1 << 1) /* #UD goes to the VMM first */
#define EGPR_GUEST_APX	   (1 << 2) /* set XCR0.APX; check r16..r31 after every batch */
#define EGPR_GUEST_FILL	   (1 << 3) /* fill r16..r31 from mailbox.pattern before every batch */
#define EGPR_GUEST_STAMP   (1 << 4) /* stamp every iteration */
#define EGPR_GUEST_X2APIC  (1 << 5) /* there is a local APIC: payloads may switch it on */
#define EGPR_GUEST_ROTATE  (1 << 6) /* rotate r16..r31 and mailbox.pattern after every iteration */
#define EGPR_GUEST_WALK	   (1 << 8) /* walk the working set before every exit, and stamp every exit */
#define EGPR_GUEST_CODE	   (1 << 9)  /* the working set is code: call mailbox.walk_at */
#define EGPR_GUEST_NO_EXIT (1 << 10) /* a batch of walks alone, to learn what one takes */

/*
 * A working set is a chain of lines of 64 bytes. Of data: the address of the next line, then the
 * key of this one. Of code: instructions that count the line, add its key and jump to the
 * next; the last one returns.
 */
#define EGPR_GUEST_LINE	    64
#define EGPR_GUEST_LINE_KEY 8

/*
 * The runtime has one stub per vector, EGPR_STUB_BYTES apart from EGPR_GUEST_LOAD on. A VMM
 * that delivers an exception by itself enters there, with the frame a CPU would have pushed.
 */
#define EGPR_STUB_BYTES 16

/* An exception handler's frame, as the runtime pushes it: lowest address first. */
#define EGPR_TRAP_REGS 15

#ifndef __ASSEMBLER__
#include <linux/types.h>
#include <egpr/regs.h>

/**
 * struct egpr_trap_frame - what the runtime saved about an unexpected exception
 * @cr2: page-fault address, or whatever CR2 held
 * @regs: r15 r14 r13 r12 r11 r10 r9 r8 rdi rsi rbp rbx rdx rcx rax
 * @vector: exception number
 * @error: error code; 0 for vectors without
 * @rip: and the rest of the frame that the CPU pushed
 */
struct egpr_trap_frame {
	__u64 cr2;
	__u64 regs[EGPR_TRAP_REGS];
	__u64 vector;
	__u64 error;
	__u64 rip;
	__u64 cs;
	__u64 rflags;
	__u64 rsp;
	__u64 ss;
};

/**
 * struct egpr_mailbox - the page through which VMM and payload talk
 * @flags: EGPR_GUEST_*, written by the VMM
 * @iterations: of the next batch, written by the VMM; 0 for @default_iterations
 * @default_iterations: written by the payload before its first doorbell; 0 means 1
 * @xcr0: what the payload sets XCR0 to before its first doorbell; 0: leave it
 * @done: iterations finished in the last batch
 * @tsc_start: TSC before the loop of the last batch
 * @tsc_end: TSC after it
 * @result: the last value that the payload's instruction gave
 * @status: set by a payload that found something wrong: its exit status
 * @failed: register number or step that it found wrong
 * @expected: what it expected there
 * @got: what it found
 * @ud_skip: bytes that the runtime's #UD handler skips; 0: a #UD is unexpected
 * @ud_count: #UD that the guest itself handled
 * @trap_frame: address of a struct egpr_trap_frame
 * @egpr_page: address of the virtual register file; 0 without one
 * @walk_at: the line that the next walk begins with; of code always the first
 * @walk_lines: lines of one walk
 * @walks: walks of the last batch
 * @walked: lines that they touched, counted line by line
 * @walk_sum: sum of the keys of those lines
 * @walk_cycles: TSC ticks of the walks
 * @exit_cycles: TSC ticks of the exits, of a batch with EGPR_GUEST_WALK
 * @seen: r16..r31 after the last batch
 * @pattern: what r16..r31 are filled with, and checked against
 */
struct egpr_mailbox {
	__u64 flags;
	__u64 iterations;
	__u64 default_iterations;
	__u64 xcr0;
	__u64 done;
	__u64 tsc_start;
	__u64 tsc_end;
	__u64 result;
	__u64 status;
	__u64 failed;
	__u64 expected;
	__u64 got;
	__u64 ud_skip;
	__u64 ud_count;
	__u64 trap_frame;
	__u64 egpr_page;
	__u64 walk_at;
	__u64 walk_lines;
	__u64 walks;
	__u64 walked;
	__u64 walk_sum;
	__u64 walk_cycles;
	__u64 exit_cycles;
	__u64 seen[EGPR_COUNT] __attribute__((aligned(64)));
	__u64 pattern[EGPR_COUNT] __attribute__((aligned(64)));
};
#endif /* __ASSEMBLER__ */

#endif /* EGPR_GUEST_H */
