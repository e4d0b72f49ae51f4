/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the user host share; see user.h for the whole.
 */
#ifndef EMU_USER_STATE_H
#define EMU_USER_STATE_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "../emu.h"
#include "user.h"

#define USER_HIDDEN	__attribute__((visibility("hidden")))
#define USER_PAGE_SIZE	4096ul
#define USER_STACK_SIZE (64ul * 1024) /* a thread's signal stack: about ten AVX-512 frames */

/* Stand-ins, the page pointer, RAX for the flags, a scratch for an index. */
#define USER_SAVES (EMU_RE_MOVES + 3)

/**
 * struct user_thread - per-thread state, in static TLS; slots reach it through %fs
 * @page: the thread's register file; NULL until its first APX instruction
 * @save: what the stand-in registers held; written and read by slots
 * @flags: LAHF/SETO image while an NF instruction runs
 * @fault_addr: address for the fault slot to touch
 * @fault_rip: instruction on whose behalf it does
 * @fault_write: it touches as a write does
 * @rax: RAX while flags are taken or the fault slot runs
 * @access: the fault that stopped user_copy()
 * @own: the thread's mapping (guard page, signal stack, page), or NULL
 * @program_stack: the program asked for an alternate stack, and has it
 * @locked: it holds user_lock()
 * @hidden_mask: of SIGILL and SIGSEGV, those that the program believes blocked
 */
struct user_thread {
	struct egpr_page *page;
	uint64_t save[USER_SAVES];
	uint64_t flags;
	uint64_t fault_addr;
	uint64_t fault_rip;
	bool fault_write;
	uint64_t rax;
	siginfo_t access;
	uint8_t *own;
	bool program_stack;
	bool locked;
	uint64_t hidden_mask;
};

extern _Thread_local struct user_thread user_thread __attribute__((tls_model("initial-exec")))
USER_HIDDEN;

/* thread.c */
USER_HIDDEN int user_thread_init(struct user_thread *t);
USER_HIDDEN int user_thread_setup(void);
USER_HIDDEN uint64_t user_real_xcr0(void);
USER_HIDDEN uint64_t user_mask_set(uint64_t mask);
USER_HIDDEN stack_t user_thread_stack(const struct user_thread *t);

/* What a slot does after the instruction itself, in order; user_unwind() can finish it. */
enum user_step_kind {
	USER_STEP_ZEXT,	      /* zero-extend @legacy to @arg bytes */
	USER_STEP_STORE,      /* page->r[@arg] = @legacy */
	USER_STEP_STORE_REG,  /* legacy register @arg = @legacy */
	USER_STEP_STORE_SAVE, /* save[@arg] = @legacy */
	USER_STEP_KEEP,	      /* save[@arg] = @legacy, which the next steps use */
	USER_STEP_FLAGS,      /* status flags from user_thread.flags */
	USER_STEP_RESTORE,    /* @legacy = save[@arg] */
};

struct user_step {
	uint16_t end; /* offset in the code at which the step is done */
	uint8_t kind;
	uint8_t legacy;
	uint8_t arg;
};

#define USER_STEPS	24
#define USER_SLOT_MAX	320 /* bytes of code */
#define USER_SLOT_ALIGN 64

enum user_slot_state {
	USER_COLD,
	USER_PATCHING, /* the program's first byte is USER_PATCH_BYTE */
	USER_PATCHED,
	USER_FIXED, /* cannot be patched */
};

/**
 * struct user_slot - one emulated instruction of the program
 * @rip: its address
 * @insn: decoded
 * @code: out-of-line code, or NULL: emu_execute() does it
 * @len: bytes of @code
 * @native: offset of the rewritten instruction: up to it, undo
 * @native_end: its end: from there, finish
 * @flags_begin: from here RAX is not the program's, if @flags_rax
 * @flags_end: to here
 * @flags_rax: RAX is in user_thread.rax between the two
 * @dfv_from: from here to @native a CCMP gets its default flags; 0 if it cannot
 * @dfv_rax: from here RAX is in user_thread.rax
 * @dfv: those flags, as a LAHF/SETO image
 * @nsaved: stand-ins, saved to user_thread.save[] in order
 * @saved: the registers
 * @saved_end: offsets at which each is saved
 * @nsteps: what follows the instruction
 * @step: likewise
 * @writes_egpr: it changes r16..r31
 * @state: enum user_slot_state
 * @hits: traps so far
 */
struct user_slot {
	uint64_t rip;
	struct emu_insn insn;
	const uint8_t *code;
	uint16_t len;
	uint16_t native;
	uint16_t native_end;
	uint16_t flags_begin;
	uint16_t flags_end;
	bool flags_rax;
	uint16_t dfv_from;
	uint16_t dfv_rax;
	uint32_t dfv;
	uint8_t nsaved;
	uint8_t saved[USER_SAVES];
	uint16_t saved_end[USER_SAVES];
	uint8_t nsteps;
	struct user_step step[USER_STEPS];
	bool writes_egpr;
	_Atomic int state;
	atomic_uint hits;
};

/* build.c: what slots consist of. */
USER_HIDDEN bool user_build(struct user_slot *s, uint8_t *code);
#define USER_JUMP_NEAR 5
#define USER_JUMP_MAX  14
USER_HIDDEN unsigned int user_build_jump(uint8_t *at, uint64_t from, uint64_t to);
USER_HIDDEN void user_build_fault(struct user_slot *s, uint8_t *code, bool write);

/* cache.c: from addresses of instructions to slots, from slot addresses back. */
USER_HIDDEN int user_cache_setup(void);
USER_HIDDEN struct user_slot *user_cache_find(uint64_t rip);
USER_HIDDEN struct user_slot *user_cache_add(const struct user_slot *s);
USER_HIDDEN uint8_t *user_code_alloc(unsigned int len, uint64_t low, uint64_t high,
				     struct user_slot *owner);
USER_HIDDEN void user_code_reach(uint64_t rip, uint64_t *low, uint64_t *high);
USER_HIDDEN struct user_slot *user_code_owner(uint64_t rip);
USER_HIDDEN void user_lock(void);
USER_HIDDEN bool user_lock_is_mine(void);
USER_HIDDEN void user_unlock(void);

/* patch.c */
#define USER_PATCH_BYTE 0x06 /* PUSH ES: one byte, #UD in 64-bit mode */
#define USER_OP_JMP	0xe9
#define USER_HOT	8 /* traps after which an instruction is patched */
USER_HIDDEN int user_patch_setup(void);
USER_HIDDEN void user_patch(struct user_slot *s);
extern atomic_ulong user_nr_patched USER_HIDDEN, user_nr_unpatchable USER_HIDDEN;

/* unwind.c: make a context that stands in a slot stand in the program. */
USER_HIDDEN bool user_unwind(struct user_thread *t, ucontext_t *uc);
extern const int user_greg[16] USER_HIDDEN;

/* access.S, memory.c */
USER_HIDDEN int user_copy(void *to, const void *from, size_t len);
USER_HIDDEN int user_probe_write(void *at);
USER_HIDDEN int user_cas(void *at, uint64_t *old, uint64_t new_val, unsigned int len);
extern const char user_access_begin[] USER_HIDDEN, user_access_end[] USER_HIDDEN,
	user_access_failed[] USER_HIDDEN;
extern const struct emu_host user_memory_host USER_HIDDEN;

/* slot.c */
#define USER_UD2_BYTES	 2
#define USER_FETCH_BYTES (EMU_INSN_MAX + USER_UD2_BYTES)
USER_HIDDEN unsigned int user_fetch(uint64_t rip, uint8_t *bytes);
USER_HIDDEN bool user_is_apx(uint64_t rip);
USER_HIDDEN struct user_slot *user_slot_make(uint64_t rip);
USER_HIDDEN bool user_slot_matches(const struct user_slot *s, const uint8_t *bytes,
				   unsigned int len);
extern unsigned int user_options USER_HIDDEN;
extern atomic_ulong user_nr_slots USER_HIDDEN;

/* serve.c */
extern atomic_ulong user_nr_traps USER_HIDDEN;
USER_HIDDEN int user_serve_setup(void);

/* What became of an instruction that trapped. */
enum user_outcome {
	USER_DONE,    /* resume the context */
	USER_GENUINE, /* the SIGILL is the program's */
};

USER_HIDDEN enum user_outcome user_serve(struct user_thread *t, ucontext_t *uc);
USER_HIDDEN enum user_outcome user_execute(struct user_thread *t, ucontext_t *uc,
					   const struct emu_insn *insn);
USER_HIDDEN bool user_is_fault_slot(uint64_t rip);

/* signals.c */
#define USER_BIT(sig)	 (UINT64_C(1) << ((sig)-1))
#define USER_NEVER_BLOCK (USER_BIT(SIGILL) | USER_BIT(SIGSEGV))
#define USER_NSIG	 65

/*
 * Handlers align their stack themselves: user-mode QEMU (7.2) enters them eight bytes off,
 * and the compiler's aligned vector stores would fault.
 */
#define USER_HANDLER __attribute__((force_align_arg_pointer))

/* Set by play.c: takes an APX instruction in the stretch of code that it plays for. */
extern bool (*user_player)(struct user_thread *t, ucontext_t *uc) USER_HIDDEN;

/* host.c */
USER_HIDDEN int user_take_signal(int sig, void (*handler)(int, siginfo_t *, void *));

USER_HIDDEN void user_on_sigill(int sig, siginfo_t *si, void *context);
USER_HIDDEN void user_on_sigsegv(int sig, siginfo_t *si, void *context);
USER_HIDDEN void user_on_other(int sig, siginfo_t *si, void *context);
USER_HIDDEN void user_stack_ready(struct user_thread *t);
extern struct sigaction user_action[USER_NSIG] USER_HIDDEN; /* the program's, under user_lock() */

/* The C library's own, whoever interposes the name: libc.c or next.c. */
USER_HIDDEN int user_real_sigaction(int sig, const struct sigaction *sa, struct sigaction *old);

#endif /* EMU_USER_STATE_H */
