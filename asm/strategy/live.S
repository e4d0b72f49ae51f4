/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live: no switch at all. The guest's registers stay in the hardware while the host handles the
 * exit, as its vector registers do, and the kernel's FPU switch saves them when the thread
 * leaves KVM_RUN or the CPU (RFC to v2 of the series).
 *
 * What an exit pays whose handler reads no EGPR: nothing. For one that does see live-access.
 */
#include "../sequence.h"

SEQ_BEGIN(live, exit)
SEQ_END(live, exit)

SEQ_BEGIN(live, entry)
SEQ_END(live, entry)

SEQ_NOEXEC_STACK
