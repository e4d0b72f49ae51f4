/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * none: switches nothing. The cost of reaching a strategy at all (call and return),
 * which every other row pays as well, and the baseline they are compared with.
 */
#include "../sequence.h"

SEQ_BEGIN(none, exit)
SEQ_END(none, exit)

SEQ_BEGIN(none, entry)
SEQ_END(none, entry)

SEQ_NOEXEC_STACK
