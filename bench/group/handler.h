/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What calls an accessor: an emulator that decodes ModRM and SIB, and the handler of exits 84 and 85.
 */
#ifndef BENCH_GROUP_HANDLER_H
#define BENCH_GROUP_HANDLER_H

#include <stddef.h>
#include <stdint.h>

#include "accessor.h"

#define INSN_BYTES 16

/* Exits of RDMSR and WRMSRNS with an immediate. */
#define EXIT_RDMSR_IMM	 84
#define EXIT_WRMSRNS_IMM 85

/*
 * EXTENDED_INSTRUCTION_INFO, VMCS field 0x2406: the first register has five bits from here on. Source:
 * the layout that the APX series for KVM gives (struct ext_insn_info, 2025-11).
 */
#define INFO_REG1_SHIFT 16
#define INFO_REG_MASK	0x1f

/**
 * struct handler_work - what is decoded, the same for every accessor
 * @insn: LEA with a REX2 prefix, ModRM, SIB and four bytes of displacement
 * @info: extended instruction information
 * @reason: EXIT_RDMSR_IMM or EXIT_WRMSRNS_IMM
 */
#define HANDLER_ITEMS 4096 /* more than a branch predictor learns by heart */
struct handler_work {
	uint8_t insn[HANDLER_ITEMS][INSN_BYTES];
	uint64_t info[HANDLER_ITEMS];
	uint8_t reason[HANDLER_ITEMS];
};

/* Fill it from a seed. */
void handler_fill(struct handler_work *w, uint64_t seed);

/**
 * struct handler_calls - an accessor as the benchmark has it
 * @vcpu_bytes: of one register file, 512 at most
 * @init: give a register file its first values, in every accessor the same by number; @form counts
 *	where registers are live
 * @emulate: execute one LEA. Return: what it wrote
 * @msr_imm: handle one exit; @msr is what RDMSR reads and WRMSRNS writes
 * @read: a register by number, for tests; what is not r0..r31 is refused as the design does
 * @code: first byte of all code above
 * @end: behind its last
 */
struct handler_calls {
	size_t vcpu_bytes;
	void (*init)(void *vcpu, uint64_t seed, enum egpr_form form);
	uint64_t (*emulate)(void *vcpu, const uint8_t *insn);
	void (*msr_imm)(void *vcpu, unsigned int reason, uint64_t info, uint64_t *msr);
	uint64_t (*read)(void *vcpu, unsigned int nr);
	const char *code;
	const char *end;
};

extern const struct handler_calls handlers[NR_ACCESSORS];

#endif /* BENCH_GROUP_HANDLER_H */
