// SPDX-License-Identifier: GPL-2.0-only
/*
 * Part of an edited kvm.ko: a vCPU's r16..r31 outside of its fpstate, and the two copies that give them to
 * KVM_GET_XSAVE and take them from KVM_SET_XSAVE. Off unless kvm.ko is loaded with egpr_uabi=:
 *
 *   posted	in the order of the diff of 2026-04-02: out for every guest; in before the header is checked, and
 *		only where XSTATE_BV[19] is set
 *   excluded	out for guests whose CPUID leaf 0xD has the component; in once the rest is taken, zeros
 *		where the bit is clear
 *
 * For CPUs without APX, whose fpstate has no place for component 19: so its bit is taken out of what the
 * kernel's FPU code gets. Nothing here lets a guest set XCR0.APX. struct kvm_vcpu_arch is the
 * distribution's, so the registers are in a table beside it.
 */
#include <linux/hashtable.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <egpr/regs.h>

#include "cpuid.h"

#define LEAF_XSAVE 0xd
#define APX	   BIT_ULL(EGPR_XFEATURE)
#define TABLE_BITS 6

/* For the names that uabi.h covers: the kernel's own are meant here. */
#include "uabi.h"
#undef fpu_free_guest_fpstate

struct egpr_uabi_vcpu {
	struct hlist_node node;
	struct fpu_guest *gfpu;
	u64 regs[EGPR_COUNT];
};

static DEFINE_HASHTABLE(vcpus, TABLE_BITS);
static DEFINE_SPINLOCK(lock);

static char *egpr_uabi = "off";
module_param(egpr_uabi, charp, 0444);
MODULE_PARM_DESC(egpr_uabi,
		 "r16-r31 in KVM_GET_XSAVE and KVM_SET_XSAVE: off (default), posted, excluded");

static bool is_posted(void)
{
	return !strcmp(egpr_uabi, "posted");
}

static bool is_on(void)
{
	return is_posted() || !strcmp(egpr_uabi, "excluded");
}

/* The vCPU's, which its ioctls have locked. */
static u64 *regs_of(struct fpu_guest *gfpu)
{
	struct egpr_uabi_vcpu *v;
	u64 *regs = NULL;

	spin_lock(&lock);
	hash_for_each_possible(vcpus, v, node, (unsigned long)gfpu)
	{
		if (v->gfpu == gfpu)
			regs = v->regs;
	}
	spin_unlock(&lock);
	return regs;
}

static bool was_given(struct fpu_guest *gfpu)
{
	struct kvm_vcpu *vcpu = container_of(gfpu, struct kvm_vcpu, arch.guest_fpu);
	struct kvm_cpuid_entry2 *e = kvm_find_cpuid_entry_index(vcpu, LEAF_XSAVE, 0);

	return e && e->eax & APX;
}

bool egpr_uabi_alloc(struct fpu_guest *gfpu)
{
	struct egpr_uabi_vcpu *v;

	if (!is_on())
		return true;
	v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
	if (!v) {
		fpu_free_guest_fpstate(gfpu);
		return false;
	}
	v->gfpu = gfpu;
	spin_lock(&lock);
	hash_add(vcpus, &v->node, (unsigned long)gfpu);
	spin_unlock(&lock);
	return true;
}

void egpr_uabi_free(struct fpu_guest *gfpu)
{
	u64 *regs = regs_of(gfpu);
	struct egpr_uabi_vcpu *v;

	if (!regs)
		return;
	v = container_of(regs, struct egpr_uabi_vcpu, regs[0]);
	spin_lock(&lock);
	hash_del(&v->node);
	spin_unlock(&lock);
	kfree(v);
}

static u64 *bv_of(void *buffer)
{
	return buffer + EGPR_XSAVE_HEADER_OFFSET;
}

void egpr_uabi_out(struct fpu_guest *gfpu, void *buffer, unsigned int size)
{
	u64 *regs = regs_of(gfpu);

	if (!regs || size < EGPR_XSAVE_STD_OFFSET + EGPR_BYTES)
		return;
	if (!is_posted() && !was_given(gfpu))
		return;
	memcpy(buffer + EGPR_XSAVE_STD_OFFSET, regs, EGPR_BYTES);
	*bv_of(buffer) |= APX;
}

u64 egpr_uabi_in(struct fpu_guest *gfpu, void *buffer)
{
	u64 *regs = regs_of(gfpu), bv = *bv_of(buffer);

	if (!regs)
		return bv;
	if (is_posted() && bv & APX)
		memcpy(regs, buffer + EGPR_XSAVE_STD_OFFSET, EGPR_BYTES);
	/* A component that the guest does not have is for the FPU code to refuse. */
	if (is_posted() || was_given(gfpu))
		*bv_of(buffer) &= ~APX;
	return bv;
}

int egpr_uabi_in_end(struct fpu_guest *gfpu, void *buffer, u64 bv, int ret)
{
	u64 *regs = regs_of(gfpu);

	if (ret || !regs || is_posted() || !was_given(gfpu))
		return ret;
	if (bv & APX)
		memcpy(regs, buffer + EGPR_XSAVE_STD_OFFSET, EGPR_BYTES);
	else
		memset(regs, 0, EGPR_BYTES);
	return 0;
}
