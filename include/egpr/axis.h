/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The axes of every result besides strategy and exit kind, one X-macro each.
 *
 * An id here is the spelling in the CLI, the CSV files and the docs.
 */
#ifndef EGPR_AXIS_H
#define EGPR_AXIS_H

/* X(SYM, id, text): where the strategy runs. */
/* clang-format off */
#define EGPR_LAYERS(X)									\
	X(PRIM, "prim", "the sequence alone, in user mode")				\
	X(RING0, "ring0", "the sequence alone, in the kernel, interrupts off")		\
	X(BOUNDARY, "boundary", "in the VMM, around KVM_RUN")				\
	X(KVM, "kvm", "in the module, at KVM's own entry and exit")			\
	X(VMENTER, "vmenter", "in KVM's own __vmx_vcpu_run and __svm_vcpu_run")

/*
 * X(SYM, id, text): groups: what else the debate turns on. A group stands in column `layer`, its
 * operation in `exit_kind` and its subject in `strategy`; nothing of it is a switch.
 */
#define EGPR_GROUPS(X)									\
	X(ACCESSORS, "accessors", "reading and writing a guest register by its number")	\
	X(UABI, "uabi", "a vCPU's state between KVM and its user")			\
	X(XFD, "xfd", "XSAVE and XRSTOR of a component that XFD disarms")

/* X(SYM, id, text): guest state of the EGPRs. */
#define EGPR_GUEST_STATES(X)								\
	X(OFF, "off", "guest XCR0.APX = 0")						\
	X(INIT, "init", "guest XCR0.APX = 1, registers never written")			\
	X(DIRTY, "dirty", "guest XCR0.APX = 1, registers not zero")

/* X(SYM, id, text): where a row's claim comes from. Never mixed in one comparison. */
#define EGPR_PROVENANCES(X)								\
	X(HW, "hw", "real APX")								\
	X(PROXY, "proxy", "real timing of a stand-in on legacy registers")		\
	X(EMU, "emu", "software APX: state only, never a time")				\
	X(MODEL, "model", "static analysis or instruction counts")

/* X(SYM, id, text): who handles an exit. */
#define EGPR_PATHS(X)									\
	X(NONE, "none", "no exit at all")						\
	X(FAST, "fast", "KVM's fastpath, without leaving the inner run loop")		\
	X(KERNEL, "kernel", "KVM, outside the fastpath")				\
	X(USER, "user", "the VMM, after KVM_RUN returned")
/* clang-format on */

#define EGPR_LAYER_ENUM(SYM, id, text) EGPR_LAYER_##SYM,
#define EGPR_STATE_ENUM(SYM, id, text) EGPR_STATE_##SYM,
#define EGPR_PROV_ENUM(SYM, id, text)  EGPR_PROV_##SYM,
#define EGPR_PATH_ENUM(SYM, id, text)  EGPR_PATH_##SYM,

enum egpr_layer {
	EGPR_LAYERS(EGPR_LAYER_ENUM) EGPR_GROUPS(EGPR_LAYER_ENUM) EGPR_NR_LAYERS
};
#define EGPR_GROUP_COUNT(SYM, id, text) +1
#define EGPR_NR_GROUPS			(0 EGPR_GROUPS(EGPR_GROUP_COUNT))
#define EGPR_FIRST_GROUP		(EGPR_NR_LAYERS - EGPR_NR_GROUPS)
enum egpr_guest_state {
	EGPR_GUEST_STATES(EGPR_STATE_ENUM) EGPR_NR_STATES
};
enum egpr_provenance {
	EGPR_PROVENANCES(EGPR_PROV_ENUM) EGPR_NR_PROVENANCES
};
enum egpr_path {
	EGPR_PATHS(EGPR_PATH_ENUM) EGPR_NR_PATHS
};

#endif /* EGPR_AXIS_H */
