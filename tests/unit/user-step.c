// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals in slots: an APX instruction is single-stepped through its slot, and at
 * every stop the context is taken out of it. It must then be exactly that before the
 * instruction, or exactly that behind it, registers, flags and r16..r31.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "../../emu/user/state.h"

#define STATUS	   0x8d5u /* OF SF ZF AF PF CF */
#define TRAP_FLAG  0x100u
#define BUFFER	   16 /* words that address registers point into */
#define NR_FLAGS   4
#define INT3_BYTES 1

extern void (*const egpr_step_table[])(void);
extern uint64_t egpr_step_data;

static const uint64_t flags_in[NR_FLAGS] = { 0x1, 0x8d4, 0x40, 0x880 };

/* All that an instruction may change. */
struct machine {
	greg_t greg[16];
	uint64_t flags;
	uint64_t r[EGPR_COUNT];
	uint64_t rip;
};

static struct {
	bool stepping;
	bool running;
	uint64_t flags;
	ucontext_t caller;
	struct machine before, after;
	unsigned int stops, undone, finished, wrong;
	char what[160];
} test;

static uint64_t buffer[BUFFER];
static struct user_thread copy;
static struct egpr_page page_copy;

static void fill_memory(void)
{
	for (unsigned int i = 0; i < BUFFER; i++)
		buffer[i] = 0x0101010101010101ULL * (i + 3);
	egpr_step_data = 0x0102030405060708ULL;
}

static void take(struct machine *m, const ucontext_t *uc, const struct egpr_page *page)
{
	for (unsigned int i = 0; i < 16; i++)
		m->greg[i] = uc->uc_mcontext.gregs[user_greg[i]];
	m->flags = (uint64_t)uc->uc_mcontext.gregs[REG_EFL] & STATUS;
	m->rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
	memcpy(m->r, page->r, sizeof(m->r));
}

/* r30, rsi and rdi point into the buffer, r29 and rcx are small; all else is arbitrary. */
static void begin(ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;

	memcpy(&test.caller, uc, sizeof(test.caller));
	fill_memory();
	for (unsigned int i = 0; i < 16; i++) {
		if (i != EMU_RSP)
			g[user_greg[i]] = (greg_t)(0x1122334455667788ULL * (i + 1));
		user_thread.page->r[i] = 0x99aabbccddeeff01ULL ^
					 ((uint64_t)i << 40 | i * 0x1111ull);
	}
	g[REG_RSI] = g[REG_RDI] = (greg_t)(uintptr_t)&buffer[2];
	g[REG_RCX] = 5;
	user_thread.page->r[30 - EGPR_FIRST] = (uint64_t)(uintptr_t)&buffer[2];
	user_thread.page->r[29 - EGPR_FIRST] = 3;
	g[REG_EFL] = (greg_t)(((uint64_t)g[REG_EFL] & ~(uint64_t)STATUS) | test.flags);
	take(&test.before, uc, user_thread.page);
	if (test.stepping)
		g[REG_EFL] |= TRAP_FLAG;
	test.running = true;
}

static void end(ucontext_t *uc)
{
	greg_t rip = uc->uc_mcontext.gregs[REG_RIP];

	uc->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
	if (!test.stepping)
		take(&test.after, uc, user_thread.page);
	memcpy(uc->uc_mcontext.gregs, test.caller.uc_mcontext.gregs, sizeof(uc->uc_mcontext.gregs));
	uc->uc_mcontext.gregs[REG_RIP] = rip;
	test.running = false;
}

static void compare(const struct machine *is, const struct machine *want, const char *which)
{
	unsigned int bad = 0;

	for (unsigned int i = 0; i < 16 && !bad; i++) {
		if (is->greg[i] != want->greg[i])
			bad = 100 + i;
		else if (is->r[i] != want->r[i])
			bad = 200 + i;
	}
	if (!bad && is->flags != want->flags)
		bad = 300;
	if (bad && !test.wrong++)
		snprintf(test.what, sizeof(test.what),
			 "%s at stop %u: %s %u differs (flags %#llx, want %#llx)", which,
			 test.stops,
			 bad < 200   ? "register"
			 : bad < 300 ? "r16 +"
				     : "flags",
			 bad % 100, (unsigned long long)is->flags, (unsigned long long)want->flags);
}

static void stop_in_slot(const ucontext_t *uc)
{
	static ucontext_t context;
	struct machine now;

	memcpy(&context, uc, sizeof(context));
	copy = user_thread;
	page_copy = *user_thread.page;
	copy.page = &page_copy;
	if (!user_unwind(&copy, &context))
		return;
	test.stops++;
	take(&now, &context, &page_copy);
	if (now.rip == test.before.rip) {
		test.undone++;
		compare(&now, &test.before, "undone");
	} else if (now.rip == test.after.rip - INT3_BYTES) {
		test.finished++;
		compare(&now, &test.after, "finished");
	} else if (!test.wrong++) {
		snprintf(test.what, sizeof(test.what), "unwound to %#llx",
			 (unsigned long long)now.rip);
	}
}

static void on_trap(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	if (si->si_code == TRAP_TRACE)
		stop_in_slot(context);
	else if (test.running)
		end(context);
	else
		begin(context);
}

static void step_one(unsigned int i, unsigned int f)
{
	memset(&test, 0, sizeof(test));
	test.flags = flags_in[f];
	egpr_step_table[i]();
	test.stepping = true;
	egpr_step_table[i]();
	if (test.wrong)
		fail_msg("instruction %u, flags %#llx: %s", i, (unsigned long long)test.flags,
			 test.what);
	/* A slot that saves nothing begins with the instruction itself: nothing to undo. */
	if (!test.finished)
		fail_msg("instruction %u: %u stops, %u undone, %u finished", i, test.stops,
			 test.undone, test.finished);
}

static void test_every_stop(void **state)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	unsigned int i;

	(void)state;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGTRAP, &sa, NULL);
	assert_int_equal(egpr_user_start(0), 0);
	for (i = 0; egpr_step_table[i]; i++) {
		for (unsigned int f = 0; f < NR_FLAGS; f++)
			step_one(i, f);
	}
	egpr_user_stop();
	assert_true(i > 50);
}

static sigjmp_buf out;
static siginfo_t seen;

static void on_fault(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)context;
	seen = *si;
	siglongjmp(out, 1);
}

/* XCR0.APX = 0: the same instruction is a #UD, and the action that was there gets it. */
static void test_disabled(void **state)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	static struct egpr_page off;

	(void)state;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGILL, &sa, NULL);
	assert_int_equal(egpr_user_start(0), 0);
	emu_page_init(&off);
	assert_int_equal(egpr_user_attach(&off), 0);
	if (!sigsetjmp(out, 1)) {
		__asm__ volatile(".byte 0xd5, 0x18, 0x89, 0xc0"); /* mov %rax, %r16 */
		fail_msg("an APX instruction ran with XCR0.APX = 0");
	}
	assert_int_equal(seen.si_signo, SIGILL);
	assert_int_equal(off.ud, 1);
	off.xcr0 |= EGPR_XFEATURE_LO;
	__asm__ volatile(".byte 0xd5, 0x18, 0x89, 0xc0" : : "a"(77ul));
	assert_int_equal(off.r[0], 77);
	assert_int_equal(off.xinuse, 1);
	egpr_user_attach(NULL);
	egpr_user_stop();
}

/* Hot instructions of four and of eight bytes stop trapping, and count right throughout. */
static void test_patched(void **state)
{
	struct egpr_user_counts before, later;
	uint64_t sum = 0;

	(void)state;
	assert_int_equal(egpr_user_start(EGPR_USER_PATCH), 0);
	before = egpr_user_counts();
	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t v;

		__asm__ volatile(".byte 0xd5, 0x18, 0x89, 0xc0\n\t" /* mov %rax, %r16 */
				 "nopl 0(%%rax)\n\t"
				 ".byte 0xd5, 0x18, 0x81, 0xc0\n\t.long 1\n\t" /* add $1, %r16 */
				 ".byte 0xd5, 0x18, 0x89, 0xc0\n\t"
				 ".byte 0x66, 0xd5, 0x10, 0x81, 0xc0, 1, 0\n\t" /* add $1, %r16w */
				 ".byte 0xd5, 0x48, 0x89, 0xc0"			/* mov %r16, %rax */
				 : "=a"(v)
				 : "0"((uint64_t)i)
				 : "cc");
		sum += v;
	}
	later = egpr_user_counts();
	egpr_user_stop();
	assert_int_equal(sum, 1000 * 1001 / 2);
	print_message("patched %lu, traps %lu, unpatchable %lu\n", later.patched - before.patched,
		      later.traps - before.traps, later.unpatchable - before.unpatchable);
	assert_true(later.patched - before.patched >= 2);
	assert_true(later.traps - before.traps < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_stop),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_patched),
	};

	if (egpr_user_native_apx()) {
		puts("1..0 # SKIP this CPU has APX: nothing traps");
		return 0;
	}
	return cmocka_run_group_tests_name("user-step", tests, NULL, NULL);
}
