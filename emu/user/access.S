/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory accesses that may fault, made by the handler for the program.
 *
 * A fault between user_access_begin and user_access_end is turned by the SIGSEGV
 * handler into a return of 1 through user_access_failed. No frame, nothing saved:
 * every function keeps its return address on top of the stack.
 */
	.text
	.globl user_access_begin, user_access_end, user_access_failed
	.hidden user_access_begin, user_access_end, user_access_failed
user_access_begin:

/**
 * user_copy - copy bytes, in one access where len is 1, 2, 4 or 8
 * @to:	  %rdi
 * @from: %rsi
 * @len:  %rdx
 *
 * Returns:
 *	eax: 0, or 1 after a fault
 */
	.p2align 4
	.globl user_copy
	.hidden user_copy
	.type user_copy, @function
user_copy:
	cmp $8, %rdx
	je .Lcopy8
	cmp $4, %rdx
	je .Lcopy4
	cmp $2, %rdx
	je .Lcopy2
	cmp $1, %rdx
	je .Lcopy1
	mov %rdx, %rcx
	rep movsb
	xor %eax, %eax
	ret
.Lcopy8:
	mov (%rsi), %rax
	mov %rax, (%rdi)
	xor %eax, %eax
	ret
.Lcopy4:
	mov (%rsi), %eax
	mov %eax, (%rdi)
	xor %eax, %eax
	ret
.Lcopy2:
	movzwl (%rsi), %eax
	mov %ax, (%rdi)
	xor %eax, %eax
	ret
.Lcopy1:
	movzbl (%rsi), %eax
	mov %al, (%rdi)
	xor %eax, %eax
	ret
	.size user_copy, . - user_copy

/**
 * user_probe_write - fault as a write would, change nothing
 * @at:	%rdi
 *
 * Returns:
 *	eax: 0, or 1 after a fault
 */
	.p2align 4
	.globl user_probe_write
	.hidden user_probe_write
	.type user_probe_write, @function
user_probe_write:
	lock orb $0, (%rdi)
	xor %eax, %eax
	ret
	.size user_probe_write, . - user_probe_write

/**
 * user_cas - LOCK CMPXCHG of 1, 2, 4 or 8 bytes
 * @at:	 %rdi
 * @old: %rsi, uint64_t *: expected; what was there if it differed
 * @new: %rdx
 * @len: %ecx
 *
 * Returns:
 *	eax: 0 exchanged, 2 not, 1 after a fault
 */
	.p2align 4
	.globl user_cas
	.hidden user_cas
	.type user_cas, @function
user_cas:
	mov (%rsi), %rax
	cmp $8, %ecx
	je .Lcas8
	cmp $4, %ecx
	je .Lcas4
	cmp $2, %ecx
	je .Lcas2
	lock cmpxchgb %dl, (%rdi)
	movzbl %al, %eax
	jmp .Lcas_done
.Lcas2:
	lock cmpxchgw %dx, (%rdi)
	movzwl %ax, %eax
	jmp .Lcas_done
.Lcas4:
	lock cmpxchgl %edx, (%rdi)
	mov %eax, %eax
	jmp .Lcas_done
.Lcas8:
	lock cmpxchgq %rdx, (%rdi)
.Lcas_done:
	jne .Lcas_differs
	xor %eax, %eax
	ret
.Lcas_differs:
	mov %rax, (%rsi)
	mov $2, %eax
	ret
	.size user_cas, . - user_cas

user_access_end:
user_access_failed:
	mov $1, %eax
	ret

	.section .note.GNU-stack, "", @progbits
