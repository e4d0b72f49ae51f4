/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A payload that is itself a hypervisor: L1, which runs one L2 by VMX or by SVM.
 *
 * The payload defines L2_VMX and L2_SVM first: the instruction with which L2 leaves to L1. It
 * gets l2_start, a function that starts L2 for the first time, and l2_round, one that runs it
 * again and comes back when it has left. L2 has L1's paging, segments and IDT, a stack of its own, and finds
 * the general registers as L1 left them, but for rax on SVM. Its instruction pointer stays at the
 * instruction that leaves, so it begins there again.
 *
 * L1 has interrupts off throughout, and on SVM the global interrupt flag is clear behind each exit.
 *
 * In a state proof it begins before, with a look at r16..r31 (state_check), and L1 asks
 * for the reason of each exit. In a timed loop it does not: with VMX that takes an exit of its own.
 *
 * Fields, offsets and what VM entry checks: SDM vol. 3, chapters 25 to 29 and appendix B; APM vol. 2, chapter
 * 15 and appendix B.
 */
#ifndef ASM_PAYLOAD_L2_H
#define ASM_PAYLOAD_L2_H

/* CPUID.1:ECX, CPUID.80000001h:ECX. */
#define LEAF_FEATURES	 1
#define ECX_VMX		 (1 << 5)
#define LEAF_AMD_LARGEST 0x80000000
#define LEAF_AMD	 0x80000001
#define ECX_SVM		 (1 << 2)

#define MSR_FEATURE_CONTROL 0x3a
#define FEATURE_LOCKED	    (1 << 0)
#define FEATURE_VMXON	    (1 << 2) /* outside SMX */
#define MSR_VMX_BASIC	    0x480    /* low half: the revision */
#define MSR_VMX_PIN	    0x481    /* low half of each: the bits that must be set */
#define MSR_VMX_PROC	    0x482
#define MSR_VMX_EXIT	    0x483
#define MSR_VMX_ENTRY	    0x484
#define CR4_VMXE	    (1 << 13)
#define CONTROL_64_BIT	    (1 << 9) /* exit: host address-space size; entry: IA-32e mode guest */

#define MSR_EFER	0xc0000080
#define EFER_SVME	(1 << 12)
#define MSR_VM_HSAVE_PA 0xc0010117

#define VMX_REASON_VMCALL 18
#define SVM_EXIT_VMMCALL  0x81
#define L2_STEP		  2 /* what a report names: L2 */

/* Access rights as VMX has them; SVM packs the same bits closer. */
#define AR_CODE	    0xa09b /* 64-bit, execute, read, accessed */
#define AR_DATA	    0xc093
#define AR_TSS	    0x008b
#define AR_UNUSABLE 0x10000
#define SVM_AR(ar)  (((ar) & 0xff) | ((ar) & 0xf000) >> 4)
#define TSS_LIMIT   0x67
#define RFLAGS_L2   0x2
#define DR7_RESET   0x400
#define DR6_RESET   0xffff0ff0
#define PAT_RESET   0x0007040600070406

#define L2_PAGE	      4096
#define L2_STACK_SIZE 512

/* Offsets in a VMCB; a segment is selector, attributes, limit, base. */
#define VMCB_INTERCEPTS 0x010
#define INTERCEPT_CALLS 0x3 /* VMRUN, which must be, and VMMCALL */
#define VMCB_ASID	0x058
#define VMCB_EXITCODE	0x070
#define VMCB_SEGMENTS	0x400 /* ES, CS, SS, DS; what L1 does not switch is L1's */
#define VMCB_GDTR	0x460
#define VMCB_IDTR	0x480
#define VMCB_EFER	0x4d0
#define VMCB_CR4	0x548
#define VMCB_CR3	0x550
#define VMCB_CR0	0x558
#define VMCB_DR7	0x560
#define VMCB_DR6	0x568
#define VMCB_RFLAGS	0x570
#define VMCB_RIP	0x578
#define VMCB_RSP	0x5d8
#define VMCB_PAT	0x668
#define SEG_LIMIT	4
#define SEG_BASE	8

/* Fields of a VMCS that take a register of L1's, for L2 and for L1 itself. */
#define L2_CR0	     0x6800
#define L2_CR3	     0x6802
#define L2_CR4	     0x6804
#define L2_GDTR	     0x6816
#define L2_IDTR	     0x6818
#define L2_GDT_LIMIT 0x4810
#define L2_IDT_LIMIT 0x4812
#define L2_RIP	     0x681e
#define L1_CR0	     0x6c00
#define L1_CR3	     0x6c02
#define L1_CR4	     0x6c04
#define L1_GDTR	     0x6c0c
#define L1_IDTR	     0x6c0e
#define L1_RSP	     0x6c14
/* And others that the code below names. */
#define PIN_CONTROLS   0x4000
#define PROC_CONTROLS  0x4002
#define EXIT_CONTROLS  0x400c
#define ENTRY_CONTROLS 0x4012
#define INSTR_ERROR    0x4400
#define EXIT_REASON    0x4402

/* SGDT's or SIDT's answer. */
#define TABLE_LIMIT l2_table
#define TABLE_BASE  l2_table+2

/* Field of the VMCS := value. Clobbers rax, rcx. */
.macro l2_put field, value
	mov \value, %rcx
	mov $\field, %eax
	vmwrite %rcx, %rax
	jbe l2_vm_fail
.endm

/* A field of L2's and one of L1's. Clobbers rax, rcx, rdx. */
.macro l2_put_both field_2, field_1, value
	mov \value, %rdx
	l2_put \field_2, %rdx
	l2_put \field_1, %rdx
.endm

/* Controls := what the CPU demands, and @more. Clobbers rax, rcx, rdx. */
.macro l2_put_controls field, msr, more
	mov $\msr, %ecx
	rdmsr
	or $\more, %eax
	mov %eax, %eax
	l2_put \field, %rax
.endm

/* A descriptor table of the VMCB := l2_table. Clobbers rax. */
.macro l2_svm_table at
	movzwl TABLE_LIMIT, %eax
	mov %eax, l2_vmcb + \at + SEG_LIMIT
	mov TABLE_BASE, %rax
	mov %rax, l2_vmcb + \at + SEG_BASE
.endm

.macro l2_svm_segment index, selector, attributes
	.org l2_vmcb + VMCB_SEGMENTS + \index * 16
	.word \selector, \attributes
	.long -1
	.quad 0
.endm

.macro L2_RUNTIME
	.section .data.l2, "aw"
	.balign L2_PAGE
l1_area: /* of VMXON, or the host's save area */
	.fill L2_PAGE
l2_vmcs:
	.fill L2_PAGE

/* What does not depend on L1's registers. */
l2_vmcb:
	.org l2_vmcb + VMCB_INTERCEPTS
	.long INTERCEPT_CALLS
	.org l2_vmcb + VMCB_ASID
	.long 1
	l2_svm_segment 0, EGPR_GUEST_SS0, SVM_AR(AR_DATA)
	l2_svm_segment 1, EGPR_GUEST_CS0, SVM_AR(AR_CODE)
	l2_svm_segment 2, EGPR_GUEST_SS0, SVM_AR(AR_DATA)
	l2_svm_segment 3, EGPR_GUEST_SS0, SVM_AR(AR_DATA)
	.org l2_vmcb + VMCB_DR7
	.quad DR7_RESET, DR6_RESET, RFLAGS_L2, l2_svm_leaves
	.org l2_vmcb + VMCB_RSP
	.quad l2_stack
	.org l2_vmcb + VMCB_PAT
	.quad PAT_RESET
	.org l2_vmcb + L2_PAGE

/* Field, value; in the order of the SDM's appendix. */
l2_fields:
	/* L2's selectors: ES, CS, SS, DS, FS, GS, LDTR, TR. */
	.quad 0x0800, EGPR_GUEST_SS0, 0x0802, EGPR_GUEST_CS0, 0x0804, EGPR_GUEST_SS0
	.quad 0x0806, EGPR_GUEST_SS0, 0x0808, 0, 0x080a, 0, 0x080c, 0, 0x080e, EGPR_GUEST_TR
	/* L1's: ES, CS, SS, DS, FS, GS, TR. */
	.quad 0x0c00, EGPR_GUEST_SS0, 0x0c02, EGPR_GUEST_CS0, 0x0c04, EGPR_GUEST_SS0
	.quad 0x0c06, EGPR_GUEST_SS0, 0x0c08, 0, 0x0c0a, 0, 0x0c0c, EGPR_GUEST_TR
	/* VMCS link pointer: none; DEBUGCTL. */
	.quad 0x2800, -1, 0x2802, 0
	/* Exceptions that leave: none; page faults, mask and match; CR3 targets. */
	.quad 0x4004, 0, 0x4006, 0, 0x4008, 0, 0x400a, 0
	/* MSRs to store and load at exit, to load at entry; event to inject. */
	.quad 0x400e, 0, 0x4010, 0, 0x4014, 0, 0x4016, 0
	/* L2's limits and access rights, as its selectors. */
	.quad 0x4800, 0xffffffff, 0x4802, 0xffffffff, 0x4804, 0xffffffff, 0x4806, 0xffffffff
	.quad 0x4808, 0xffffffff, 0x480a, 0xffffffff, 0x480c, 0, 0x480e, TSS_LIMIT
	.quad 0x4814, AR_DATA, 0x4816, AR_CODE, 0x4818, AR_DATA, 0x481a, AR_DATA
	.quad 0x481c, AR_UNUSABLE, 0x481e, AR_UNUSABLE, 0x4820, AR_UNUSABLE, 0x4822, AR_TSS
	/* L2 can be interrupted, is active; SYSENTER_CS, L2's and L1's. */
	.quad 0x4824, 0, 0x4826, 0, 0x482a, 0, 0x4c00, 0
	/* Bits of CR0 and CR4 that leave: none. */
	.quad 0x6000, 0, 0x6002, 0
	/* L2's bases, as its selectors. */
	.quad 0x6806, 0, 0x6808, 0, 0x680a, 0, 0x680c, 0, 0x680e, 0, 0x6810, 0, 0x6812, 0
	.quad 0x6814, EGPR_GUEST_TSS
	/* DR7, RSP, RIP, RFLAGS, pending debug exceptions, SYSENTER. */
	.quad 0x681a, DR7_RESET, 0x681c, l2_stack, L2_RIP, l2_vmx_leaves, 0x6820, RFLAGS_L2
	.quad 0x6822, 0, 0x6824, 0, 0x6826, 0
	/* L1's bases of FS, GS and TR, SYSENTER, RIP. */
	.quad 0x6c06, 0, 0x6c08, 0, 0x6c0a, EGPR_GUEST_TSS, 0x6c10, 0, 0x6c12, 0, 0x6c16, l2_vmx_left
l2_fields_end:
	.balign 16
	.fill L2_STACK_SIZE
l2_stack:
	.quad 0
l1_rsp:
	.quad 0
l2_run:
	.quad l2_nothing
l2_area_at:
	.quad l1_area
l2_vmcs_at:
	.quad l2_vmcs
l2_table:
	.fill 10

	.text
#ifdef PAYLOAD_STATE
l2_vmx_begins:
	call state_check
	jmp l2_vmx_leaves
l2_svm_begins:
	call state_check
	jmp l2_svm_leaves
#endif
l2_vmx_leaves:
	L2_VMX
	jmp .
l2_svm_leaves:
	L2_SVM
	jmp .

/* L2 did not leave as it must: rcx was wanted, rax was seen. Nothing is run any more. */
l2_lost:
	movq $L2_STEP, MB_FAILED(%r13)
	mov %rcx, MB_EXPECTED(%r13)
	mov %rax, MB_GOT(%r13)
	movq $EGPR_STATUS_DATA, MB_STATUS(%r13)
	movq $l2_nothing, l2_run
l2_nothing:
	ret

/* A VMX instruction failed: 0 was wanted, its error was seen. */
l2_vm_fail:
	mov $INSTR_ERROR, %ecx
	vmread %rcx, %rax
	xor %ecx, %ecx
	jmp l2_lost

l2_vmx_check:
	mov $EXIT_REASON, %ecx
	vmread %rcx, %rax
	mov $VMX_REASON_VMCALL, %ecx
	cmp %rax, %rcx
	jne l2_lost
	ret

l2_vmx_round:
#ifdef PAYLOAD_STATE
	l2_put L2_RIP, $l2_vmx_begins
#endif
	mov %rsp, l1_rsp
	vmresume
	jmp l2_vm_fail
l2_vmx_launch:
	mov %rsp, l1_rsp
	vmlaunch
	jmp l2_vm_fail
/* HOST_RIP. */
l2_vmx_left:
	mov l1_rsp, %rsp
#ifdef PAYLOAD_STATE
	jmp l2_vmx_check
#else
	ret
#endif

l2_svm_round:
#ifdef PAYLOAD_STATE
	movq $l2_svm_begins, l2_vmcb + VMCB_RIP
#endif
l2_svm_run:
	mov $l2_vmcb, %eax
	vmrun %rax
	mov l2_vmcb + VMCB_EXITCODE, %rax
	mov $SVM_EXIT_VMMCALL, %ecx
	cmp %rax, %rcx
	jne l2_lost
	ret

/* Runs L2 until it leaves again. Clobbers rax, rcx. */
l2_round:
	jmp *l2_run

l2_svm_start:
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_SVME, %eax
	wrmsr
	mov %eax, l2_vmcb + VMCB_EFER
	mov %edx, l2_vmcb + VMCB_EFER + 4
	mov $MSR_VM_HSAVE_PA, %ecx
	mov $l1_area, %eax
	xor %edx, %edx
	wrmsr
	mov %cr0, %rax
	mov %rax, l2_vmcb + VMCB_CR0
	mov %cr3, %rax
	mov %rax, l2_vmcb + VMCB_CR3
	mov %cr4, %rax
	mov %rax, l2_vmcb + VMCB_CR4
	sgdt l2_table
	l2_svm_table VMCB_GDTR
	sidt l2_table
	l2_svm_table VMCB_IDTR
	movq $l2_svm_round, l2_run
	jmp l2_svm_run

/* Starts L2, which leaves at once. Without VMX and SVM it is #UD, as VMXON would be. Clobbers rax to rdx. */
l2_start:
	push %rbx
	mov $LEAF_AMD_LARGEST, %eax
	cpuid
	cmp $LEAF_AMD, %eax
	jb .Ll2_no_svm
	mov $LEAF_AMD, %eax
	cpuid
	test $ECX_SVM, %ecx
	jz .Ll2_no_svm
	pop %rbx
	jmp l2_svm_start
.Ll2_no_svm:
	mov $LEAF_FEATURES, %eax
	cpuid
	pop %rbx
	test $ECX_VMX, %ecx
	jnz l2_vmx_start
	ud2

l2_vmx_start:
	mov $MSR_FEATURE_CONTROL, %ecx
	rdmsr
	test $FEATURE_LOCKED, %eax
	jnz .Ll2_locked
	or $(FEATURE_LOCKED | FEATURE_VMXON), %eax
	wrmsr
.Ll2_locked:
	mov %cr4, %rax
	or $CR4_VMXE, %rax
	mov %rax, %cr4
	mov $MSR_VMX_BASIC, %ecx
	rdmsr
	and $0x7fffffff, %eax
	mov %eax, l1_area
	mov %eax, l2_vmcs
	vmxon l2_area_at
	jbe .Ll2_no_vmcs
	vmclear l2_vmcs_at
	jbe .Ll2_no_vmcs
	vmptrld l2_vmcs_at
	jbe .Ll2_no_vmcs

	mov $l2_fields, %edx
.Ll2_field:
	mov (%rdx), %rax
	mov 8(%rdx), %rcx
	vmwrite %rcx, %rax
	jbe l2_vm_fail
	add $16, %rdx
	cmp $l2_fields_end, %rdx
	jb .Ll2_field
	l2_put_controls PIN_CONTROLS, MSR_VMX_PIN, 0
	l2_put_controls PROC_CONTROLS, MSR_VMX_PROC, 0
	l2_put_controls EXIT_CONTROLS, MSR_VMX_EXIT, CONTROL_64_BIT
	l2_put_controls ENTRY_CONTROLS, MSR_VMX_ENTRY, CONTROL_64_BIT
	l2_put_both L2_CR0, L1_CR0, %cr0
	l2_put_both L2_CR3, L1_CR3, %cr3
	l2_put_both L2_CR4, L1_CR4, %cr4
	sgdt l2_table
	movzwl TABLE_LIMIT, %edx
	l2_put L2_GDT_LIMIT, %rdx
	l2_put_both L2_GDTR, L1_GDTR, TABLE_BASE
	sidt l2_table
	movzwl TABLE_LIMIT, %edx
	l2_put L2_IDT_LIMIT, %rdx
	l2_put_both L2_IDTR, L1_IDTR, TABLE_BASE
	l2_put L1_RSP, %rsp
	movq $l2_vmx_round, l2_run
	call l2_vmx_launch
	jmp l2_vmx_check

/* Without a VMCS no error can be read: 0 was wanted, all ones is what stands for it. */
.Ll2_no_vmcs:
	mov $-1, %rax
	xor %ecx, %ecx
	jmp l2_lost
.endm

#endif /* ASM_PAYLOAD_L2_H */
