/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the payload sse-sum adds up, and under which control words: other ones than anybody else's,
 * and numbers whose sums are rounded, so that a wrong rounding mode makes another sum.
 */
#ifndef ASM_SSE_SUM_H
#define ASM_SSE_SUM_H

#define SSE_SUM_LANES 32 /* doubles in xmm0..xmm15 */

/* Bits of the double that lane 0 adds, and what each lane has more; bits of x87's. */
#define SSE_SUM_FIRST 0x3fb9a3c5e7f1b2d4
#define SSE_SUM_MORE  0x0003a5c7e9b1d3f5
#define SSE_SUM_X87   0x3fd5a3c5e7f1b2d4

#define SSE_SUM_MXCSR 0x5f80 /* all masked, towards +infinity (SDM vol. 1, 10.2.3) */
#define SSE_SUM_CW    0x0a7f /* all masked, towards +infinity, 53 bits (8.1.5) */

/* Where it leaves the sums after a batch, from EGPR_GUEST_STAMPS on. */
#define SSE_SUM_AT_X87	 256
#define SSE_SUM_AT_MXCSR 272
#define SSE_SUM_AT_CW	 276

/* Steps that it reports as wrong. */
#define SSE_SUM_STEP_MXCSR 1
#define SSE_SUM_STEP_CW	   2

#endif /* ASM_SSE_SUM_H */
