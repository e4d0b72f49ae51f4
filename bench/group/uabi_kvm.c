// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPUs for the ioctls of group uabi: see uabi_kvm.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "uabi_kvm.h"
#include "uabi_model.h"

#define CPUID_ENTRIES	     256 /* KVM_MAX_CPUID_ENTRIES */
#define LEAF_FEATURES	     1
#define ECX_XSAVE	     (1u << 26)
#define LEAF_XSAVE	     0xd
#define XSAVE_PAGE	     4096
#define MSRS_MAX	     512
#define MXCSR_AT	     24
#define MXCSR_INIT	     0x1f80u
#define FCW_INIT	     0x37fu
#define REQ_XCOMP_GUEST_PERM 0x1025 /* ARCH_REQ_XCOMP_GUEST_PERM */
#define TILEDATA_NR	     18

/* Of a KVM that scripts/kvm-build made: r16..r31 in XSAVE buffers on a CPU without APX. */
#define EDITED_UABI "/sys/module/kvm/parameters/egpr_uabi"

static struct kvm_cpuid2 *supported_cpuid(int kvm)
{
	struct kvm_cpuid2 *c =
		calloc(1, sizeof(*c) + CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2));

	if (!c)
		return NULL;
	c->nent = CPUID_ENTRIES;
	if (!ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c))
		return c;
	free(c);
	return NULL;
}

static struct kvm_cpuid_entry2 *leaf(struct kvm_cpuid2 *c, uint32_t function, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < c->nent; i++) {
		if (c->entries[i].function == function && c->entries[i].index == index)
			return &c->entries[i];
	}
	return NULL;
}

/* Guests have component 19 there by their CPUID; KVM_GET_SUPPORTED_CPUID is the CPU's, and does not say so. */
static uint64_t edited(void)
{
	char word[16] = "";
	int fd = open(EDITED_UABI, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (read(fd, word, sizeof(word) - 1) < 0)
		*word = '\0';
	close(fd);
	return *word && strncmp(word, "off", 3) ? UABI_APX : 0;
}

static uint64_t components(struct kvm_cpuid2 *c)
{
	const struct kvm_cpuid_entry2 *x = leaf(c, LEAF_XSAVE, 0);

	return x ? ((uint64_t)x->edx << 32 | x->eax) | edited() : 0;
}

uint64_t uabi_kvm_supported(const char *path)
{
	int kvm = open(path, O_RDWR | O_CLOEXEC);
	struct kvm_cpuid2 *c;
	uint64_t xcr0;

	if (kvm < 0)
		return 0;
	/* Without it KVM does not even list the components. Where there is no AMX it fails. */
	syscall(SYS_arch_prctl, REQ_XCOMP_GUEST_PERM, TILEDATA_NR);
	c = supported_cpuid(kvm);
	xcr0 = c ? components(c) : 0;
	free(c);
	close(kvm);
	return xcr0;
}

static int fail_call(struct data_error *e, const char *call)
{
	return data_fail(e, EGPR_SKIPPED, "%s: %s", call, strerror(errno));
}

static int set_cpuid(struct uabi_kvm *k, uint64_t xcr0, struct data_error *e)
{
	struct kvm_cpuid2 *c = supported_cpuid(k->kvm);
	struct kvm_cpuid_entry2 *features, *xsave;
	int ret = 0;

	if (!c)
		return fail_call(e, "KVM_GET_SUPPORTED_CPUID");
	if (xcr0 & ~components(c)) {
		ret = data_fail(e, EGPR_SKIPPED,
				"this KVM gives guests XCR0 0x%llx, which lacks 0x%llx",
				(unsigned long long)components(c),
				(unsigned long long)(xcr0 & ~components(c)));
		goto out;
	}
	features = leaf(c, LEAF_FEATURES, 0);
	xsave = leaf(c, LEAF_XSAVE, 0);
	if (features && xsave) {
		features->ecx |= ECX_XSAVE; /* PVM lists the components, yet not the flag */
		xsave->eax = (uint32_t)xcr0;
		xsave->edx = (uint32_t)(xcr0 >> 32);
	}
	if (ioctl(k->vcpu, KVM_SET_CPUID2, c))
		ret = fail_call(e, "KVM_SET_CPUID2");
	k->xcr0 = xcr0;
out:
	free(c);
	return ret;
}

void uabi_kvm_pattern(void *xsave, size_t bytes, uint64_t bv, unsigned int pattern)
{
	uint16_t fcw = FCW_INIT;
	uint32_t mxcsr[2] = { MXCSR_INIT, 0 };

	memset(xsave, (int)pattern, bytes);
	/* What XRSTOR would refuse, or what would trap in the guest. */
	memset(xsave, 0, MXCSR_AT + sizeof(mxcsr));
	memcpy(xsave, &fcw, sizeof(fcw));
	memcpy((char *)xsave + MXCSR_AT, mxcsr, sizeof(mxcsr));
	memset((char *)xsave + UABI_LEGACY, 0, UABI_HEADER);
	memcpy((char *)xsave + UABI_STATE_AT, &bv, sizeof(bv));
}

int uabi_kvm_get_xsave(const struct uabi_kvm *k, void *xsave)
{
	int ret = ioctl(k->vcpu, KVM_GET_XSAVE2, xsave);

	return ret && k->xsave_bytes <= XSAVE_PAGE ? ioctl(k->vcpu, KVM_GET_XSAVE, xsave) : ret;
}

/* Everything in use, and seen to come out again. */
static int fill_xsave(struct uabi_kvm *k, struct data_error *e)
{
	/* A configuration of tiles that is random is none that can be loaded. */
	uint64_t bv = k->xcr0 & ~(UABI_AMX & ~UABI_TILEDATA), got;
	int size = ioctl(k->vm, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);

	k->xsave_bytes = size > XSAVE_PAGE ? (size_t)size : XSAVE_PAGE;
	k->xsave = calloc(1, k->xsave_bytes);
	if (!k->xsave)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	uabi_kvm_pattern(k->xsave, k->xsave_bytes, bv, 0x5a);
	if (ioctl(k->vcpu, KVM_SET_XSAVE, k->xsave))
		return fail_call(e, "KVM_SET_XSAVE");
	if (uabi_kvm_get_xsave(k, k->xsave))
		return fail_call(e, "KVM_GET_XSAVE2");
	memcpy(&got, (char *)k->xsave + UABI_STATE_AT, sizeof(got));
	if ((got & bv) != bv)
		return data_fail(e, EGPR_DATA,
				 "KVM_SET_XSAVE with XSTATE_BV 0x%llx came back as 0x%llx",
				 (unsigned long long)bv, (unsigned long long)got);
	return 0;
}

/* Does this MSR go out and in again? */
static bool is_movable(const struct uabi_kvm *k, uint32_t index)
{
	_Alignas(struct kvm_msrs) char
		raw[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)] = { 0 };
	struct kvm_msrs *one = (struct kvm_msrs *)raw;

	one->nmsrs = 1;
	one->entries[0].index = index;
	return ioctl(k->vcpu, KVM_GET_MSRS, one) == 1 && ioctl(k->vcpu, KVM_SET_MSRS, one) == 1;
}

static int find_msrs(struct uabi_kvm *k, struct data_error *e)
{
	struct kvm_msr_list *list = calloc(1, sizeof(*list) + MSRS_MAX * sizeof(uint32_t));
	uint32_t i;
	int ret = 0;

	k->msrs = calloc(1, sizeof(*k->msrs) + MSRS_MAX * sizeof(struct kvm_msr_entry));
	if (!list || !k->msrs) {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
		goto out;
	}
	list->nmsrs = MSRS_MAX;
	if (ioctl(k->kvm, KVM_GET_MSR_INDEX_LIST, list)) {
		ret = fail_call(e, "KVM_GET_MSR_INDEX_LIST");
		goto out;
	}
	for (i = 0; i < list->nmsrs; i++) {
		if (is_movable(k, list->indices[i]))
			k->msrs->entries[k->msrs->nmsrs++].index = list->indices[i];
	}
	if (!k->msrs->nmsrs || ioctl(k->vcpu, KVM_GET_MSRS, k->msrs) != (int)k->msrs->nmsrs)
		ret = fail_call(e, "KVM_GET_MSRS");
out:
	free(list);
	return ret;
}

int uabi_kvm_open(struct uabi_kvm *k, const char *path, uint64_t xcr0, struct data_error *e)
{
	int bytes, ret;

	memset(k, 0, sizeof(*k));
	k->vm = k->vcpu = -1;
	k->kvm = open(path, O_RDWR | O_CLOEXEC);
	if (k->kvm < 0)
		return data_fail(e, EGPR_SKIPPED, "%s: %s", path, strerror(errno));
	k->vm = ioctl(k->kvm, KVM_CREATE_VM, 0);
	if (k->vm < 0)
		return fail_call(e, "KVM_CREATE_VM");
	k->vcpu = ioctl(k->vm, KVM_CREATE_VCPU, 0);
	if (k->vcpu < 0)
		return fail_call(e, "KVM_CREATE_VCPU");
	bytes = ioctl(k->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (bytes < (int)sizeof(*k->run))
		return fail_call(e, "KVM_GET_VCPU_MMAP_SIZE");
	k->run_bytes = (size_t)bytes;
	k->run = mmap(NULL, k->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, k->vcpu, 0);
	if (k->run == MAP_FAILED) {
		k->run = NULL;
		return fail_call(e, "mapping the run page");
	}
	ret = set_cpuid(k, xcr0, e);
	if (!ret)
		ret = fill_xsave(k, e);
	if (!ret)
		ret = find_msrs(k, e);
	if (!ret && ioctl(k->vcpu, KVM_GET_REGS, &k->regs))
		ret = fail_call(e, "KVM_GET_REGS");
	return ret;
}

void uabi_kvm_close(struct uabi_kvm *k)
{
	free(k->xsave);
	free(k->msrs);
	if (k->run)
		munmap(k->run, k->run_bytes);
	if (k->vcpu >= 0)
		close(k->vcpu);
	if (k->vm >= 0)
		close(k->vm);
	if (k->kvm >= 0)
		close(k->kvm);
}

static const char *save(struct uabi_kvm *k)
{
	if (ioctl(k->vcpu, KVM_GET_MP_STATE, &k->mp_state))
		return "KVM_GET_MP_STATE";
	if (ioctl(k->vcpu, KVM_GET_REGS, &k->regs))
		return "KVM_GET_REGS";
	if (uabi_kvm_get_xsave(k, k->xsave))
		return "KVM_GET_XSAVE2";
	if (ioctl(k->vcpu, KVM_GET_XCRS, &k->xcrs))
		return "KVM_GET_XCRS";
	if (ioctl(k->vcpu, KVM_GET_SREGS, &k->sregs))
		return "KVM_GET_SREGS";
	if (ioctl(k->vcpu, KVM_GET_MSRS, k->msrs) != (int)k->msrs->nmsrs)
		return "KVM_GET_MSRS";
	if (ioctl(k->vcpu, KVM_GET_VCPU_EVENTS, &k->events))
		return "KVM_GET_VCPU_EVENTS";
	return ioctl(k->vcpu, KVM_GET_DEBUGREGS, &k->debugregs) ? "KVM_GET_DEBUGREGS" : NULL;
}

const char *uabi_kvm_migrate(struct uabi_kvm *from, const struct uabi_kvm *to)
{
	const char *failed = save(from);

	if (failed)
		return failed;
	if (ioctl(to->vcpu, KVM_SET_SREGS, &from->sregs))
		return "KVM_SET_SREGS";
	if (ioctl(to->vcpu, KVM_SET_MSRS, from->msrs) != (int)from->msrs->nmsrs)
		return "KVM_SET_MSRS";
	if (ioctl(to->vcpu, KVM_SET_XCRS, &from->xcrs))
		return "KVM_SET_XCRS";
	if (ioctl(to->vcpu, KVM_SET_XSAVE, from->xsave))
		return "KVM_SET_XSAVE";
	if (ioctl(to->vcpu, KVM_SET_REGS, &from->regs))
		return "KVM_SET_REGS";
	if (ioctl(to->vcpu, KVM_SET_VCPU_EVENTS, &from->events))
		return "KVM_SET_VCPU_EVENTS";
	if (ioctl(to->vcpu, KVM_SET_DEBUGREGS, &from->debugregs))
		return "KVM_SET_DEBUGREGS";
	return ioctl(to->vcpu, KVM_SET_MP_STATE, &from->mp_state) ? "KVM_SET_MP_STATE" : NULL;
}
