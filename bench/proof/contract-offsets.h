/* SPDX-License-Identifier: GPL-2.0-only */
/* Where contract-call.S finds the members of struct contract_state; contract.c checks each. */
#ifndef BENCH_PROOF_CONTRACT_OFFSETS_H
#define BENCH_PROOF_CONTRACT_OFFSETS_H

#define C_FX_CALLER 0
#define C_FX_IN	    512
#define C_FX_OUT    1024
#define C_SAVED_IN  1536
#define C_SAVED_OUT 1584
#define C_FRAME_IN  1632
#define C_FRAME_OUT 1696
#define C_RSP_IN    1760
#define C_RSP_OUT   1768
#define C_FLAGS_OUT 1776
#define C_MASK	    1784
#define C_X_IN	    1792
#define C_X_OUT	    14080

#endif /* BENCH_PROOF_CONTRACT_OFFSETS_H */
