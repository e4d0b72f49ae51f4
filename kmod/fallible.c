// SPDX-License-Identifier: GPL-2.0-only
/*
 * A test build can make the N-th call that may fail for want of memory fail: Debian's kernels are
 * built without failslab and fail_page_alloc. Any other build has nothing of this.
 */
#include <linux/module.h>

#include "egpr_switch.h"

#ifdef EGPR_MUTANTS

static int fail_at;
module_param(fail_at, int, 0600);
MODULE_PARM_DESC(fail_at, "The call to fail, counted from now; 0 for none");

/* One test at a time uses it. */
bool egpr_fails_now(void)
{
	return fail_at > 0 && !--fail_at;
}

#endif
