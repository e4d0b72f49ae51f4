/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * none begins with an ENDBR in form proxy only: four bytes of its own.
 * row: none
 * caught by: proxy
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_PROXY
#undef SEQ_ENDBR
#define SEQ_ENDBR endbr64
#endif
#include "../../../asm/strategy/none.S"
