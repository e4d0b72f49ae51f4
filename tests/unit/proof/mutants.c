// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every broken strategy of tests/mutants/ is seen by the check that is about its fault, and every
 * check is seen to fail. The log has the table of what caught which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "../../../emu/user/user.h"
#include "../../mutants/table.h"

#define SEED 12 /* what is rare is to be met every time */

MUTANTS_OF_ALL_SORTS(MUTANT_HALVES)
static const struct mutant mutants[] = { MUTANTS_OF_ALL_SORTS(MUTANT_ROW) };
#define NR_MUTANTS (sizeof(mutants) / sizeof(*mutants))

static struct egpr_page *page;

static void start(unsigned int how)
{
	const char *why;

	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(proof_start(page, how, &why), 0);
}

static void stop(void)
{
	proof_stop();
	assert_int_equal(munmap(page, sizeof(*page)), 0);
}

/* In all guest states; how often each check failed, and its first words. */
static void run(const struct egpr_strategy *s, unsigned int exits, struct proof_result *sum)
{
	const struct proof_length length = { .seed = SEED, .exits = exits };
	struct proof_result r;

	memset(sum, 0, sizeof(*sum));
	for (int state = 0; state < EGPR_NR_STATES; state++) {
		proof_soft(s, (enum egpr_guest_state)state, page, &length, &r);
		for (unsigned int c = 0; c < PROOF_NR; c++) {
			if (r.failed[c] && !sum->failed[c])
				memcpy(sum->detail[c], r.detail[c], PROOF_DETAIL);
			sum->failed[c] += r.failed[c];
		}
		sum->exits += r.exits;
	}
}

static void print_row(const struct mutant *m, const struct proof_result *r)
{
	char also[256] = "";

	for (unsigned int c = 0; c < PROOF_NR; c++) {
		if (r->failed[c] && c != m->check)
			snprintf(also + strlen(also), sizeof(also) - strlen(also), " %s",
				 proof_check_ids[c]);
	}
	print_message("# %-18s %-14s %s\n", m->s.id, proof_check_ids[m->check], m->text);
	print_message("#%19s %-14s %s\n", "", "", r->detail[m->check]);
	if (*also)
		print_message("#%19s %-14s also:%s\n", "", "", also);
}

static void test_mutants(void **state)
{
	unsigned int caught[PROOF_NR] = { 0 };
	bool patched = false;
	struct proof_result r;

	(void)state;
	start(0);
	print_message("# %zu mutants, seed %d\n", NR_MUTANTS, SEED);
	for (size_t i = 0; i < NR_MUTANTS; i++) {
		const struct mutant *m = &mutants[i];

		if (m->exits != FEW && !patched) {
			patched = true; /* and so are all that follow */
			stop();
			start(PROOF_PATCHED);
		}
		run(&m->s, m->exits, &r);
		print_row(m, &r);
		if (!r.failed[m->check])
			fail_msg("%s is not caught by %s", m->s.id, proof_check_ids[m->check]);
		caught[m->check]++;
	}
	for (unsigned int c = 0; c < PROOF_NR; c++) {
		if (!caught[c])
			fail_msg("no mutant fails %s", proof_check_ids[c]);
	}
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_mutants) };

	if (egpr_user_native_apx()) {
		puts("1..0 # SKIP this CPU has APX, so the trap form would not trap");
		return 0;
	}
	return cmocka_run_group_tests_name("mutants", tests, NULL, NULL);
}
