/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of exit kinds: what makes a guest leave, who handles it, what it needs.
 *
 * One more exit kind is one row here and one payload asm/payload/<id>.S. See
 * docs/adding-an-exit-kind.md. Path is what KVM is expected to do on a real
 * VMX or SVM host; a measurement that proves otherwise changes the row of the
 * result, not this table.
 */
#ifndef EGPR_EXIT_KIND_H
#define EGPR_EXIT_KIND_H

#include <egpr/axis.h>

/* Privilege levels at which the payload can run. */
#define EGPR_CPL0 (1u << 0)
#define EGPR_CPL3 (1u << 3)

/* What an exit kind needs beside its privilege level. */
#define EGPR_EXIT_IRQCHIP      (1u << 0) /* the in-kernel local APIC */
#define EGPR_EXIT_NO_IRQCHIP   (1u << 1) /* its absence: else the exit never reaches the VMM */
#define EGPR_EXIT_TSC_DEADLINE (1u << 2) /* CPUID.1:ECX[24] in the guest */
#define EGPR_EXIT_X2APIC       (1u << 3) /* CPUID.1:ECX[21] in the guest */
#define EGPR_EXIT_MSR_IMM      (1u << 4) /* CPUID.7.1:ECX[5]: RDMSR/WRMSRNS with immediate */
#define EGPR_EXIT_EGPR	       (1u << 5) /* an r16..r31 operand: APX in the guest */
#define EGPR_EXIT_XSAVE	       (1u << 6) /* CPUID.1:ECX[26]: XSETBV */
#define EGPR_EXIT_NESTED       (1u << 7) /* VMX or SVM for the guest */
#define EGPR_EXIT_TWICE	       (1u << 8) /* an iteration is two exits: proved, and not timed */
#define EGPR_EXIT_MAY_NOT_EXIT \
	(1u << 9) /* the CPU decides (PLE, no intercept): counted, not assumed */

/*
 * X(sym, id, path, cpl, needs, text)
 */
/* clang-format off */
#define EGPR_EXIT_KINDS(X)								\
	X(pio_out, "pio-out", USER, EGPR_CPL0 | EGPR_CPL3, 0,				\
	  "OUT to a port that the VMM handles")						\
	X(pio_in, "pio-in", USER, EGPR_CPL0 | EGPR_CPL3, 0,				\
	  "IN from a port that the VMM handles")					\
	X(mmio_write, "mmio-write", USER, EGPR_CPL0 | EGPR_CPL3, 0,			\
	  "store to an address without memory")						\
	X(mmio_read, "mmio-read", USER, EGPR_CPL0 | EGPR_CPL3, 0,			\
	  "load from an address without memory")					\
	X(hlt, "hlt", USER, EGPR_CPL0, EGPR_EXIT_NO_IRQCHIP,				\
	  "HLT, handled by the VMM")							\
	X(cpuid, "cpuid", KERNEL, EGPR_CPL0 | EGPR_CPL3, 0,				\
	  "CPUID")									\
	X(vmcall, "vmcall", KERNEL, EGPR_CPL0 | EGPR_CPL3, 0,				\
	  "VMCALL with an unknown hypercall number")					\
	X(rdmsr, "rdmsr", KERNEL, EGPR_CPL0, 0,						\
	  "RDMSR of an intercepted MSR")						\
	X(wrmsr, "wrmsr", KERNEL, EGPR_CPL0, 0,						\
	  "WRMSR of an intercepted MSR without a fastpath")				\
	X(wrmsr_tsc_deadline, "wrmsr-tsc-deadline", FAST, EGPR_CPL0,			\
	  EGPR_EXIT_IRQCHIP | EGPR_EXIT_TSC_DEADLINE,					\
	  "WRMSR 0x6e0, a deadline far ahead")						\
	X(wrmsr_x2apic_icr, "wrmsr-x2apic-icr", FAST, EGPR_CPL0,			\
	  EGPR_EXIT_IRQCHIP | EGPR_EXIT_X2APIC,						\
	  "WRMSR 0x830, fixed, physical, no shorthand")					\
	X(wrmsrns_imm_tsc_deadline, "wrmsrns-imm-tsc-deadline", FAST, EGPR_CPL0,	\
	  EGPR_EXIT_IRQCHIP | EGPR_EXIT_TSC_DEADLINE | EGPR_EXIT_MSR_IMM |		\
	  EGPR_EXIT_EGPR, "WRMSRNS imm 0x6e0 with its source in r16..r31")		\
	X(wrmsrns_imm_x2apic_icr, "wrmsrns-imm-x2apic-icr", FAST, EGPR_CPL0,		\
	  EGPR_EXIT_IRQCHIP | EGPR_EXIT_X2APIC | EGPR_EXIT_MSR_IMM | EGPR_EXIT_EGPR,	\
	  "WRMSRNS imm 0x830 with its source in r16..r31")				\
	X(rdmsr_imm, "rdmsr-imm", KERNEL, EGPR_CPL0, EGPR_EXIT_MSR_IMM | EGPR_EXIT_EGPR,	\
	  "RDMSR imm into r16..r31")							\
	X(wrmsrns_imm_tsc_deadline_vex, "wrmsrns-imm-tsc-deadline-vex", FAST, EGPR_CPL0,\
	  EGPR_EXIT_IRQCHIP | EGPR_EXIT_TSC_DEADLINE | EGPR_EXIT_MSR_IMM,		\
	  "WRMSRNS imm 0x6e0 with its source in rax")					\
	X(wrmsrns_imm_x2apic_icr_vex, "wrmsrns-imm-x2apic-icr-vex", FAST, EGPR_CPL0,	\
	  EGPR_EXIT_IRQCHIP | EGPR_EXIT_X2APIC | EGPR_EXIT_MSR_IMM,			\
	  "WRMSRNS imm 0x830 with its source in rax")					\
	X(rdmsr_imm_vex, "rdmsr-imm-vex", KERNEL, EGPR_CPL0, EGPR_EXIT_MSR_IMM,		\
	  "RDMSR imm into rax")								\
	X(xsetbv, "xsetbv", KERNEL, EGPR_CPL0, EGPR_EXIT_XSAVE | EGPR_EXIT_MAY_NOT_EXIT,	\
	  "XSETBV of the value XCR0 already has")					\
	X(cr_access, "cr-access", KERNEL, EGPR_CPL0, EGPR_EXIT_MAY_NOT_EXIT,		\
	  "MOV to CR0 that changes an intercepted bit")					\
	X(invd, "invd", KERNEL, EGPR_CPL0, 0,						\
	  "INVD, intercepted and ignored by KVM")					\
	X(pause, "pause", KERNEL, EGPR_CPL0 | EGPR_CPL3, EGPR_EXIT_MAY_NOT_EXIT,	\
	  "PAUSE in a loop; exits only by pause-loop exiting")				\
	X(l2_vmcall, "l2-vmcall", KERNEL, EGPR_CPL0, EGPR_EXIT_NESTED | EGPR_EXIT_TWICE,	\
	  "a guest of the guest runs and leaves by VMCALL: two exits of KVM")		\
	X(ud_in_guest, "ud-in-guest", NONE, EGPR_CPL0 | EGPR_CPL3, 0,			\
	  "UD2 taken by the guest's own IDT: the control without a VMM exit")
/* clang-format on */

#define EGPR_EXIT_KIND_ENUM(sym, ...) EGPR_EXIT_##sym,
enum egpr_exit_kind_index {
	EGPR_EXIT_KINDS(EGPR_EXIT_KIND_ENUM) EGPR_NR_EXIT_KINDS
};

/**
 * struct egpr_exit_kind - one row of the table
 * @id: spelling in CLI and CSV; the payload is <id>.elf
 * @text: what the guest does, in words
 * @path: who is expected to handle the exit
 * @cpl: EGPR_CPL0, EGPR_CPL3 or both
 * @needs: EGPR_EXIT_* flags
 */
struct egpr_exit_kind {
	const char *id;
	const char *text;
	enum egpr_path path;
	unsigned int cpl;
	unsigned int needs;
};

/* The table: EGPR_NR_EXIT_KINDS rows in the order of EGPR_EXIT_KINDS. */
extern const struct egpr_exit_kind egpr_exit_kinds[EGPR_NR_EXIT_KINDS];

#define egpr_for_each_exit_kind(k) \
	for ((k) = egpr_exit_kinds; (k) < egpr_exit_kinds + EGPR_NR_EXIT_KINDS; (k)++)

/**
 * egpr_exit_kind_find - look an exit kind up by its CLI spelling
 * @id: an id of the table
 *
 * Return: the row, or NULL.
 */
const struct egpr_exit_kind *egpr_exit_kind_find(const char *id);

#endif /* EGPR_EXIT_KIND_H */
