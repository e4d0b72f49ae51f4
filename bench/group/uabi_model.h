/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM_GET_XSAVE2 and KVM_SET_XSAVE of a vCPU whose r16..r31 are in regs[], as a model in user space.
 *
 * It follows the diff of 2026-04-02 ("Re: [PATCH 0/7] KVM: x86: APX reg prep work") in the order of its
 * operations: out, fpstate to buffer with zeros for what is not present, then r16..r31 from regs[]; in,
 * XFD's bits off, then regs[] and fpstate from the buffer. Beside it stand the other answers to "what
 * about the APX area in guest fpstate?". Layout and sizes are Intel's; the code is the lab's own.
 */
#ifndef BENCH_GROUP_UABI_MODEL_H
#define BENCH_GROUP_UABI_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include <egpr/regs.h>

/* X(sym, id, text): where r16..r31 are, and what is in the APX area of the guest's fpstate. */
/* clang-format off */
#define UABI_POLICIES(X)								\
	X(FPSTATE, "fpstate", "XSAVE is the single source of truth: in the area, no copy in regs[]")	\
	X(POSTED, "posted", "regs[], copied beside the fpstate as the posted diff does")	\
	X(UNUSED, "unused", "regs[]; the area is there and stays initial")		\
	X(EXCLUDED, "excluded", "regs[]; no area; permission by what is kept")		\
	X(EXCLUDED_PERM, "excluded-perm", "regs[]; no area; permission by what has an area")
/* clang-format on */

#define UABI_POLICY_ENUM(sym, id, text) UABI_##sym,
enum uabi_policy {
	UABI_POLICIES(UABI_POLICY_ENUM) NR_UABI_POLICIES
};

#define UABI_X87_SSE   0x3ull
#define UABI_AVX       0x4ull
#define UABI_AVX512    0xe0ull
#define UABI_PKRU      0x200ull
#define UABI_TILEDATA  0x40000ull
#define UABI_AMX       0x60000ull
#define UABI_APX       (1ull << EGPR_XFEATURE)
#define UABI_COMPACTED (1ull << 63)

#define UABI_APX_BYTES ((size_t)EGPR_BYTES)

#define UABI_LEGACY	512
#define UABI_STATE_AT	512 /* XSTATE_BV */
#define UABI_XCOMP_AT	520
#define UABI_HEADER	64
#define UABI_BYTES_MAX	16384
#define UABI_COMPONENTS (EGPR_XFEATURE + 1)

/**
 * struct uabi_copies - what calls copied
 * @calls: of memcpy() and memset()
 * @bytes: in all
 */
struct uabi_copies {
	uint64_t calls;
	uint64_t bytes;
};

/**
 * struct uabi_vcpu - a vCPU, as far as its extended state goes
 * @policy: where r16..r31 are
 * @supported: XCR0 that the guest's CPUID leaf 0xD offers
 * @features: components that have a place in @area
 * @perm: components that the process may give its guest (KVM_X86_XCOMP_GUEST_SUPP)
 * @xfd: the guest's IA32_XFD
 * @regs: r0..r31; r16..r31 count unless @policy is FPSTATE
 * @xfeatures: XSTATE_BV of the fpstate
 * @bytes: of @area, compacted
 * @area: the fpstate behind its header
 * @at: where each component is in it, by number
 * @copies: so far
 */
struct uabi_vcpu {
	enum uabi_policy policy;
	uint64_t supported;
	uint64_t features;
	uint64_t perm;
	uint64_t xfd;
	uint64_t regs[2 * EGPR_COUNT];
	uint64_t xfeatures;
	size_t bytes;
	uint8_t *area;
	uint16_t at[UABI_COMPONENTS];
	struct uabi_copies copies;
};

/* A vCPU in its initial state. Return: 0, or -ENOMEM. */
int uabi_open(struct uabi_vcpu *v, enum uabi_policy policy, uint64_t supported);
void uabi_close(struct uabi_vcpu *v);

/* Bytes that KVM_CAP_XSAVE2 answers: the furthest end of any component, not the last one's. */
size_t uabi_size(uint64_t supported);
/* Bytes that a vCPU takes: fpstate with header, and its part of regs[]. */
size_t uabi_memory(const struct uabi_vcpu *v);
/* Offset and size of a component in the standard format; 0 where there is none. */
size_t uabi_offset(unsigned int component, size_t *bytes);

/* KVM_GET_XSAVE2. Return: 0; -EINVAL where @size is too small. */
int uabi_get(struct uabi_vcpu *v, void *buffer, size_t size);
/* KVM_SET_XSAVE; the buffer's header may change. Return: 0; -EINVAL for a header that is refused. */
int uabi_set(struct uabi_vcpu *v, void *buffer);

/* The guest writes r16..r31 and another component, and reads r16..r31. */
void uabi_guest_write(struct uabi_vcpu *v, const uint64_t *egprs);
void uabi_guest_write_component(struct uabi_vcpu *v, unsigned int component, const void *bytes);
void uabi_guest_read(const struct uabi_vcpu *v, uint64_t *egprs);

/* The APX area of the fpstate, NULL without one, or where XSTATE_BV says that it is initial. */
const void *uabi_apx_area(const struct uabi_vcpu *v);

#endif /* BENCH_GROUP_UABI_MODEL_H */
