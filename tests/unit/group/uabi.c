// SPDX-License-Identifier: GPL-2.0-only
/*
 * The XSAVE interface over random states: every property holds where r16..r31 are kept in one way that
 * works, and the ways that do not are found out by the property that is meant for them. A model that
 * is wrong in one more way is found out too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <bench/group/uabi_property.h>

/* What does not hold, by policy: the refused designs, and nothing else. */
static const struct {
	enum uabi_policy policy;
	const char *property;
} refused[] = {
	{ UABI_POSTED, "agreement" },	      { UABI_POSTED, "clear-bit" },
	{ UABI_POSTED, "not-given" },	      { UABI_POSTED, "refused-set" },
	{ UABI_EXCLUDED_PERM, "permission" },
};

static int is_refused(enum uabi_policy policy, const char *property)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		if (refused[i].policy == policy && !strcmp(refused[i].property, property))
			return 1;
	}
	return 0;
}

static int asked[UABI_NR_PROPERTIES];

/* Each property, for each policy: holds or not, as it should. */
static void check_property(const char *id)
{
	const struct uabi_property *p = uabi_properties;
	unsigned int policy;

	while (strcmp(p->id, id))
		p++;
	asked[p - uabi_properties] = 1;
	for (policy = 0; policy < NR_UABI_POLICIES; policy++) {
		const char *broken = uabi_broken(p, policy);

		if (!broken != !is_refused(policy, id))
			fail_msg("%s, %s: %s", uabi_policy_ids[policy], p->text,
				 broken ? broken : "holds, which it should not");
	}
}

/* clang-format off */
#define TEST(name, id) \
	static void test_##name(void **state) { (void)state; check_property(id); }
/* clang-format on */
TEST(identity, "identity")
TEST(agreement, "agreement")
TEST(clear_bit, "clear-bit")
TEST(set_bit, "set-bit")
TEST(size, "size")
TEST(partial, "partial")
TEST(compacted, "compacted")
TEST(xfd, "xfd")
TEST(small, "small")
TEST(permission, "permission")
TEST(not_given, "not-given")
TEST(refused_set, "refused-set")

/* The last of them: a property that is added has a test of its own, or this one fails. */
static void test_all_were_asked(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < UABI_NR_PROPERTIES; i++) {
		if (!asked[i])
			fail_msg("%s: no test asks for it", uabi_properties[i].id);
	}
}

/* Sizes by the manual's numbers (SDM 1, 13.4.3 and 13.4.2), not by the model's table. */
static void test_sizes(void **state)
{
	struct uabi_vcpu v;

	(void)state;
	assert_int_equal(uabi_size(UABI_X87_SSE), 576);
	assert_int_equal(uabi_size(UABI_X87_SSE | UABI_APX), 960 + 128);
	assert_int_equal(uabi_size(UABI_X87_SSE | UABI_AVX | UABI_AVX512 | UABI_APX), 1664 + 1024);
	assert_int_equal(uabi_size(UABI_X87_SSE | UABI_AMX | UABI_APX), 2816 + 8192);
	assert_int_equal(uabi_open(&v, UABI_FPSTATE, UABI_X87_SSE | UABI_AVX | UABI_APX), 0);
	assert_int_equal(uabi_memory(&v), 576 + 256 + 128);
	uabi_close(&v);
	assert_int_equal(uabi_open(&v, UABI_UNUSED, UABI_X87_SSE | UABI_AVX | UABI_APX), 0);
	assert_int_equal(uabi_memory(&v), 576 + 256 + 128 + 128);
	uabi_close(&v);
	assert_int_equal(uabi_open(&v, UABI_EXCLUDED, UABI_X87_SSE | UABI_AVX | UABI_APX), 0);
	assert_int_equal(uabi_memory(&v), 576 + 256 + 128);
	uabi_close(&v);
}

/* A seventh byte swapped on the way out is a loss that the identity finds: the trial is no formality. */
static void test_a_loss_is_found(void **state)
{
	uint8_t buffer[4096];
	uint64_t egprs[EGPR_COUNT], got[EGPR_COUNT], seed = 1;
	struct uabi_vcpu v;
	unsigned int i;

	(void)state;
	assert_int_equal(uabi_open(&v, UABI_UNUSED, UABI_X87_SSE | UABI_APX), 0);
	for (i = 0; i < EGPR_COUNT; i++)
		egprs[i] = uabi_random(&seed);
	uabi_guest_write(&v, egprs);
	assert_int_equal(uabi_get(&v, buffer, sizeof(buffer)), 0);
	buffer[EGPR_XSAVE_STD_OFFSET + 7] ^= 1;
	assert_int_equal(uabi_set(&v, buffer), 0);
	uabi_guest_read(&v, got);
	assert_memory_not_equal(got, egprs, sizeof(got));
	uabi_close(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_clear_bit),
		cmocka_unit_test(test_set_bit),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_compacted),
		cmocka_unit_test(test_xfd),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_permission),
		cmocka_unit_test(test_not_given),
		cmocka_unit_test(test_refused_set),
		cmocka_unit_test(test_all_were_asked),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_a_loss_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
