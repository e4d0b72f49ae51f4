/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsave executes XSAVEOPT, in every form: not what its words and needs say.
 * row: xsave
 * caught by: table
 */
#define xsave64 xsaveopt64
#include "../../../asm/strategy/xsave.S"
