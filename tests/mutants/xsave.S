/* SPDX-License-Identifier: GPL-2.0-only */
/* Broken strategies: the XSAVE area and its header. See mutants.h. */
#include "mutants.h"

/* clang-format off */
#define AREA(n)	      (SW_XSAVE + EGPR_XSAVE_STD_OFFSET + (n - EGPR_FIRST) * 8)
#define AREA_STORE(n) word_store n, AREA(n);
#define AREA_LOAD(n)  word_load n, AREA(n);
#define HEADER	      (SW_XSAVE + EGPR_XSAVE_HEADER_OFFSET)
#define SAVE	      load_rfbm; seq_trap; xsave64 SW_XSAVE(%rdi)
#define SAVE_COMPACT  load_rfbm; seq_trap; xsavec64 SW_XSAVE(%rdi)
#define RESTORE	      load_rfbm; seq_trap; xrstor64 SW_XSAVE(%rdi)

GATED_HALF(stale_reader, exit, SAVE; clear_egprs)
GATED_HALF(stale_reader, entry, EGPR_LIST(AREA_LOAD))

GATED_HALF(bv_not_set, exit, EGPR_LIST(AREA_STORE) clear_egprs)
GATED_HALF(bv_not_set, entry, EGPR_LIST(AREA_LOAD))

GATED_HALF(bv_always, exit, SAVE_COMPACT; clear_egprs; orl $EGPR_XFEATURE_LO, HEADER(%rdi))
GATED_HALF(bv_always, entry, RESTORE)

GATED_HALF(wrong_format, exit, SAVE; clear_egprs)
GATED_HALF(wrong_format, entry, RESTORE)

GATED_HALF(saves_cleared, exit, clear_egprs; SAVE)
GATED_HALF(saves_cleared, entry, RESTORE)

GATED_HALF(legacy_too, exit, SAVE; clear_egprs; stmxcsr SW_XSAVE + 24(%rdi))
GATED_HALF(legacy_too, entry, RESTORE)

GATED_HALF(rfbm, exit, SAVE; clear_egprs; orl $4, SW_RFBM(%rdi))
GATED_HALF(rfbm, entry, RESTORE)
/* clang-format on */

SEQ_NOEXEC_STACK
