// SPDX-License-Identifier: GPL-2.0
/*
 * State of r16..r31 where the other APX test does not look: KVM_SET_XSAVE without XSTATE_BV[19], host
 * values in the guest and the other way round, an EGPR as the source of a fastpath WRMSRNS, two vCPUs of
 * different XCR0.APX on one CPU, NMIs while the guest's XCR0 is loaded, a VM entry that fails.
 *
 * One file for tools/testing/selftests/kvm/x86, in the names of its library in Linux 6.12 and 7.3. Needs a
 * CPU and a KVM with APX, and skips without; assemblers need not know APX.
 */
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kvm_util.h"
#include "processor.h"
#include "test_util.h"
#include "apic.h"
#include "kselftest.h"

#define FEATURE_APX	KVM_X86_CPU_FEATURE(0x7, 1, EDX, 21)
#define FEATURE_MSR_IMM KVM_X86_CPU_FEATURE(0x7, 1, ECX, 5)

#define APX_NR	      19
#define APX_BIT	      BIT_ULL(APX_NR)
#define APX_OFFSET    960
#define NR_EGPRS      16
#define XSTATE_BV_AT  512
#define NO_COMPONENT  BIT_ULL(40)
#define ROUNDS	      200
#define TSC_DEADLINE  0x6e0
#define LVTT_DEADLINE (2u << 17)
#define FAR_AHEAD     (1ull << 44)
#define NMI_PERIOD    20000

struct egprs {
	uint64_t r[NR_EGPRS];
};

/* mov disp8(%rdi), %rN and back: REX2.W with R4 and R3, ModRM of rdi. */
/* clang-format off */
#define EGPR_INSN(opcode, n)								\
	".byte 0xd5, " __stringify(0x48 | (((n) & 8) >> 1)) ", " opcode ", "		\
	__stringify(0x47 | (((n) & 7) << 3)) ", " __stringify(8 * (n)) "\n\t"
#define EGPR_ALL(opcode)								\
	EGPR_INSN(opcode, 0) EGPR_INSN(opcode, 1) EGPR_INSN(opcode, 2)			\
	EGPR_INSN(opcode, 3) EGPR_INSN(opcode, 4) EGPR_INSN(opcode, 5)			\
	EGPR_INSN(opcode, 6) EGPR_INSN(opcode, 7) EGPR_INSN(opcode, 8)			\
	EGPR_INSN(opcode, 9) EGPR_INSN(opcode, 10) EGPR_INSN(opcode, 11)		\
	EGPR_INSN(opcode, 12) EGPR_INSN(opcode, 13) EGPR_INSN(opcode, 14)		\
	EGPR_INSN(opcode, 15)
/* clang-format on */

static void egprs_load(const struct egprs *e)
{
	asm volatile(EGPR_ALL("0x8b") : : "D"(e), "m"(*e));
}

static void egprs_store(struct egprs *e)
{
	asm volatile(EGPR_ALL("0x89") : "=m"(*e) : "D"(e));
}

static struct egprs egprs_pattern(uint64_t seed)
{
	struct egprs e;
	int i;

	for (i = 0; i < NR_EGPRS; i++)
		e.r[i] = seed << 32 | (i + 1) * 0x01010101u;
	return e;
}

static bool egprs_same(const struct egprs *a, const struct egprs *b)
{
	int i;

	for (i = 0; i < NR_EGPRS; i++) {
		if (a->r[i] != b->r[i])
			return false;
	}
	return true;
}

/* What a guest found in its registers. */
static struct egprs found;

static void guest_enable(bool apx)
{
	uint64_t xcr0;

	set_cr4(get_cr4() | X86_CR4_OSXSAVE);
	xcr0 = xgetbv(0) & ~APX_BIT;
	xsetbv(0, apx ? xcr0 | APX_BIT : xcr0);
}

/* Sets a pattern, and says after every exit what became of it. */
static void guest_keeper(void)
{
	struct egprs e = egprs_pattern(0x600d);

	guest_enable(true);
	egprs_load(&e);
	for (;;) {
		GUEST_SYNC(1);
		egprs_store(&found);
	}
}

/* Has a pattern, switches APX off, and finds the pattern when APX is on again. */
static void guest_off(void)
{
	struct egprs e = egprs_pattern(0x0ff), now;
	int i;

	for (;;) {
		guest_enable(true);
		egprs_load(&e);
		guest_enable(false);
		for (i = 0; i < 3; i++)
			GUEST_SYNC(2);
		guest_enable(true);
		egprs_store(&now);
		GUEST_ASSERT(egprs_same(&e, &now));
	}
}

/* wrmsrns %r16, TSC_DEADLINE: the handler has to read the guest's r16. */
static void guest_msr_imm(void)
{
	struct egprs e = egprs_pattern(0xdead);

	guest_enable(true);
	x2apic_enable();
	x2apic_write_reg(APIC_LVTT, APIC_LVT_MASKED | LVTT_DEADLINE);
	e.r[0] = rdtsc() + FAR_AHEAD;
	egprs_load(&e);
	asm volatile(".byte 0x62, 0xff, 0x7e, 0x08, 0xf6, 0xc0, 0xe0, 0x06, 0x00, 0x00");
	egprs_store(&found);
	GUEST_ASSERT_EQ(rdmsr(TSC_DEADLINE), e.r[0]);
	GUEST_ASSERT(egprs_same(&e, &found));
	GUEST_DONE();
}

static void guest_without(void)
{
	GUEST_SYNC(1);
	GUEST_DONE();
}

/* Runs up to the guest's next word. Return: whether it said something else than that all is well. */
static bool run_failed(struct kvm_vcpu *vcpu)
{
	struct ucall uc;

	vcpu_run(vcpu);
	if (vcpu->run->exit_reason != KVM_EXIT_IO)
		return true;
	switch (get_ucall(vcpu, &uc)) {
	case UCALL_SYNC:
	case UCALL_DONE:
		return false;
	default:
		ksft_print_msg("guest: %s:%lu\n", (const char *)uc.args[GUEST_FILE],
			       uc.args[GUEST_LINE]);
		return true;
	}
}

static uint64_t *xstate_bv(struct kvm_xsave *x)
{
	return (uint64_t *)((char *)x->region + XSTATE_BV_AT);
}

static struct egprs *xsave_egprs(struct kvm_xsave *x)
{
	return (struct egprs *)((char *)x->region + APX_OFFSET);
}

/*
 * A guest with a pattern; its buffer is changed by @change and set; what the guest then has. Return: what
 * KVM_SET_XSAVE returned.
 */
static int set_xsave(void (*change)(struct kvm_xsave *), struct egprs *now)
{
	struct kvm_xsave x = { 0 };
	struct kvm_vcpu *vcpu;
	struct kvm_vm *vm = vm_create_with_one_vcpu(&vcpu, guest_keeper);
	int ret = -1;

	if (run_failed(vcpu) || run_failed(vcpu))
		goto out;
	vcpu_ioctl(vcpu, KVM_GET_XSAVE, &x);
	change(&x);
	ret = __vcpu_ioctl(vcpu, KVM_SET_XSAVE, &x);
	if (run_failed(vcpu))
		ret = -1;
	sync_global_from_guest(vm, found);
	*now = found;
out:
	kvm_vm_free(vm);
	return ret;
}

static void nothing(struct kvm_xsave *x)
{
}

static bool test_identity(void)
{
	struct egprs want = egprs_pattern(0x600d), now;

	return !set_xsave(nothing, &now) && egprs_same(&want, &now);
}

static void without_bit(struct kvm_xsave *x)
{
	*xstate_bv(x) &= ~APX_BIT;
	*xsave_egprs(x) = egprs_pattern(0xbad);
}

static bool test_clear_bit(void)
{
	struct egprs want = { 0 }, now;

	return !set_xsave(without_bit, &now) && egprs_same(&want, &now);
}

static void other_bytes(struct kvm_xsave *x)
{
	*xstate_bv(x) |= APX_BIT;
	*xsave_egprs(x) = egprs_pattern(0x5e7);
}

static bool test_set_bit(void)
{
	struct egprs want = egprs_pattern(0x5e7), now;

	return !set_xsave(other_bytes, &now) && egprs_same(&want, &now);
}

static void refused(struct kvm_xsave *x)
{
	other_bytes(x);
	*xstate_bv(x) |= NO_COMPONENT;
}

static bool test_refused(void)
{
	struct egprs want = egprs_pattern(0x600d), now;

	return set_xsave(refused, &now) && egprs_same(&want, &now);
}

/* A guest that was not given APX does not show the component. */
static bool test_not_given(void)
{
	struct kvm_xsave x = { 0 };
	struct kvm_cpuid_entry2 *leaf;
	struct kvm_vcpu *vcpu;
	struct kvm_vm *vm = vm_create_with_one_vcpu(&vcpu, guest_without);
	bool ok;

	vcpu_clear_cpuid_feature(vcpu, FEATURE_APX);
	leaf = vcpu_get_cpuid_entry(vcpu, 0xd);
	leaf->eax &= ~(uint32_t)APX_BIT;
	vcpu_set_cpuid(vcpu);
	ok = !run_failed(vcpu);
	vcpu_ioctl(vcpu, KVM_GET_XSAVE, &x);
	ok &= !(*xstate_bv(&x) & APX_BIT) && !__vcpu_ioctl(vcpu, KVM_SET_XSAVE, &x);
	kvm_vm_free(vm);
	return ok;
}

/* The host's own registers survive KVM_RUN, and the guest does not see them. */
static bool test_host_leak(void)
{
	struct egprs host = egprs_pattern(0x4057), want = egprs_pattern(0x600d), after;
	struct kvm_vcpu *vcpu;
	struct kvm_vm *vm = vm_create_with_one_vcpu(&vcpu, guest_keeper);
	bool ok = !run_failed(vcpu);
	int i;

	for (i = 0; i < ROUNDS && ok; i++) {
		host.r[0] = i;
		egprs_load(&host);
		ok = !_vcpu_run(vcpu);
		egprs_store(&after);
		ok &= egprs_same(&host, &after);
		sync_global_from_guest(vm, found);
		ok &= !i || egprs_same(&want, &found);
	}
	kvm_vm_free(vm);
	return ok;
}

static bool test_msr_imm(void)
{
	struct kvm_vcpu *vcpu;
	struct kvm_vm *vm = vm_create_with_one_vcpu(&vcpu, guest_msr_imm);
	bool ok = !run_failed(vcpu);

	kvm_vm_free(vm);
	return ok;
}

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	TEST_ASSERT(!sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
}

/* Exit for exit in turn, on one CPU: neither finds what is the other's. */
static bool test_two_vcpus(void)
{
	struct egprs want = egprs_pattern(0x600d);
	struct kvm_vcpu *on, *off;
	struct kvm_vm *vm_on = vm_create_with_one_vcpu(&on, guest_keeper);
	struct kvm_vm *vm_off = vm_create_with_one_vcpu(&off, guest_off);
	bool ok = true;
	int i;

	pin();
	for (i = 0; i < ROUNDS && ok; i++) {
		ok = !run_failed(on) && !run_failed(off);
		sync_global_from_guest(vm_on, found);
		ok &= !i || egprs_same(&want, &found);
	}
	kvm_vm_free(vm_on);
	kvm_vm_free(vm_off);
	return ok;
}

/* Counter overflows come as NMIs, many of them between VM exit and the host's XCR0. */
static int open_nmis(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.sample_period = NMI_PERIOD,
		.sample_type = PERF_SAMPLE_IP,
		.pinned = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static bool test_nmi(void)
{
	int fd = open_nmis();
	bool ok = test_two_vcpus() && test_host_leak();

	close(fd);
	return ok;
}

/*
 * An entry that the CPU refuses for the guest's state: the registers are loaded, the guest never runs, and
 * the exit path stores them again.
 */
static bool test_failed_entry(void)
{
	struct egprs want = egprs_pattern(0x600d);
	struct kvm_sregs good, bad;
	struct kvm_vcpu *vcpu;
	struct kvm_vm *vm = vm_create_with_one_vcpu(&vcpu, guest_keeper);
	bool ok = !run_failed(vcpu) && !run_failed(vcpu);

	vcpu_sregs_get(vcpu, &good);
	bad = good;
	bad.tr.unusable = 1;
	vcpu_sregs_set(vcpu, &bad);
	_vcpu_run(vcpu);
	ok &= vcpu->run->exit_reason == KVM_EXIT_FAIL_ENTRY ||
	      vcpu->run->exit_reason == KVM_EXIT_INTERNAL_ERROR;
	vcpu_sregs_set(vcpu, &good);
	ok &= !run_failed(vcpu);
	sync_global_from_guest(vm, found);
	ok &= egprs_same(&want, &found);
	kvm_vm_free(vm);
	return ok;
}

static bool has_msr_imm(void)
{
	return kvm_cpu_has(FEATURE_MSR_IMM);
}

static bool has_nmis(void)
{
	int fd = open_nmis();

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static const struct {
	const char *name;
	bool (*run)(void);
	bool (*can)(void);
	const char *why_not;
} tests[] = {
	{ "KVM_GET_XSAVE and KVM_SET_XSAVE are the identity", test_identity },
	{ "KVM_SET_XSAVE with XSTATE_BV[19]=0 and bytes means zeros", test_clear_bit },
	{ "KVM_SET_XSAVE with XSTATE_BV[19]=1 means the bytes", test_set_bit },
	{ "KVM_SET_XSAVE that is refused changes nothing", test_refused },
	{ "a guest without APX shows no XSTATE_BV[19]", test_not_given },
	{ "host and guest registers stay apart", test_host_leak },
	{ "fastpath WRMSRNS reads its EGPR source", test_msr_imm, has_msr_imm, "no MSR_IMM" },
	{ "two vCPUs on one CPU, XCR0.APX on and off", test_two_vcpus },
	{ "NMIs while the guest's XCR0 is loaded", test_nmi, has_nmis, "no PMU" },
	{ "a VM entry that fails keeps the registers", test_failed_entry },
};

int main(void)
{
	size_t i;

	TEST_REQUIRE(kvm_cpu_has(FEATURE_APX));
	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (tests[i].can && !tests[i].can())
			ksft_test_result_skip("%s: %s\n", tests[i].name, tests[i].why_not);
		else
			ksft_test_result(tests[i].run(), "%s\n", tests[i].name);
	}
	ksft_finished();
}
