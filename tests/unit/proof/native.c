// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate of form hw: no proof, no number. What user mode cannot try is told apart from what it proves, and
 * where nothing can be proved the arm is refused with the reason. Played proofs are tests/e2e/native.sh's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <egpr/status.h>
#include <egpr/uapi.h>

#include <bench/proof/proof.h>
#include <bench/proof/ring0.h>
#include <emu/user/user.h>

#define ROW(sym) (&egpr_strategies[EGPR_STRATEGY_##sym])

static void test_untried(void **state)
{
	const struct egpr_strategy *s;
	bool all;

	(void)state;
	egpr_for_each_strategy(s) {
		bool xsetbv = s->needs & EGPR_NEEDS_XSETBV, cpl0 = s->needs & EGPR_NEEDS_CPL0;

		for (int g = 0; g < EGPR_NR_STATES; g++) {
			enum egpr_guest_state guest = (enum egpr_guest_state)g;

			assert_null(proof_untried(s, EGPR_FORM_TRAP, guest, &all));
			assert_false(all);
			assert_int_equal(!!proof_untried(s, EGPR_FORM_HW, guest, &all),
					 xsetbv || cpl0);
			assert_int_equal(all, cpl0 || (xsetbv && guest == EGPR_STATE_OFF));
		}
	}
	assert_true(proof_untried(ROW(xsaves), EGPR_FORM_HW, EGPR_STATE_DIRTY, &all));
	assert_true(proof_untried(ROW(uncond_mov), EGPR_FORM_HW, EGPR_STATE_DIRTY, &all));
}

static void test_ring0_applies(void **state)
{
	(void)state;
	assert_true(ring0_applies(ROW(gated_mov)) && ring0_applies(ROW(xsaves)) &&
		    ring0_applies(ROW(uncond_push2)));
	assert_false(ring0_applies(ROW(none)) || ring0_applies(ROW(live)));
}

/* A CPU without APX: form hw has no proof anywhere, so no number. */
static void test_refused(void **state)
{
	struct egpr_page *page;
	struct data_error e;
	const char *why;

	(void)state;
	if (egpr_user_native_apx() || !access(EGPR_DEVICE, F_OK))
		skip();
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	assert_true(page != MAP_FAILED);
	assert_false(proof_native());
	assert_int_equal(proof_start(page, PROOF_NATIVE, &why), EGPR_SKIPPED);
	assert_non_null(strstr(why, "egprlab exec"));
	assert_int_equal(munmap(page, sizeof(*page)), 0);
	/* Its twin in form trap is proved, which is what a proxy stands on. */
	assert_int_equal(proof_gate(ROW(gated_mov), EGPR_FORM_PROXY, true, &e), 0);
	/* In ring 0 that is not enough for form hw. */
	assert_int_equal(proof_gate(ROW(gated_mov), EGPR_FORM_HW, true, &e), EGPR_SKIPPED);
	assert_non_null(strstr(e.text, "cannot run here, so it has no number"));
	assert_non_null(strstr(e.text, EGPR_DEVICE));
	assert_null(ring0_result(ROW(gated_mov), EGPR_STATE_DIRTY));
	assert_non_null(proof_known_result(ROW(gated_mov), EGPR_STATE_DIRTY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untried),
		cmocka_unit_test(test_ring0_applies),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("native", tests, NULL, NULL);
}
