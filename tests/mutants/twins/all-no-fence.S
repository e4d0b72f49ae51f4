/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov-lfence has no barrier, in any form: not what its words say.
 * row: gated-mov-lfence
 * caught by: table
 */
#define lfence
#include "../../../asm/strategy/gated-mov-lfence.S"
