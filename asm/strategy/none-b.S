/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * none-b: the same as none at another address. Their difference is what placement
 * and noise alone can fake, so it is the floor below which nothing is claimed.
 */
#include "../sequence.h"

SEQ_BEGIN(none_b, exit)
SEQ_END(none_b, exit)

SEQ_BEGIN(none_b, entry)
SEQ_END(none_b, entry)

SEQ_NOEXEC_STACK
