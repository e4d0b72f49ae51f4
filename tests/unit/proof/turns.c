// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proofs in turn, in a process apart: what crashes loses its turns and no other strategy does,
 * without KVM and, where there is KVM, in the middle of a guest's exits.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <egpr/status.h>

#include <bench/proof/turns.h>
#include "../../../emu/user/user.h"

#define EXITS 4

static unsigned int calls;

static void nothing(struct egpr_switch *sw)
{
	(void)sw;
}

/* The second exit of each process is one too many. */
static void dies(struct egpr_switch *sw)
{
	(void)sw;
	if (++calls == 2)
		raise(SIGFPE);
}

static const struct egpr_strategy dier = {
	.id = "dier",
	.symbol = "dier",
	.family = EGPR_FAMILY_GATED,
	.home = EGPR_HOME_REGS,
	.form[EGPR_FORM_TRAP] = { dies, nothing },
};
static const struct egpr_strategy *const before = &egpr_strategies[EGPR_STRATEGY_gated_mov];
static const struct egpr_strategy *const after = &egpr_strategies[EGPR_STRATEGY_gated_push2];

static struct egpr_page *page;

static struct proof_turns *list(void)
{
	struct proof_turns *t = proof_turns_new();

	assert_non_null(t);
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	t->page = page;
	t->exits = EXITS;
	return t;
}

static void drop_list(struct proof_turns *t)
{
	proof_turns_free(t);
	assert_int_equal(munmap(page, sizeof(*page)), 0);
}

static void expect_passed(const struct proof_turn *t)
{
	char reason[PROOF_REASON] = "";

	assert_int_equal(t->status, 0);
	if (!proof_passes(&t->r, t->s, t->state, reason))
		fail_msg("%s, %s", t->s->id, reason);
}

static void expect_crashed(const struct proof_turn *t)
{
	assert_int_equal(t->status, EGPR_CRASHED);
	assert_non_null(strstr(t->how, "SIGFPE at "));
	assert_non_null(strstr(t->how, "in its exit half"));
}

static void test_without_guest(void **state)
{
	struct proof_turns *t = list();

	(void)state;
	proof_turns_add(t, before, EGPR_STATE_DIRTY);
	proof_turns_add(t, &dier, EGPR_STATE_INIT);
	proof_turns_add(t, &dier, EGPR_STATE_DIRTY);
	proof_turns_add(t, after, EGPR_STATE_DIRTY);
	proof_turns_add(t, after, EGPR_STATE_OFF);
	assert_int_equal(proof_turns(t), 0);
	expect_passed(&t->turn[0]);
	expect_crashed(&t->turn[1]);
	assert_int_equal(t->turn[2].status, EGPR_SKIPPED);
	assert_string_equal(t->turn[2].how, t->turn[1].how);
	expect_passed(&t->turn[3]);
	expect_passed(&t->turn[4]);
	drop_list(t);
}

/* The last one of a list, too: nothing is left to go on with. */
static void test_last(void **state)
{
	struct proof_turns *t = list();

	(void)state;
	proof_turns_add(t, &dier, EGPR_STATE_DIRTY);
	assert_int_equal(proof_turns(t), 0);
	expect_crashed(&t->turn[0]);
	drop_list(t);
}

static void test_in_guest(void **state)
{
	const char *b = getenv("B");
	struct proof_turns *t;
	struct vmm_host host;
	struct vmm_error v;
	char payloads[256];

	(void)state;
	if (vmm_host_probe(&host, NULL, &v)) {
		print_message("skipped: %s\n", v.reason);
		skip();
	}
	t = list();
	snprintf(payloads, sizeof(payloads), "%s/payloads", b ? b : "build");
	t->guest = (struct proof_guest){ .host = &host,
					 .kind = &egpr_exit_kinds[EGPR_EXIT_pio_out],
					 .state = EGPR_STATE_DIRTY,
					 .page = page,
					 .payloads = payloads };
	proof_turns_add(t, before, EGPR_STATE_DIRTY);
	proof_turns_add(t, &dier, EGPR_STATE_DIRTY);
	proof_turns_add(t, after, EGPR_STATE_DIRTY);
	if (proof_turns(t))
		fail_msg("%s", t->why.text);
	expect_passed(&t->turn[0]);
	expect_crashed(&t->turn[1]);
	expect_passed(&t->turn[2]);
	assert_true(t->turn[2].r.exits >= EXITS);
	drop_list(t);
}

/* A guest that cannot be had costs no strategy anything: there is a reason instead. */
static void test_no_guest(void **state)
{
	struct proof_turns *t = list();
	struct vmm_host host = { .backend = "none" };

	(void)state;
	t->guest = (struct proof_guest){ .host = &host,
					 .kind = &egpr_exit_kinds[EGPR_EXIT_pio_out],
					 .state = EGPR_STATE_DIRTY,
					 .page = page,
					 .payloads = "/nonexistent" };
	proof_turns_add(t, before, EGPR_STATE_DIRTY);
	assert_int_not_equal(proof_turns(t), 0);
	assert_false(t->opened);
	assert_non_null(strstr(t->why.text, "/nonexistent"));
	assert_int_equal(t->turn[0].status, 0);
	drop_list(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_guest),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_in_guest),
		cmocka_unit_test(test_no_guest),
	};

	if (egpr_user_native_apx()) {
		puts("1..0 # SKIP this CPU has APX, so the trap form would not trap");
		return 0;
	}
	return cmocka_run_group_tests_name("proofs in turn", tests, NULL, NULL);
}
