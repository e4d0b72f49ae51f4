// SPDX-License-Identifier: GPL-2.0-only
/*
 * APX as KVM itself offers it: what KVM says of it, and a guest whose APX goes on and off.
 *
 * The guest's XCR0 is set from outside: the payload may be at CPL 3, and one vCPU has to serve arms of
 * different guest states, for two would differ in more than that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "internal.h"

#define XCR0_APX (1ull << EGPR_XFEATURE)

enum vmm_apx_offer vmm_apx_offer(const struct vmm_apx *a)
{
	bool settable = !a->told || a->settable;

	if (a->flag && a->component && a->bytes == EGPR_BYTES && settable)
		return VMM_APX_WHOLE;
	if (!a->flag && !a->component && !a->bytes && !(a->told && a->settable))
		return VMM_APX_NONE;
	return VMM_APX_PART;
}

void vmm_apx_text(const struct vmm_apx *a, char *text, size_t size)
{
	snprintf(text, size,
		 "KVM_GET_SUPPORTED_CPUID: 7.1:EDX[21] (APX_F) %d, 0xD.0:EAX[%d] %d, 0xD.%d:EAX %u "
		 "bytes; KVM_X86_XCOMP_GUEST_SUPP[%d] %s",
		 a->flag, EGPR_XFEATURE, a->component, EGPR_XFEATURE, a->bytes, EGPR_XFEATURE,
		 !a->told      ? "not told"
		 : a->settable ? "1"
			       : "0");
}

void vmm_xsave_forget_apx(void *area)
{
	uint64_t bv;

	memcpy(&bv, (char *)area + EGPR_XSAVE_HEADER_OFFSET, sizeof(bv));
	bv &= ~XCR0_APX;
	memcpy((char *)area + EGPR_XSAVE_HEADER_OFFSET, &bv, sizeof(bv));
	memset((char *)area + EGPR_XSAVE_STD_OFFSET, 0, EGPR_COUNT * sizeof(uint64_t));
}

/* r16..r31 zero and in their initial configuration; the rest of the guest's state as it is. */
static int forget(const struct vmm *vm, struct vmm_error *e)
{
	int size = ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2), ret;
	void *area;

	if (size < (int)sizeof(struct kvm_xsave))
		size = sizeof(struct kvm_xsave);
	area = calloc(1, (size_t)size);
	if (!area)
		return vmm_fail(e, EGPR_INTERNAL, "guest APX", NULL, "out of memory");
	ret = ioctl(vm->vcpu, size > (int)sizeof(struct kvm_xsave) ? KVM_GET_XSAVE2 : KVM_GET_XSAVE,
		    area);
	if (!ret) {
		vmm_xsave_forget_apx(area);
		ret = ioctl(vm->vcpu, KVM_SET_XSAVE, area);
	}
	free(area);
	return ret ? vmm_fail(e, EGPR_UNAVAILABLE, "guest APX", NULL,
			      "KVM does not take the guest's XSAVE state back: %s", strerror(errno))
		   : 0;
}

int vmm_guest_xcr0(const struct vmm *vm, uint64_t *xcr0, struct vmm_error *e)
{
	struct kvm_xcrs x;

	if (vm->o.emulate) {
		*xcr0 = vm->guest_xcr0;
		return 0;
	}
	memset(&x, 0, sizeof(x));
	if (ioctl(vm->vcpu, KVM_GET_XCRS, &x) || !x.nr_xcrs)
		return vmm_fail(e, EGPR_UNAVAILABLE, "guest XCR0", NULL, "KVM_GET_XCRS: %s",
				strerror(errno));
	*xcr0 = x.xcrs[0].value;
	return 0;
}

static int set_xcr0(struct vmm *vm, uint64_t xcr0, struct vmm_error *e)
{
	struct kvm_xcrs x = { .nr_xcrs = 1, .xcrs[0].value = xcr0 };

	if (vm->o.emulate) {
		vm->guest_xcr0 = vm->page->xcr0 = xcr0;
		memset(vm->page->r, 0, sizeof(vm->page->r));
		vm->page->xinuse = 0;
		return 0;
	}
	if (ioctl(vm->vcpu, KVM_SET_XCRS, &x))
		return vmm_fail(e, EGPR_UNAVAILABLE, "guest XCR0",
				"see `egprlab doctor` for what KVM offers guests",
				"KVM does not let it be 0x%llx: %s", (unsigned long long)xcr0,
				strerror(errno));
	return forget(vm, e);
}

int vmm_set_state(struct vmm *vm, enum egpr_guest_state state, struct vmm_error *e)
{
	struct egpr_mailbox *m = mailbox(vm);
	uint64_t xcr0 = 0;
	int ret = 0;

	/* A guest without XSAVE has no XCR0, and APX is off in it. */
	if (m->xcr0 || vm->o.emulate || state != EGPR_STATE_OFF) {
		ret = vmm_guest_xcr0(vm, &xcr0, e);
		xcr0 &= ~XCR0_APX;
		if (state != EGPR_STATE_OFF)
			xcr0 |= XCR0_APX;
		if (!ret)
			ret = set_xcr0(vm, xcr0, e);
	}
	if (!ret)
		vmm_use_apx(vm, state);
	return ret;
}
