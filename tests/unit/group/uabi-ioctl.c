// SPDX-License-Identifier: GPL-2.0-only
/*
 * The properties of the XSAVE interface on this host's KVM, of every component that it gives guests: of
 * APX where it does, and of AVX and AVX-512, which stand where r16..r31 would, elsewhere. An edited KVM
 * (scripts/kvm-build) has r16..r31 on any CPU. Skipped without a KVM.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include <bench/group/uabi_kvm.h>
#include <bench/group/uabi_model.h>
#include <bench/layer/standin.h>
#include <vmm-mini/vmm.h>

#define PATTERN	  0x3c
#define OTHER	  0xc3
#define NR_TESTED 4
#define BYTES_MAX 65536

/* Components that the tests go through, where KVM gives them. */
static const unsigned int tested[NR_TESTED] = { 2, 6, 7, EGPR_XFEATURE };

static struct uabi_kvm a, b;
static uint64_t supported;
static struct standin cpu;

static uint64_t *bv_of(void *buffer)
{
	return (uint64_t *)((char *)buffer + UABI_STATE_AT);
}

static char *component(void *buffer, unsigned int nr)
{
	return (char *)buffer + cpu.cpu.component[nr].offset;
}

/* A KVM may give guests r16..r31 on a CPU that has none (scripts/kvm-build), at their architectural place. */
static void place_apx(void)
{
	struct egpr_xsave_component *c = &cpu.cpu.component[EGPR_XFEATURE];

	if (supported & UABI_APX && !c->bytes) {
		c->offset = EGPR_XSAVE_STD_OFFSET;
		c->bytes = EGPR_BYTES;
	}
}

static size_t bytes_of(unsigned int nr)
{
	return cpu.cpu.component[nr].bytes;
}

static int has(unsigned int nr)
{
	return supported >> nr & 1 && bytes_of(nr);
}

static void *get(const struct uabi_kvm *k)
{
	void *buffer = calloc(1, BYTES_MAX);

	assert_non_null(buffer);
	assert_int_equal(uabi_kvm_get_xsave(k, buffer), 0);
	return buffer;
}

static int open_both(void **state)
{
	struct data_error e;

	(void)state;
	standin_probe(&cpu, EGPR_STAND_INS_ALL);
	supported = uabi_kvm_supported(VMM_KVM_PATH) &
		    (UABI_X87_SSE | UABI_AVX | UABI_AVX512 | UABI_APX);
	place_apx();
	print_message("# XCR0 of the guests: 0x%llx\n", (unsigned long long)supported);
	if (!supported)
		return 0;
	if (uabi_kvm_open(&a, VMM_KVM_PATH, supported, &e) ||
	    uabi_kvm_open(&b, VMM_KVM_PATH, supported, &e)) {
		print_message("%s\n", e.text);
		supported = 0;
	}
	return 0;
}

static int close_both(void **state)
{
	(void)state;
	if (supported) {
		uabi_kvm_close(&a);
		uabi_kvm_close(&b);
	}
	return 0;
}

static void need_kvm(void)
{
	if (supported)
		return;
	print_message("no KVM whose guests have XSAVE\n");
	skip();
}

static void test_identity(void **state)
{
	void *out, *again;

	(void)state;
	need_kvm();
	uabi_kvm_pattern(a.xsave, a.xsave_bytes, supported, PATTERN);
	assert_int_equal(ioctl(a.vcpu, KVM_SET_XSAVE, a.xsave), 0);
	out = get(&a);
	assert_int_equal(ioctl(b.vcpu, KVM_SET_XSAVE, out), 0);
	again = get(&b);
	assert_memory_equal(out, again, a.xsave_bytes);
	free(out);
	free(again);
}

static void test_set_bit(void **state)
{
	void *out;
	unsigned int i;

	(void)state;
	need_kvm();
	uabi_kvm_pattern(a.xsave, a.xsave_bytes, supported, PATTERN);
	assert_int_equal(ioctl(a.vcpu, KVM_SET_XSAVE, a.xsave), 0);
	out = get(&a);
	for (i = 0; i < NR_TESTED; i++) {
		if (has(tested[i]))
			assert_memory_equal(component(out, tested[i]),
					    component(a.xsave, tested[i]), bytes_of(tested[i]));
	}
	free(out);
}

/* The one that the posted diff loses for component 19: bytes without a bit are zeros. */
static void test_clear_bit(void **state)
{
	static const char zeros[4096];
	unsigned int i;
	void *out;

	(void)state;
	need_kvm();
	for (i = 0; i < NR_TESTED; i++) {
		if (!has(tested[i]))
			continue;
		uabi_kvm_pattern(a.xsave, a.xsave_bytes, supported, PATTERN);
		assert_int_equal(ioctl(a.vcpu, KVM_SET_XSAVE, a.xsave), 0);
		uabi_kvm_pattern(a.xsave, a.xsave_bytes, supported & ~(1ull << tested[i]), OTHER);
		assert_int_equal(ioctl(a.vcpu, KVM_SET_XSAVE, a.xsave), 0);
		out = get(&a);
		assert_memory_equal(component(out, tested[i]), zeros, bytes_of(tested[i]));
		/* Where KVM has r16..r31 in regs[] they may count as in use, all zero. */
		if (tested[i] != EGPR_XFEATURE)
			assert_false(*bv_of(out) >> tested[i] & 1);
		free(out);
	}
}

static void test_compacted_refused(void **state)
{
	void *before, *after;

	(void)state;
	need_kvm();
	uabi_kvm_pattern(a.xsave, a.xsave_bytes, supported, PATTERN);
	assert_int_equal(ioctl(a.vcpu, KVM_SET_XSAVE, a.xsave), 0);
	before = get(&a);
	uabi_kvm_pattern(a.xsave, a.xsave_bytes, supported, OTHER);
	*(uint64_t *)((char *)a.xsave + UABI_XCOMP_AT) = UABI_COMPACTED | supported;
	assert_int_equal(ioctl(a.vcpu, KVM_SET_XSAVE, a.xsave), -1);
	after = get(&a);
	assert_memory_equal(before, after, a.xsave_bytes);
	free(before);
	free(after);
}

static void test_refused_changes_nothing(void **state)
{
	void *before, *after;

	(void)state;
	need_kvm();
	uabi_kvm_pattern(a.xsave, a.xsave_bytes, supported, PATTERN);
	assert_int_equal(ioctl(a.vcpu, KVM_SET_XSAVE, a.xsave), 0);
	before = get(&a);
	uabi_kvm_pattern(a.xsave, a.xsave_bytes, supported | 1ull << 40, OTHER);
	assert_int_equal(ioctl(a.vcpu, KVM_SET_XSAVE, a.xsave), -1);
	after = get(&a);
	assert_memory_equal(before, after, a.xsave_bytes);
	free(before);
	free(after);
}

/* The size that KVM answers holds every component that the guest may have. */
static void test_size(void **state)
{
	unsigned int nr;

	(void)state;
	need_kvm();
	for (nr = 2; nr < EGPR_XSAVE_COMPONENTS; nr++) {
		if (has(nr))
			assert_true(cpu.cpu.component[nr].offset + bytes_of(nr) <= a.xsave_bytes);
	}
}

/* A guest that was not given a component does not show it, and takes what it shows. */
static void test_not_given(void **state)
{
	struct uabi_kvm small;
	struct data_error e;
	void *out;

	(void)state;
	need_kvm();
	assert_int_equal(uabi_kvm_open(&small, VMM_KVM_PATH, UABI_X87_SSE, &e), 0);
	out = get(&small);
	assert_false(*bv_of(out) & ~UABI_X87_SSE);
	assert_int_equal(ioctl(small.vcpu, KVM_SET_XSAVE, out), 0);
	free(out);
	uabi_kvm_close(&small);
}

/* Everything out of one VM and into another: all that was asked for is there. */
static void test_migrate(void **state)
{
	struct kvm_regs regs;
	void *out, *there;
	unsigned int i;

	(void)state;
	need_kvm();
	uabi_kvm_pattern(a.xsave, a.xsave_bytes, supported, OTHER);
	assert_int_equal(ioctl(a.vcpu, KVM_SET_XSAVE, a.xsave), 0);
	memset(&regs, 0, sizeof(regs));
	for (i = 0; i < 16; i++)
		((__u64 *)&regs)[i] = 0x1111111111111111ull * (i % 15 + 1);
	regs.rflags = 2;
	assert_int_equal(ioctl(a.vcpu, KVM_SET_REGS, &regs), 0);
	assert_null(uabi_kvm_migrate(&a, &b));
	assert_int_equal(ioctl(b.vcpu, KVM_GET_REGS, &b.regs), 0);
	assert_memory_equal(&regs, &b.regs, sizeof(regs));
	out = get(&a);
	there = get(&b);
	assert_memory_equal(out, there, a.xsave_bytes);
	for (i = 0; i < NR_TESTED; i++) {
		if (has(tested[i]))
			assert_int_equal((unsigned char)*component(there, tested[i]), OTHER);
	}
	free(out);
	free(there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_set_bit),
		cmocka_unit_test(test_clear_bit),
		cmocka_unit_test(test_compacted_refused),
		cmocka_unit_test(test_refused_changes_nothing),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_not_given),
		cmocka_unit_test(test_migrate),
	};

	return cmocka_run_group_tests(tests, open_both, close_both);
}
