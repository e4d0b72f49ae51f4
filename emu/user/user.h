/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The user-mode host of software APX: a process whose SIGILLs on APX
 * instructions are carried out instead of delivered.
 *
 * Used twice: linked into egprlab, where the `trap` form of a switch sequence
 * acts on the register file that it shares with a guest, and preloaded into
 * programs (`egprlab exec`), where the program's own signal handling goes
 * through interposed functions (interpose.c).
 *
 * How an instruction is carried out. The handler rewrites it onto legacy
 * registers (emu_reencode()) into an out-of-line slot that loads the EGPRs from
 * the thread's page, runs the instruction, and stores them back; then it resumes
 * the program in the slot. So the instruction itself runs in the program's own
 * context: real stack pointer, real vector registers, real faults. A hot
 * instruction is replaced by a jump to its slot and traps no more. What has no
 * legacy form (PUSH2, CCMP, branches on EGPRs, ...) is executed by the core on
 * the signal's context.
 *
 * Where r16..r31 are: in a struct egpr_page whose address is in a thread-local
 * variable at a fixed offset from the fs base. %fs needs no interposed thread
 * creation (a new thread's copy is NULL, and its first APX instruction makes the
 * page, all zero) and leaves %gs to the program.
 */
#ifndef EMU_USER_USER_H
#define EMU_USER_USER_H

#include <stdbool.h>
#include <egpr/page.h>

/* egpr_user_start() options */
#define EGPR_USER_PATCH (1u << 0) /* replace hot instructions by jumps to their slots */
#define EGPR_USER_TRAPS (1u << 1) /* act on UD2 + XSAVE family/XSETBV (asm/sequence.h, trap) */
#define EGPR_USER_XCR0_HIGH \
	(1u << 2) /* that XSETBV takes bits above 31 too, which no CPU has yet */

/**
 * egpr_user_start - take SIGILL and SIGSEGV for this process
 * @options: EGPR_USER_*
 *
 * Signals that are not about APX go to the action that was there before. Call
 * once, before the handlers of the program's own are needed.
 *
 * Return: 0 or -errno.
 */
int egpr_user_start(unsigned int options);

/**
 * egpr_user_stop - give SIGILL and SIGSEGV back to what had them
 *
 * Patched instructions stay patched and keep working.
 */
void egpr_user_stop(void);

/**
 * egpr_user_attach - choose the calling thread's register file
 * @page: the page, which must stay mapped until another is attached; NULL for
 *	the thread's own
 *
 * Return: 0 or -errno (no memory for the thread's own page or signal stack).
 */
int egpr_user_attach(struct egpr_page *page);

/**
 * struct egpr_user_counts - what the host did since egpr_user_start(), all threads
 * @traps: SIGILLs taken for APX instructions
 * @slots: slots made
 * @patched: instructions replaced by a jump
 * @unpatchable: hot instructions that could not be
 */
struct egpr_user_counts {
	unsigned long traps;
	unsigned long slots;
	unsigned long patched;
	unsigned long unpatchable;
};

struct egpr_user_counts egpr_user_counts(void);

/** egpr_user_native_apx - whether CPU and OS run APX by themselves */
bool egpr_user_native_apx(void);

/**
 * egpr_user_played - whether `egprlab exec` plays a CPU with APX for this process
 *
 * Then APX instructions run although the CPU lacks them, and nothing may be timed.
 */
bool egpr_user_played(void);

/**
 * egpr_user_play - have the XSAVE family played too, for one stretch of code (emu/user/play.c)
 * @begin: where it begins to load r16..r31
 * @end: behind its stores of them
 *
 * Return: 0 or -errno; -ENOSYS where nothing is played.
 */
int egpr_user_play(const void *begin, const void *end);

#endif /* EMU_USER_USER_H */
