/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live-access leaves the count of kvm_fpu_get() raised, in every form.
 * row: live-access
 * caught by: table
 */
#define subl testl
#include "../../../asm/strategy/live-access.S"
