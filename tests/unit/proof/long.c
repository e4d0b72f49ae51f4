// SPDX-License-Identifier: GPL-2.0-only
/*
 * State proofs over many exits, of every strategy in every guest state, with random values in random
 * sequences, while a timer interrupts. Interrupts write below the stack pointer, as they do in
 * ring 0.
 *
 * EGPR_SEED=N repeats a run.
 *
 * seconds: 20
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include <cmocka.h>

#include <bench/plan/axis.h>
#include "../../../emu/user/user.h"
#include "../../mutants/table.h"

#define EXITS	     10000
#define EXITS_UD     150  /* every instruction traps: dear, and the only way to see a #UD */
#define EXITS_XSETBV 1100 /* the same where XCR0 is switched, on which a #UD depends */
#define PERIOD_US    400
#define BELOW	     512  /* bytes that an interrupt writes */
#define FRAME	     1024 /* no half uses more stack */

MUTANTS_STORM(MUTANT_HALVES)
static const struct mutant mutants[] = { MUTANTS_STORM(MUTANT_ROW) };

static struct egpr_page *page;
static volatile sig_atomic_t interrupts, inside;

static void on_interrupt(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	const uint64_t rsp = (uint64_t)uc->uc_mcontext.gregs[REG_RSP], top = proof_half_stack();

	(void)sig;
	(void)info;
	interrupts++;
	/* Not where the stack pointer is borrowed. */
	if (!top || rsp > top || rsp + FRAME < top)
		return;
	inside++;
	memset((void *)(uintptr_t)(rsp - BELOW), 0xa5, BELOW);
}

static void storm(bool on)
{
	const struct itimerval period = { { 0, on ? PERIOD_US : 0 }, { 0, on ? PERIOD_US : 0 } };
	struct sigaction sa = { .sa_sigaction = on_interrupt,
				.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };

	sigfillset(&sa.sa_mask);
	assert_int_equal(sigaction(SIGALRM, &sa, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &period, NULL), 0);
}

static void set_up(unsigned int how)
{
	const char *why;

	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(proof_start(page, how, &why), 0);
	interrupts = inside = 0;
	storm(true);
}

static void tear_down(void)
{
	storm(false);
	proof_stop();
	assert_int_equal(munmap(page, sizeof(*page)), 0);
	print_message("# %d interrupts, %d of them in halves\n", interrupts, inside);
	assert_true(inside > 100);
}

static unsigned int exits_of(const struct egpr_strategy *s, unsigned int how)
{
	if (how & PROOF_PATCHED)
		return EXITS;
	return s->needs & EGPR_NEEDS_XSETBV ? EXITS_XSETBV : EXITS_UD;
}

static void prove_all(unsigned int how)
{
	struct proof_length length = { .seed = proof_seed() };
	const struct egpr_strategy *s;
	char reason[PROOF_VERDICT];
	uint64_t total = 0;

	set_up(how);
	print_message("# seed %llu\n", (unsigned long long)length.seed);
	egpr_for_each_strategy(s) {
		if (s->family == EGPR_FAMILY_OWN) /* the model has no KVM that would switch */
			continue;
		length.exits = exits_of(s, how);
		for (int state = 0; state < EGPR_NR_STATES; state++) {
			struct proof_result r;

			proof_soft(s, (enum egpr_guest_state)state, page, &length, &r);
			if (!proof_passes(&r, s, (enum egpr_guest_state)state, reason))
				fail_msg("%s, %s, seed %llu: %s", s->id,
					 egpr_guest_states[state].id,
					 (unsigned long long)length.seed, reason);
			assert_true(r.exits >= length.exits);
			total += r.exits;
		}
	}
	print_message("# %llu exits\n", (unsigned long long)total);
	tear_down();
}

/* What is patched stays so: this comes first. */
static void test_trapped(void **state)
{
	(void)state;
	prove_all(0);
}

/* A half that keeps something where interrupts write. */
static void test_interrupts_are_felt(void **state)
{
	(void)state;
	set_up(0);
	for (size_t i = 0; i < sizeof(mutants) / sizeof(*mutants); i++) {
		const struct mutant *m = &mutants[i];
		const struct proof_length length = { .seed = proof_seed(), .exits = m->exits };
		struct proof_result r;

		proof_soft(&m->s, EGPR_STATE_DIRTY, page, &length, &r);
		print_message("# %-18s %-14s %s\n#%34s %s\n", m->s.id, proof_check_ids[m->check],
			      m->text, "", r.detail[m->check]);
		if (!r.failed[m->check])
			fail_msg("%s is not caught by %s", m->s.id, proof_check_ids[m->check]);
	}
	storm(false);
	proof_stop();
}

static void test_patched(void **state)
{
	(void)state;
	prove_all(PROOF_PATCHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trapped),
		cmocka_unit_test(test_interrupts_are_felt),
		cmocka_unit_test(test_patched),
	};
	const char *seed = getenv("EGPR_SEED");

	if (egpr_user_native_apx()) {
		puts("1..0 # SKIP this CPU has APX, so the trap form would not trap");
		return 0;
	}
	if (seed)
		proof_use_seed(strtoull(seed, NULL, 0));
	return cmocka_run_group_tests_name("long proofs", tests, NULL, NULL);
}
