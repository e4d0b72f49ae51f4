/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmcall: the CPU's own hypercall instruction with a number that KVM does not know.
 *
 * KVM answers with an error in rax. The payload changes VMCALL to VMMCALL on AMD by
 * itself; KVM would do so the first time, but at CPL 3 it may not write the code. Where a
 * KVM that interprets CPL 0 patches it to what it cannot execute either, the
 * instruction is retried for ever: the watchdog ends that.
 */
#include "runtime/payload.h"

#define HYPERCALL_UNKNOWN 0x45475052 /* "EGPR" */
#define VENDOR_AMD_ECX	  0x444d4163 /* "cAMD": CPUID.0:ECX */
#define VMMCALL_MODRM	  0xd9
#define MODRM_OFFSET	  2

	.section .data.vmcalls, "aw"
vmcalls:
	.text

payload_prepare_begin
	push %rbx
	xor %eax, %eax
	cpuid
	pop %rbx
	cmp $VENDOR_AMD_ECX, %ecx
	jne .Lnot_amd
	mov $vmcalls, %esi
.Lpatch:
	mov (%rsi), %rax
	movb $VMMCALL_MODRM, MODRM_OFFSET(%rax)
	add $8, %rsi
	cmp $vmcalls_end, %rsi
	jb .Lpatch
.Lnot_amd:
payload_prepare_end

.macro payload_operands
.endm
.macro payload_exit
	mov $HYPERCALL_UNKNOWN, %eax
1:	vmcall
	.pushsection .data.vmcalls
	.quad 1b
	.popsection
.endm

PAYLOAD_BATCH

	.section .data.vmcalls
vmcalls_end:
