// SPDX-License-Identifier: GPL-2.0-only
/*
 * Halves leave alone what is their caller's; and each check of that is seen to fail, by mutants
 * of its own. The table of which check caught which mutant is in the log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <egpr/egpr-offsets.h>
#include <egpr/status.h>

#include <bench/plan/axis.h>
#include "../../../emu/user/user.h"
#include "../../mutants/table.h"

#define ROUNDS	  10000
#define HW_ROUNDS 20 /* on software registers */

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

/* X(name, check, instructions): a half that does one thing it may not. %rdi is the context. */
/* clang-format off */
#define PLANTED(X)									\
	X(mxcsr_zero, MXCSR, "movl $0, -8(%rsp)\n ldmxcsr -8(%rsp)")			\
	X(mxcsr_xor, MXCSR, "stmxcsr -8(%rsp)\n xorl $0x80, -8(%rsp)\n ldmxcsr -8(%rsp)") \
	X(mxcsr_sticky, MXCSR, "stmxcsr -8(%rsp)\n orl $1, -8(%rsp)\n ldmxcsr -8(%rsp)") \
	X(x87_control, X87, "fnstcw -8(%rsp)\n xorw $0x300, -8(%rsp)\n fldcw -8(%rsp)")	\
	X(x87_init, X87, "fninit")							\
	X(x87_empty, X87, "ffree %st(0)\n ffree %st(1)\n ffree %st(2)\n ffree %st(3)\n"	\
			  "ffree %st(4)\n ffree %st(5)\n ffree %st(6)\n ffree %st(7)")	\
	X(x87_top, X87, "fincstp")							\
	X(xmm0, XMM, "pxor %xmm0, %xmm0")						\
	X(xmm15, XMM, "movq %rdi, %xmm15")						\
	X(ymm_upper, COMPONENTS, "vzeroupper")						\
	X(rbx_upper, SAVED, "mov %ebx, %ebx")						\
	X(rbp_low, SAVED, "xor $1, %bpl")						\
	X(r12, SAVED, "mov %rdi, %r12")							\
	X(r15, SAVED, "xor %r15d, %r15d")						\
	X(df, FLAGS, "std")								\
	X(ac, FLAGS, "pushfq\n orl $0x40000, (%rsp)\n popfq")				\
	X(rsp_up, STACK, "pop %rax\n lea 8(%rsp), %rsp\n jmp *%rax")			\
	X(rsp_down, STACK, "pop %rax\n push %rax\n jmp *%rax")				\
	X(frame_near, FRAME, "movq $0, 8(%rsp)")					\
	X(frame_far, FRAME, "incl 60(%rsp)")						\
	X(operand, CONTEXT, "incq " STRING(SW_OPERAND) "(%rdi)")			\
	X(thread_flags, CONTEXT, "xorl $1, " STRING(SW_THREAD_FLAGS) "(%rdi)")		\
	X(flags, CONTEXT, "xorl $1, " STRING(SW_FLAGS) "(%rdi)")			\
	X(regs, CONTEXT, "incq 120(%rdi)")						\
	X(xsave_area, CONTEXT, "incb " STRING(SW_XSAVE) "+1000(%rdi)")			\
	X(pkru, PKRU, "xor %ecx, %ecx\n rdpkru\n xor $0x40000000, %eax\n wrpkru")	\
	X(xcr0_upper, CONTEXT, "incl " STRING(SW_XCR0_GUEST) "+4(%rdi)")		\
	X(every_60th, CONTEXT, "incl mutant_rounds(%rip)\n cmpl $60, mutant_rounds(%rip)\n jb 1f\n" \
			       "movl $0, mutant_rounds(%rip)\n incq 64(%rdi)\n 1:")
/* clang-format on */

#define MUTANT_TEXT(name, check, text)                                                 \
	__asm__(".text\n.globl mutant_" #name "\nmutant_" #name ":\n" text "\nret\n"); \
	void mutant_##name(struct egpr_switch *sw);
uint32_t mutant_rounds;
PLANTED(MUTANT_TEXT)
__asm__(".text\n.globl mutant_nothing\nmutant_nothing:\nret\n");
void mutant_nothing(struct egpr_switch *sw);

#define PLANTED_ROW(name, check, text) { #name, CONTRACT_##check, mutant_##name },
static const struct planted {
	const char *name;
	enum contract_check check;
	egpr_switch_fn half;
} mutants[] = { PLANTED(PLANTED_ROW) };

#define NR_MUTANTS (sizeof(mutants) / sizeof(*mutants))

static struct contract_result prove_mutant(const struct standin *st, egpr_switch_fn exit,
					   egpr_switch_fn entry, unsigned int rounds)
{
	struct egpr_strategy s = egpr_strategies[EGPR_STRATEGY_none];
	struct contract_result r;

	s.form[EGPR_FORM_PROXY] = (struct egpr_sequence){ exit, entry };
	contract_prove(&s, st, EGPR_FORM_PROXY, EGPR_STATE_DIRTY, rounds, &r);
	return r;
}

/* What a CPU may not have, and in user mode XCR0, which cannot be changed there. */
static bool may_lack(unsigned int check)
{
	return check == CONTRACT_COMPONENTS || check == CONTRACT_PKRU || check == CONTRACT_XCR0 ||
	       check == CONTRACT_SCRATCH;
}

/* A check that has tried something of a half that does nothing can be failed here. */
static bool can_run(const struct contract_result *nothing, const struct planted *m)
{
	return nothing->tried[m->check];
}

static void test_mutants(void **state)
{
	unsigned int caught[CONTRACT_NR] = { 0 }, runs[CONTRACT_NR] = { 0 };
	struct contract_result r, nothing;
	struct standin st;

	(void)state;
	standin_probe(&st, EGPR_STAND_INS_ALL);
	nothing = prove_mutant(&st, mutant_nothing, mutant_nothing, 100);
	for (unsigned int c = 0; c < CONTRACT_NR; c++)
		assert_int_equal(nothing.failed[c], 0);
	for (size_t i = 0; i < NR_MUTANTS; i++) {
		const struct planted *m = &mutants[i];

		if (!can_run(&nothing, m)) {
			print_message("# %-14s not run: no %s here\n", m->name,
				      contract_ids[m->check]);
			continue;
		}
		runs[m->check]++;
		/* As the exit half and as the entry half. */
		for (unsigned int half = 0; half < 2; half++) {
			r = prove_mutant(&st, half ? mutant_nothing : m->half,
					 half ? m->half : mutant_nothing, 70);
			if (!half)
				print_message("# %-14s %-10s %s\n", m->name, contract_ids[m->check],
					      r.detail[m->check]);
			if (!r.failed[m->check])
				fail_msg("%s is not caught by %s", m->name, contract_ids[m->check]);
			caught[m->check]++;
			for (unsigned int c = 0; c < CONTRACT_NR; c++) {
				if (c != m->check && r.failed[c])
					fail_msg("%s fails %s as well: %s", m->name,
						 contract_ids[c], r.detail[c]);
			}
		}
	}
	for (unsigned int c = 0; c < CONTRACT_NR; c++) {
		if (caught[c] != 2 * runs[c] || (!runs[c] && !may_lack(c)))
			fail_msg("no mutant fails %s", contract_ids[c]);
	}
}

static void test_table(void **state)
{
	const struct egpr_strategy *s;
	struct contract_result r;
	struct standin st;
	const char *why;

	(void)state;
	standin_probe(&st, EGPR_STAND_INS_ALL);
	egpr_for_each_strategy(s) {
		int status = contract_known(s, &st, EGPR_FORM_PROXY, EGPR_STATE_DIRTY, &why);

		if (status == EGPR_SKIPPED) {
			print_message("# %-18s %s\n", s->id, why);
			continue;
		}
		if (status)
			fail_msg("%s: %s", s->id, why);
		for (unsigned int g = 0; g < EGPR_NR_STATES; g++) {
			contract_prove(s, &st, EGPR_FORM_PROXY, (enum egpr_guest_state)g, ROUNDS,
				       &r);
			assert_int_equal(r.halves, 2 * ROUNDS);
			for (unsigned int c = 0; c < CONTRACT_NR; c++) {
				if (r.failed[c])
					fail_msg("%s, %s: %s: %s", s->id, egpr_guest_states[g].id,
						 contract_ids[c], r.detail[c]);
				assert_true(r.tried[c] || may_lack(c));
			}
		}
	}
}

/* Bytes that a CPU with APX runs, on software registers: what its scratch registers hold is known. */
static struct contract_result prove_hw(const struct standin *st, const struct egpr_strategy *s)
{
	struct contract_result r;

	contract_prove(s, st, EGPR_FORM_HW, EGPR_STATE_DIRTY, HW_ROUNDS, &r);
	return r;
}

MUTANTS_SCRATCH(MUTANT_HALVES)
static const struct mutant leaving[] = { MUTANTS_SCRATCH(MUTANT_ROW) };

/* Those that leave 32 bits or more are seen without a second run. */
static bool is_plain(const struct mutant *m)
{
	return m->check == PROOF_SCRATCH &&
	       (strstr(m->s.id, "left_in") || strstr(m->s.id, "half") || strstr(m->s.id, "upper"));
}

static void test_scratch(void **state)
{
	struct egpr_page *page;
	const struct egpr_strategy *s;
	struct contract_result r;
	unsigned int caught = 0;
	struct standin st;
	const char *why;
	char text[256];

	(void)state;
	if (egpr_user_native_apx()) {
		print_message("skipped: this CPU has the registers itself\n");
		skip();
	}
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(proof_start(page, 0, &why), 0);
	page->xcr0 |= EGPR_XFEATURE_LO;
	standin_probe(&st, EGPR_STAND_INS_ALL);
	egpr_for_each_strategy(s) {
		if (s->family == EGPR_FAMILY_XSAVE)
			continue; /* moves no component that this CPU lacks */
		r = prove_hw(&st, s);
		if (contract_failure(&r, text, sizeof(text)))
			fail_msg("%s: %s", s->id, text);
		assert_int_equal(r.tried[CONTRACT_SCRATCH], HW_ROUNDS * EGPR_CONTRACT_SCRATCH);
	}
	for (size_t i = 0; i < sizeof(leaving) / sizeof(*leaving); i++) {
		struct egpr_strategy m = leaving[i].s;

		if (!is_plain(&leaving[i]))
			continue;
		m.form[EGPR_FORM_HW] = m.form[EGPR_FORM_TRAP];
		r = prove_hw(&st, &m);
		print_message("# %-14s %-10s %s\n", m.id, contract_ids[CONTRACT_SCRATCH],
			      r.detail[CONTRACT_SCRATCH]);
		if (!r.failed[CONTRACT_SCRATCH])
			fail_msg("%s is not caught", m.id);
		caught++;
	}
	assert_int_equal(caught, 4);
	proof_stop();
	assert_int_equal(munmap(page, sizeof(*page)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutants),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_scratch),
	};

	return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
