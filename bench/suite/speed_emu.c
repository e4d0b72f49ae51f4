// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software APX in user mode beside bare equivalents: a trapped instruction beside
 * a SIGILL that is only stepped over, a patched one beside its legacy form.
 *
 * The instructions are single ones on r16, written as bytes so that any assembler
 * takes them. Both signal handlers run on the thread's signal stack.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include <egpr/status.h>
#include <emu/user/user.h>

#include <bench/host/clock.h>
#include "suite.h"

#define HEADING	    "APX in software"
#define TRAPS	    64	 /* per sample: a millisecond or so */
#define PATCHED	    8192 /* per sample: tens of microseconds */
#define WARM_TRAPS  64	 /* far more than the emulator waits for before it patches */
#define TRAP_GOAL   1.3
#define PATCH_GOAL  25
#define MOV_LENGTH  4
#define MOV_RAX_R16 ".byte 0xd5, 0x18, 0x89, 0xc0\n\t"		  /* mov %rax, %r16 */
#define ADD_1_R16   ".byte 0xd5, 0x18, 0x81, 0xc0\n\t.long 1\n\t" /* add $1, %r16 */
#define ADD_1_RAX   ".byte 0x48, 0x81, 0xc0\n\t.long 1\n\t"	  /* add $1, %rax */

extern const struct speed_case speed_trap, speed_patch;

static struct sigaction lab_action;

static void step_over(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	uc->uc_mcontext.gregs[REG_RIP] += MOV_LENGTH;
}

static int start(unsigned int options, char *why)
{
	int err;

	if (egpr_user_native_apx()) {
		snprintf(why, SPEED_WHY_SIZE,
			 "this CPU runs APX itself, so nothing traps and nothing is patched");
		return EGPR_SKIPPED;
	}
	err = egpr_user_start(options);
	if (err) {
		snprintf(why, SPEED_WHY_SIZE, "the user-mode emulator does not start: %s",
			 strerror(-err));
		return EGPR_INTERNAL;
	}
	return 0;
}

static void stop(void *context)
{
	(void)context;
	egpr_user_stop();
}

static int trap_open(void **context, char *why)
{
	int status = start(0, why);

	*context = NULL;
	if (!status && sigaction(SIGILL, NULL, &lab_action))
		status = EGPR_INTERNAL;
	return status;
}

static __attribute__((noinline)) double time_traps(void)
{
	uint64_t begin = clock_tsc();
	unsigned int i;

	for (i = 0; i < TRAPS; i++)
		__asm__ volatile(MOV_RAX_R16 : : "a"(i) : "memory");
	return (double)(clock_tsc() - begin) / TRAPS;
}

static int trap_ours(void *context, double *cycles)
{
	unsigned long before = egpr_user_counts().traps;

	(void)context;
	*cycles = time_traps();
	return egpr_user_counts().traps - before == TRAPS ? 0 : -1;
}

static int trap_bare(void *context, double *cycles)
{
	struct sigaction bare = { .sa_sigaction = step_over, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	(void)context;
	sigemptyset(&bare.sa_mask);
	if (sigaction(SIGILL, &bare, NULL))
		return -1;
	*cycles = time_traps();
	return sigaction(SIGILL, &lab_action, NULL);
}

const struct speed_case speed_trap = {
	.name = "emu/trap",
	.heading = HEADING,
	.text = "an APX instruction that traps and is emulated, beside a SIGILL stepped over",
	.kind = SPEED_RATIO,
	.goal = TRAP_GOAL,
	.units = TRAPS,
	.open = trap_open,
	.ours = trap_ours,
	.bare = trap_bare,
	.close = stop,
};

static __attribute__((noinline)) double time_patched(unsigned int n)
{
	uint64_t begin = clock_tsc();
	unsigned int i;

	for (i = 0; i < n; i++)
		__asm__ volatile(ADD_1_R16 : : : "memory", "cc");
	return (double)(clock_tsc() - begin) / n;
}

static int patch_open(void **context, char *why)
{
	unsigned long before;
	int status = start(EGPR_USER_PATCH, why);

	*context = NULL;
	if (status)
		return status;
	time_patched(WARM_TRAPS);
	before = egpr_user_counts().traps;
	time_patched(WARM_TRAPS);
	if (egpr_user_counts().traps == before)
		return 0;
	egpr_user_stop();
	snprintf(why, SPEED_WHY_SIZE, "the emulator could not patch the instruction here");
	return EGPR_SKIPPED;
}

static int patch_ours(void *context, double *cycles)
{
	(void)context;
	*cycles = time_patched(PATCHED);
	return 0;
}

static int patch_bare(void *context, double *cycles)
{
	uint64_t begin = clock_tsc(), sum = 0;
	unsigned int i;

	(void)context;
	for (i = 0; i < PATCHED; i++)
		__asm__ volatile(ADD_1_RAX : "+a"(sum) : : "memory", "cc");
	*cycles = (double)(clock_tsc() - begin) / PATCHED;
	return 0;
}

const struct speed_case speed_patch = {
	.name = "emu/patched",
	.heading = HEADING,
	.text = "an APX instruction that was patched, beside its legacy form",
	.kind = SPEED_DIFFERENCE,
	.goal = PATCH_GOAL,
	.units = PATCHED,
	.open = patch_open,
	.ours = patch_ours,
	.bare = patch_bare,
	.close = stop,
};
