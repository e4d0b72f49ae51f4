// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables against the tree and against themselves, and the proxy sequences
 * run for real: they must stay within their context and their calling convention.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <egpr/code.h>
#include <egpr/exit_kind.h>
#include <egpr/strategy.h>

#include <bench/layer/standin.h>

#define CANARY_BYTES 256
#define CANARY	     0x5a

struct guarded {
	uint8_t before[CANARY_BYTES] __attribute__((aligned(64)));
	struct egpr_switch sw;
	uint8_t after[CANARY_BYTES];
};

static void test_find(void **state)
{
	const struct egpr_strategy *s;
	unsigned int delay;

	(void)state;
	egpr_for_each_strategy(s) {
		if (s->family == EGPR_FAMILY_DELAY)
			assert_null(egpr_strategy_find(s->id, NULL));
		else
			assert_ptr_equal(egpr_strategy_find(s->id, &delay), s);
	}
	assert_non_null(egpr_strategy_find("delay-0", &delay));
	assert_int_equal(delay, 0);
	assert_non_null(egpr_strategy_find("delay-255", &delay));
	assert_int_equal(delay, 255);
	assert_null(egpr_strategy_find("delay-256", &delay));
	assert_null(egpr_strategy_find("delay-", &delay));
	assert_null(egpr_strategy_find("delay--1", &delay));
	assert_null(egpr_strategy_find("delay-4x", &delay));
	assert_null(egpr_strategy_find("", &delay));
	assert_null(egpr_strategy_find("gated", &delay));
	assert_null(egpr_exit_kind_find("cpui"));
	assert_string_equal(egpr_exit_kind_find("cpuid")->id, "cpuid");
}

static void test_one_file_per_row(void **state)
{
	const struct egpr_strategy *s;
	char path[256];

	(void)state;
	egpr_for_each_strategy(s) {
		FILE *f;

		snprintf(path, sizeof(path), "asm/strategy/%s.S", s->id);
		f = fopen(path, "r");
		if (!f)
			fail_msg("%s: no such file for the row %s", path, s->id);
		fclose(f);
	}
}

static void test_code_is_known(void **state)
{
	const struct egpr_strategy *s;

	(void)state;
	egpr_for_each_strategy(s) {
		for (int form = 0; form < EGPR_NR_FORMS; form++) {
			const struct egpr_code *exit = egpr_code_find(s, form, 0);
			const struct egpr_code *entry = egpr_code_find(s, form, 1);

			assert_non_null(exit);
			assert_non_null(entry);
			/* What switches nothing has no code, whatever it leaves to others. */
			if (s->family == EGPR_FAMILY_BASE || s->family == EGPR_FAMILY_OWN ||
			    s == &egpr_strategies[EGPR_STRATEGY_live])
				assert_int_equal(exit->bytes + entry->insns, 0);
			else
				assert_true(exit->insns > 0 && exit->bytes >= exit->insns);
		}
	}
	assert_int_equal(egpr_nr_codes, EGPR_NR_STRATEGIES * EGPR_NR_FORMS * 2);
}

static void test_dual_swaps(void **state)
{
	const struct egpr_strategy *dual = &egpr_strategies[EGPR_STRATEGY_dual];
	const struct egpr_strategy *none = &egpr_strategies[EGPR_STRATEGY_none];
	const struct egpr_strategy *gated = &egpr_strategies[EGPR_STRATEGY_gated_mov];

	(void)state;
	assert_true(egpr_sequence_bind(dual, EGPR_FORM_HW, 0).exit == none->form[0].exit);
	assert_true(egpr_sequence_bind(dual, EGPR_FORM_HW, 1).exit == dual->form[0].exit);
	assert_true(egpr_sequence_bind(gated, EGPR_FORM_HW, 0).exit == gated->form[0].exit);
}

/* The accessor of a live register: each number has its own case, and the others are left alone. */
static void test_live_access_chooses(void **state)
{
	const struct egpr_strategy *s = &egpr_strategies[EGPR_STRATEGY_live_access];
	const struct egpr_code *code = egpr_code_find(s, EGPR_FORM_HW, 0);
	static struct egpr_switch sw;

	(void)state;
	assert_true(s->needs & EGPR_READS_OPERAND);
	assert_true(code->insns > 2 * EGPR_COUNT); /* a move and a jump per register */
	/* The kernel would load the FPU registers first: nothing is read, the count is even. */
	sw.flags = EGPR_SWITCH_GUEST_APX;
	sw.thread_flags = EGPR_SWITCH_NEED_FPU_LOAD;
	sw.access = EGPR_FIRST;
	sw.operand = CANARY;
	s->form[EGPR_FORM_PROXY].exit(&sw);
	assert_int_equal(sw.operand, CANARY);
	assert_int_equal(sw.bh_count, 0);
	/* A guest without APX cannot name one. */
	sw.flags = 0;
	sw.thread_flags = 0;
	s->form[EGPR_FORM_PROXY].exit(&sw);
	assert_int_equal(sw.operand, CANARY);
	for (sw.access = EGPR_FIRST; sw.access < EGPR_FIRST + EGPR_COUNT; sw.access++) {
		sw.flags = EGPR_SWITCH_GUEST_APX;
		sw.operand = CANARY;
		s->form[EGPR_FORM_PROXY].exit(&sw);
		assert_int_equal(sw.operand, sw.access); /* %rcx stands in for every register */
		assert_int_equal(sw.bh_count, 0);
	}
}

/* Instructions that are there, as layer prim asks for them. */
static bool cpu_runs(const struct egpr_strategy *s, const struct standin *st)
{
	unsigned int there = EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVEOPT | EGPR_NEEDS_XSAVEC;

	return !(s->needs & EGPR_NEEDS_CPL0) && !(s->needs & there & ~st->has);
}

/*
 * Calls one half with marks in the callee-saved registers; 0 if they and the
 * stack pointer came back. The frame lives on the stack itself, so a half that
 * returns with another stack pointer cannot find it again by luck.
 */
long call_marked(egpr_switch_fn fn, struct egpr_switch *sw);
__asm__(".text\n"
	"call_marked:\n\t"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n\t"
	"mov %rdi, %rax; mov %rsi, %rdi\n\t"
	"mov %rsp, %rbp\n\t"
	"mov $0x1111, %ebx; mov $0x2222, %r12d; mov $0x3333, %r13d\n\t"
	"mov $0x4444, %r14d; mov $0x5555, %r15d\n\t"
	"sub $8, %rsp; call *%rax; add $8, %rsp\n\t"
	"xor %eax, %eax; mov $1, %edx\n\t"
	"cmp %rsp, %rbp; cmovne %rdx, %rax\n\t"
	"cmp $0x1111, %rbx; cmovne %rdx, %rax\n\t"
	"cmp $0x2222, %r12; cmovne %rdx, %rax\n\t"
	"cmp $0x3333, %r13; cmovne %rdx, %rax\n\t"
	"cmp $0x4444, %r14; cmovne %rdx, %rax\n\t"
	"cmp $0x5555, %r15; cmovne %rdx, %rax\n\t"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"
	"ret\n");

static void test_proxy_stays_inside(void **state)
{
	struct guarded *g = aligned_alloc(64, sizeof(*g));
	const struct egpr_strategy *s;
	struct standin st;

	(void)state;
	assert_non_null(g);
	standin_probe(&st, EGPR_STAND_INS_ALL);
	egpr_for_each_strategy(s) {
		for (unsigned int apx = 0; apx < 2; apx++) {
			struct egpr_sequence seq = egpr_sequence_bind(s, EGPR_FORM_PROXY, apx);

			if (!cpu_runs(s, &st))
				continue;
			memset(g, CANARY, sizeof(*g));
			standin_context(&g->sw, &st, EGPR_FORM_PROXY,
					apx ? EGPR_STATE_DIRTY : EGPR_STATE_OFF);
			g->sw.xcr0_guest = g->sw.xcr0_host; /* no XSETBV here */
			g->sw.delay = 7;
			/* The lab's own choice: nothing that a call may not lose, PKRU least of all. */
			assert_true(g->sw.rfbm == st.chosen.rfbm);
			assert_true(!(g->sw.rfbm & ~(uint64_t)EGPR_STAND_INS_ALL));
			assert_int_equal(call_marked(seq.exit, &g->sw), 0);
			assert_int_equal(call_marked(seq.entry, &g->sw), 0);
			for (int i = 0; i < CANARY_BYTES; i++) {
				assert_int_equal(g->before[i], CANARY);
				assert_int_equal(g->after[i], CANARY);
			}
		}
	}
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_one_file_per_row),
		cmocka_unit_test(test_code_is_known),
		cmocka_unit_test(test_dual_swaps),
		cmocka_unit_test(test_live_access_chooses),
		cmocka_unit_test(test_proxy_stays_inside),
	};

	return cmocka_run_group_tests_name("strategy", tests, NULL, NULL);
}
