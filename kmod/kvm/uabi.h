/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * r16..r31 in KVM_GET_XSAVE and KVM_SET_XSAVE of an edited kvm.ko: see uabi.c.
 *
 * kmod/kvm/edit-uabi has x86.c include this behind its own headers. The four calls of the kernel's FPU code
 * there get a companion, whatever other arguments they have in this kernel.
 */
#ifndef KMOD_KVM_UABI_H
#define KMOD_KVM_UABI_H

#include <asm/fpu/api.h>

bool egpr_uabi_alloc(struct fpu_guest *gfpu);
void egpr_uabi_free(struct fpu_guest *gfpu);
/* Behind fpstate -> buffer, which zeroes what is not present. */
void egpr_uabi_out(struct fpu_guest *gfpu, void *buffer, unsigned int size);
/* In front of buffer -> fpstate. Return: XSTATE_BV as it was. */
u64 egpr_uabi_in(struct fpu_guest *gfpu, void *buffer);
/* And behind it. Return: @ret, or a reason to refuse. */
int egpr_uabi_in_end(struct fpu_guest *gfpu, void *buffer, u64 bv, int ret);

#define fpu_alloc_guest_fpstate(gfpu) (fpu_alloc_guest_fpstate(gfpu) && egpr_uabi_alloc(gfpu))
#define fpu_free_guest_fpstate(gfpu)          \
	do {                                  \
		egpr_uabi_free(gfpu);         \
		fpu_free_guest_fpstate(gfpu); \
	} while (0)
#define fpu_copy_guest_fpstate_to_uabi(gfpu, buffer, size, ...)                  \
	do {                                                                     \
		fpu_copy_guest_fpstate_to_uabi(gfpu, buffer, size, __VA_ARGS__); \
		egpr_uabi_out(gfpu, buffer, size);                               \
	} while (0)
#define fpu_copy_uabi_to_guest_fpstate(gfpu, buffer, ...)                                    \
	({                                                                                   \
		u64 bv_ = egpr_uabi_in(gfpu, buffer);                                        \
                                                                                             \
		egpr_uabi_in_end(gfpu, buffer, bv_,                                          \
				 fpu_copy_uabi_to_guest_fpstate(gfpu, buffer, __VA_ARGS__)); \
	})

#endif /* KMOD_KVM_UABI_H */
