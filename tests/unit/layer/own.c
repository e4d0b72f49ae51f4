// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's own switch: every KVM that there may be, played to the two decisions: what a look says of it,
 * and what may run beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <egpr/look.h>

#include <bench/layer/own.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define EXITS	 16

static void test_judge(void **state)
{
	static const struct {
		const char *kvm;
		struct egpr_look l;
		enum egpr_kvm_finding want;
	} all[] = {
		{ "saves, clears, loads",
		  { .put = 18, .saw_zero = 18, .guest_has_it = 1 },
		  EGPR_KVM_SWITCHES },
		{ "saves and loads without clearing",
		  { .put = 18, .saw_pattern = 17, .saw_other = 1, .guest_has_it = 1 },
		  EGPR_KVM_SWITCHES },
		{ "gives the host back what it had before the entry",
		  { .put = 18, .saw_put = 18, .guest_has_it = 1 },
		  EGPR_KVM_SWITCHES },
		{ "leaves them alone",
		  { .put = 18, .saw_pattern = 1, .saw_put = 17 },
		  EGPR_KVM_LEAVES },
		{ "leaves them alone, and the guest was disturbed while it filled them",
		  { .put = 20, .saw_put = 18, .saw_other = 2 },
		  EGPR_KVM_LEAVES },
		{ "clears and does not load", { .put = 18, .saw_zero = 18 }, EGPR_KVM_UNCLEAR },
		{ "does not hand on what was put at some entries",
		  { .put = 18, .saw_pattern = 2, .saw_put = 16 },
		  EGPR_KVM_UNCLEAR },
		{ "hands on part of it",
		  { .put = 18, .saw_put = 15, .saw_other = 3 },
		  EGPR_KVM_UNCLEAR },
		{ "could not be touched at one entry",
		  { .put = 17, .saw_zero = 18, .blind = 1, .guest_has_it = 1 },
		  EGPR_KVM_UNCLEAR },
		{ "was seen at fewer entries than the guest made",
		  { .put = EXITS - 1, .saw_zero = 18, .guest_has_it = 1 },
		  EGPR_KVM_UNCLEAR },
		{ "was seen at fewer exits than the guest made",
		  { .put = 18, .saw_zero = EXITS - 1, .guest_has_it = 1 },
		  EGPR_KVM_UNCLEAR },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(all); i++) {
		struct egpr_look l = all[i].l;

		l.exits = EXITS;
		if (egpr_look_judge(&l) != all[i].want)
			fail_msg("a KVM that %s: %u, not %u", all[i].kvm, egpr_look_judge(&l),
				 all[i].want);
		/* A guest that made no exit has shown nothing. */
		l.exits = 0;
		assert_int_equal(egpr_look_judge(&l), EGPR_KVM_UNCLEAR);
	}
}

/* What each arm's reason must say; NULL where the arm may run. */
struct decision {
	const char *kvm;
	struct own_facts f;
	const char *strategies;
	const char *own;
};

static const char switches[] = "measure strategy kvm-own";
static const char untold[] = "show the module a pattern first";
static const char unclear[] = "neither a strategy nor kvm-own can be vouched for";
static const char none[] = "no switch of its own to look at or to measure";
static const char part[] = "contradict each other";
static const char no_stand_in[] = "nothing stands in for KVM's own switch";
static const char no_bit[] = "XCR0.APX of a guest that set it is 0";

static const struct decision decisions[] = {
	{ "proxy, whatever KVM does",
	  { EGPR_FORM_PROXY, true, VMM_APX_WHOLE, NULL, true, EGPR_KVM_SWITCHES, NULL },
	  NULL,
	  no_stand_in },
	{ "hw, no APX for guests",
	  { EGPR_FORM_HW, true, VMM_APX_NONE, NULL, false, EGPR_KVM_UNTOLD, NULL },
	  NULL,
	  none },
	{ "hw, answers that do not agree",
	  { EGPR_FORM_HW, true, VMM_APX_PART, NULL, true, EGPR_KVM_LEAVES, NULL },
	  part,
	  part },
	{ "hw, nobody looked",
	  { EGPR_FORM_HW, true, VMM_APX_WHOLE, NULL, true, EGPR_KVM_UNTOLD, NULL },
	  untold,
	  untold },
	{ "hw, no pattern could be shown",
	  { EGPR_FORM_HW, true, VMM_APX_WHOLE, NULL, false, EGPR_KVM_UNTOLD, "no module" },
	  "no module",
	  "no module" },
	{ "hw, the guest's XCR0 does not take the bit",
	  { EGPR_FORM_HW, true, VMM_APX_WHOLE, NULL, false, EGPR_KVM_UNTOLD, NULL },
	  no_bit,
	  no_bit },
	{ "hw, the guest's XCR0 does not take the bit, and yet something was found",
	  { EGPR_FORM_HW, true, VMM_APX_WHOLE, NULL, false, EGPR_KVM_LEAVES, NULL },
	  no_bit,
	  no_bit },
	{ "hw, KVM switches",
	  { EGPR_FORM_HW, true, VMM_APX_WHOLE, NULL, true, EGPR_KVM_SWITCHES, NULL },
	  switches,
	  NULL },
	{ "hw, KVM leaves the registers alone",
	  { EGPR_FORM_HW, true, VMM_APX_WHOLE, NULL, true, EGPR_KVM_LEAVES, NULL },
	  NULL,
	  NULL },
	{ "hw, it was not clear",
	  { EGPR_FORM_HW, true, VMM_APX_WHOLE, NULL, true, EGPR_KVM_UNCLEAR, NULL },
	  unclear,
	  unclear },
	{ "played, KVM switches",
	  { EGPR_FORM_TRAP, true, VMM_APX_WHOLE, NULL, true, EGPR_KVM_SWITCHES, NULL },
	  switches,
	  NULL },
	{ "played, no APX for guests",
	  { EGPR_FORM_TRAP, true, VMM_APX_NONE, NULL, false, EGPR_KVM_UNTOLD, NULL },
	  NULL,
	  none },
	{ "around KVM_RUN, KVM offers APX",
	  { EGPR_FORM_HW, false, VMM_APX_WHOLE, NULL, false, EGPR_KVM_UNTOLD, NULL },
	  NULL,
	  NULL },
	{ "around KVM_RUN, answers that do not agree",
	  { EGPR_FORM_HW, false, VMM_APX_PART, NULL, false, EGPR_KVM_UNTOLD, NULL },
	  NULL,
	  part },
	{ "around KVM_RUN, no APX for guests",
	  { EGPR_FORM_HW, false, VMM_APX_NONE, NULL, false, EGPR_KVM_UNTOLD, NULL },
	  NULL,
	  none },
};

static void check(const char *kvm, const char *what, bool may, const char *why, const char *want)
{
	if (may != !want)
		fail_msg("%s: %s %s: %s", kvm, what, may ? "may run" : "may not run", why);
	if (want ? !strstr(why, want) : *why)
		fail_msg("%s: %s: \"%s\", which should say \"%s\"", kvm, what, why,
			 want ? want : "nothing");
}

static void test_decide(void **state)
{
	struct own_verdict v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(decisions); i++) {
		const struct decision *d = &decisions[i];

		memset(&v, 0xff, sizeof(v));
		own_decide(&d->f, &v);
		check(d->kvm, "strategies", v.strategies, v.why_strategies, d->strategies);
		check(d->kvm, "kvm-own", v.own, v.why_own, d->own);
	}
}

/* Where KVM's word is the reason, the reason has it. */
static void test_answers_are_named(void **state)
{
	const struct vmm_apx apx = { .flag = true, .bytes = 128 };
	struct own_facts f = { .form = EGPR_FORM_HW, .probes = true, .apx = &apx };
	struct own_verdict v;

	(void)state;
	f.offer = vmm_apx_offer(&apx);
	assert_int_equal(f.offer, VMM_APX_PART);
	own_decide(&f, &v);
	assert_non_null(strstr(v.why_strategies, "(APX_F) 1"));
	assert_non_null(strstr(v.why_own, "0xD.19:EAX 128 bytes"));
}

static void test_whose_switch(void **state)
{
	const struct egpr_strategy *s;
	unsigned int others = 0, own = 0;

	(void)state;
	egpr_for_each_strategy(s) {
		others += !own_is_of_the_lab(s);
		own += s->family == EGPR_FAMILY_OWN;
	}
	assert_int_equal(own, 1);
	assert_int_equal(others, 4); /* none, none-b, delay, kvm-own */
	assert_true(own_is_of_the_lab(&egpr_strategies[EGPR_STRATEGY_live]));
	assert_int_equal(egpr_strategies[EGPR_STRATEGY_kvm_own].home, EGPR_HOME_KVM);
	assert_true(egpr_strategies[EGPR_STRATEGY_kvm_own].needs & EGPR_NEEDS_KVM_APX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_decide),
		cmocka_unit_test(test_answers_are_named),
		cmocka_unit_test(test_whose_switch),
	};

	return cmocka_run_group_tests_name("own", tests, NULL, NULL);
}
