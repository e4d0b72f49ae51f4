/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest that times NOPs, carried inside the library: `doctor` must be able to
 * judge a host without any file.
 */
	.section .rodata
	.balign 8
	.globl vmm_nops_image
vmm_nops_image:
	.incbin NOPS_ELF
.Lend:
	.globl vmm_nops_image_size
	.balign 8
vmm_nops_image_size:
	.quad .Lend - vmm_nops_image
	.section .note.GNU-stack, "", @progbits
