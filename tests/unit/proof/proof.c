// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state proofs: every strategy of the table passes, and where there is KVM, some mutants are
 * caught in a guest. All of them without one: mutants.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <egpr/status.h>

#include <bench/proof/guest.h>
#include "../../../emu/user/user.h"
#include "../../mutants/table.h"

#define PLANTED(X)                                                             \
	X(forgets_r23, GATED, SURVIVES, 0, "r23 is")                           \
	X(skips_clear, GATED, NO_LEAK, 0, "behind the exit half, should be 0") \
	X(late_xcr0, UNCOND, RUNS, 0, "#UD with XCR0.APX = 0")

PLANTED(MUTANT_HALVES)
static const struct mutant mutants[] = { PLANTED(MUTANT_ROW) };

static const struct proof_length LENGTH = { .seed = 1, .exits = 40 };

static struct egpr_page *page;

/* Within the test, because cmocka takes the signals around it. */
static void set_up(void)
{
	const char *why;

	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(proof_start(page, 0, &why), 0);
}

static void tear_down(void)
{
	proof_stop();
	assert_int_equal(munmap(page, sizeof(*page)), 0);
}

static bool proved(const struct egpr_strategy *s, struct proof_result *total, char *reason)
{
	struct proof_result r;
	bool pass = true;

	memset(total, 0, sizeof(*total));
	for (int state = 0; state < EGPR_NR_STATES && pass; state++) {
		proof_soft(s, (enum egpr_guest_state)state, page, &LENGTH, &r);
		pass = proof_passes(&r, s, (enum egpr_guest_state)state, reason);
		*total = r;
	}
	return pass;
}

static void test_table(void **state)
{
	const struct egpr_strategy *s;
	char reason[PROOF_REASON] = "";
	struct proof_result r;

	(void)state;
	set_up();
	egpr_for_each_strategy(s) {
		/* The model has no KVM that would switch: nobody keeps the registers. */
		if (s->family == EGPR_FAMILY_OWN) {
			assert_false(proved(s, &r, reason));
			continue;
		}
		if (!proved(s, &r, reason))
			fail_msg("%s: %s", s->id, reason);
		assert_true(r.exits > 10);
		assert_true(proof_is_control(s) || r.tried[PROOF_DISABLE]);
	}
	tear_down();
}

static void test_controls_are_caught(void **state)
{
	struct proof_result r;
	char reason[PROOF_REASON];

	(void)state;
	set_up();
	proof_soft(&egpr_strategies[EGPR_STRATEGY_none], EGPR_STATE_DIRTY, page, &LENGTH, &r);
	assert_true(r.failed[PROOF_SURVIVES] && r.failed[PROOF_NO_LEAK] && r.failed[PROOF_HOST]);
	/* A control that seems to keep the registers is a failure of the proof. */
	memset(r.failed, 0, sizeof(r.failed));
	assert_false(
		proof_passes(&r, &egpr_strategies[EGPR_STRATEGY_none], EGPR_STATE_DIRTY, reason));
	tear_down();
}

static void expect_caught(const struct mutant *m, const struct proof_result *r)
{
	if (!r->failed[m->check] || !strstr(r->detail[m->check], m->text))
		fail_msg("%s is not caught: \"%s\"", m->s.id, r->detail[m->check]);
}

/* In a guest, too, by the same checks; what needs APX off and on has no exit kind. */
static void test_mutants_in_guest(void **state)
{
	static const struct {
		enum egpr_guest_state state;
		size_t mutant;
	} in_guest[] = { { EGPR_STATE_DIRTY, 0 }, { EGPR_STATE_DIRTY, 1 }, { EGPR_STATE_OFF, 2 } };
	struct vmm_host host;
	struct vmm_error v;
	const char *b = getenv("B");
	char payloads[256];

	(void)state;
	set_up();
	snprintf(payloads, sizeof(payloads), "%s/payloads", b ? b : "build");
	if (vmm_host_probe(&host, NULL, &v)) {
		print_message("skipped: %s\n", v.reason);
		tear_down();
		skip();
	}
	for (size_t i = 0; i < sizeof(in_guest) / sizeof(in_guest[0]); i++) {
		const struct mutant *m = &mutants[in_guest[i].mutant];
		struct proof_guest g = { .host = &host,
					 .kind = &egpr_exit_kinds[EGPR_EXIT_pio_out],
					 .state = in_guest[i].state,
					 .page = page,
					 .payloads = payloads };
		struct data_error e;
		struct proof_result r;

		if (proof_guest_open(&g, &e) || proof_guest_run(&g, &m->s, 3, &r, &e))
			fail_msg("%s", e.text);
		expect_caught(m, &r);
		proof_guest_close(&g);
	}
	tear_down();
}

static void test_quick(void **state)
{
	char reason[PROOF_REASON];

	(void)state;
	assert_int_equal(proof_quick(&egpr_strategies[EGPR_STRATEGY_gated_mov], reason), EGPR_DONE);
	assert_int_equal(proof_quick(&mutants[0].s, reason), EGPR_DATA);
	assert_non_null(strstr(reason, "r23"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_controls_are_caught),
		cmocka_unit_test(test_mutants_in_guest),
		cmocka_unit_test(test_quick),
	};

	if (egpr_user_native_apx()) {
		puts("1..0 # SKIP this CPU has APX, so the trap form would not trap");
		return 0;
	}
	return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
