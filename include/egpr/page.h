/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual EGPR hardware's register file: one page per vCPU.
 *
 * On a CPU without APX every REX2 instruction raises #UD, and the emulator acts
 * on this page instead. VMM, guest and module map the same page, so they see the
 * same registers, as they would in silicon. Nothing in it is a copy: r[] *is* r16..r31.
 */
#ifndef EGPR_PAGE_H
#define EGPR_PAGE_H

#include <linux/types.h>
#include <egpr/regs.h>

#define EGPR_PAGE_MAGIC	  0x4547415052504745ULL /* "EGPRPAGE" */
#define EGPR_PAGE_VERSION 1
#define EGPR_PAGE_SIZE	  4096

/* What the module plays as the host's own value of register n, wherever the host runs. */
#define EGPR_HOST_VALUE(n) (0x6057000000000000ULL | (n))

/**
 * struct egpr_page - software r16..r31 with the state that governs them
 * @magic: EGPR_PAGE_MAGIC
 * @version: EGPR_PAGE_VERSION; a reader refuses another one
 * @xinuse: 1 while component 19 is not in its initial configuration
 * @xcr0: the virtual XCR0; only bit 19 differs from the real one, and only this
 *	copy ever holds a bit that the CPU lacks
 * @r: r16..r31
 * @emulated: instructions emulated on this page since it was made
 * @ud: #UD that the emulator delivered (XCR0[19]=0, not encodable, ...)
 */
struct egpr_page {
	__u64 magic;
	__u32 version;
	__u32 xinuse;
	__u64 xcr0;
	__u64 reserved0[5];
	__u64 r[EGPR_COUNT] __attribute__((aligned(64)));
	__u64 emulated;
	__u64 ud;
	__u8 reserved1[EGPR_PAGE_SIZE - 64 - EGPR_BYTES - 16];
} __attribute__((aligned(4096)));

_Static_assert(sizeof(struct egpr_page) == EGPR_PAGE_SIZE, "the register file is one page");

#endif /* EGPR_PAGE_H */
