/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsavec saves in the standard format, in every form: not what its home says.
 * row: xsavec
 * caught by: table
 */
#define xsavec64 xsave64
#include "../../../asm/strategy/xsavec.S"
