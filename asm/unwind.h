/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What objtool is told where it cannot know: that %rsp does not point into a stack, and that code
 * behind a UD2 is reached. Both annotations changed their names; kmod/probe finds
 * out which ones the headers have.
 */
#ifndef ASM_UNWIND_H
#define ASM_UNWIND_H

#include <linux/objtool.h>
#include <asm/unwind_hints.h>

#ifdef EGPR_HAVE_UNWIND_HINT_UNDEFINED
#define SEQ_UNWIND_NONE UNWIND_HINT_UNDEFINED
#else
#define SEQ_UNWIND_NONE UNWIND_HINT_EMPTY
#endif
#define SEQ_UNWIND_BACK UNWIND_HINT_FUNC

/* ANNOTATE_REACHABLE stands before the instruction that it means, REACHABLE stood behind it. */
#ifdef EGPR_HAVE_ANNOTATE_REACHABLE
#define SEQ_UD2             \
	ANNOTATE_REACHABLE; \
	ud2
#else
#define SEQ_UD2 \
	ud2;    \
	REACHABLE
#endif

#endif /* ASM_UNWIND_H */
