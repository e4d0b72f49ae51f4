// SPDX-License-Identifier: GPL-2.0-only
/*
 * RFLAGS around the user host's signals. The kernel clears DF, TF and RF when it delivers one and
 * keeps AC, so a handler of compiled code runs under the alignment checks of the program that was
 * interrupted, and would die of its own accesses. Behind the signal the program has the flags that it
 * had, and so has the program's own handler what a kernel gives one.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cmocka.h>

#include "../../emu/emu.h"
#include "../../emu/user/user.h"

#define CF     0x1ull
#define STATUS 0x8d5ull /* OF SF ZF AF PF CF */
#define DF     0x400ull
#define AC     0x40000ull
#define SEEN   (STATUS | DF | AC)
#define UD2    2

/*
 * Run one instruction under the flags in %rdi; those behind it in %rax. Each lies at an odd address,
 * as a compiler may put them.
 */
#define UNDER_FLAGS(name, instruction)                       \
	uint64_t name(uint64_t flags);                       \
	__asm__(".text\n.p2align 4\n" #name ":\n\t"          \
		"pushfq\n\tpopq %r8\n\t"                     \
		"movl $0, %ecx\n\t"                          \
		"pushq %rdi\n\tpopfq\n\t" instruction "\n\t" \
		"pushfq\n\tpopq %r9\n\t"                     \
		"pushq %r8\n\tpopfq\n\t"                     \
		"movq %r9, %rax\n\tret\n")

/* In the handler, behind a UD2; through a slot; on the signal's context; and one that is no one's. */
UNDER_FLAGS(flags_trap, "ud2\n\txgetbv");
UNDER_FLAGS(flags_slot, ".byte 0xd5, 0x48, 0x89, 0xc0"); /* mov %r16, %rax */
/* push2 %r17, %r16 */
UNDER_FLAGS(flags_context, "lea -8(%rsp), %rsp\n\t"
			   ".byte 0x62, 0xfc, 0x7c, 0x10, 0xff, 0xf1\n\t"
			   "lea 24(%rsp), %rsp");
UNDER_FLAGS(flags_genuine, "ud2");

static const uint64_t flags_in[] = { 0,		  STATUS,	    DF,		 AC, AC | DF,
				     AC | STATUS, AC | DF | STATUS, AC | DF | CF };
#define NR_FLAGS (sizeof(flags_in) / sizeof(*flags_in))

static struct egpr_page *page;
static struct sigaction before;
static volatile uint64_t in_handler, of_program;
static volatile unsigned int genuine;

/* The program's own. */
__attribute__((force_align_arg_pointer)) static void on_sigill(int sig, siginfo_t *si,
							       void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)si;
	in_handler = __builtin_ia32_readeflags_u64();
	__builtin_ia32_writeeflags_u64(in_handler & ~AC);
	of_program = (uint64_t)uc->uc_mcontext.gregs[REG_EFL];
	uc->uc_mcontext.gregs[REG_RIP] += UD2;
	genuine++;
}

/* Within the test, because cmocka takes the signals around it. */
static void set_up(void)
{
	struct sigaction sa = { .sa_sigaction = on_sigill, .sa_flags = SA_SIGINFO };

	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	assert_true(page != MAP_FAILED);
	emu_page_init(page);
	page->xcr0 |= EGPR_XFEATURE_LO;
	genuine = 0;
	sigaction(SIGILL, &sa, &before);
	assert_int_equal(egpr_user_start(EGPR_USER_TRAPS), 0);
	assert_int_equal(egpr_user_attach(page), 0);
}

static void tear_down(void)
{
	egpr_user_stop();
	egpr_user_attach(NULL);
	sigaction(SIGILL, &before, NULL);
	assert_int_equal(munmap(page, sizeof(*page)), 0);
}

static void expect_kept(uint64_t (*under)(uint64_t flags), const char *what)
{
	unsigned int i, again;

	for (i = 0; i < NR_FLAGS; i++) {
		/* The first time makes what the second finds. */
		for (again = 0; again < 2; again++) {
			uint64_t out = under(flags_in[i]);

			if ((out & SEEN) != flags_in[i])
				fail_msg("%s: flags %#llx are %#llx behind it", what,
					 (unsigned long long)flags_in[i],
					 (unsigned long long)(out & SEEN));
		}
	}
}

static void test_trap_form(void **state)
{
	(void)state;
	set_up();
	expect_kept(flags_trap, "UD2 and XGETBV");
	assert_true(page->emulated > 0);
	assert_int_equal(genuine, 0);
	tear_down();
}

static void test_slot(void **state)
{
	(void)state;
	set_up();
	expect_kept(flags_slot, "MOV from r16");
	assert_int_equal(genuine, 0);
	tear_down();
}

static void test_on_context(void **state)
{
	(void)state;
	set_up();
	expect_kept(flags_context, "PUSH2");
	assert_int_equal(genuine, 0);
	tear_down();
}

/* As a kernel calls it: DF clear, all else as it was, AC among it. */
static void test_program_handler(void **state)
{
	unsigned int i;

	(void)state;
	set_up();
	for (i = 0; i < NR_FLAGS; i++) {
		uint64_t out;

		genuine = 0;
		out = flags_genuine(flags_in[i]);
		assert_int_equal(genuine, 1);
		assert_true((out & SEEN) == flags_in[i]);
		assert_true((of_program & SEEN) == flags_in[i]);
		assert_true((in_handler & (DF | AC)) == (flags_in[i] & AC));
	}
	tear_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trap_form),
		cmocka_unit_test(test_slot),
		cmocka_unit_test(test_on_context),
		cmocka_unit_test(test_program_handler),
	};

	if (egpr_user_native_apx()) {
		puts("1..0 # SKIP this CPU has APX, so nothing is emulated");
		return 0;
	}
	return cmocka_run_group_tests_name("flags around signals", tests, NULL, NULL);
}
