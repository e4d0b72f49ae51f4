/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Campaigns: kernels against each other, boots of each in ABBA order, every boot a launch of that
 * kernel's run.
 *
 * What was done is in a state file that is only ever replaced as a whole, and a boot counts from the
 * moment at which the state says so: whatever ends a boot, or this program, costs that boot and no
 * more. The run of a boot is made beside that of the boot before it, never in it.
 */
#ifndef BENCH_CAMPAIGN_H
#define BENCH_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>

#include <bench/base/error.h>

#define CAMPAIGN_KERNELS 8
#define CAMPAIGN_BOOTS	 256 /* that a campaign may take, failed ones among them */
#define CAMPAIGN_TEXT	 512
#define CAMPAIGN_NAME	 64

/* X(key, type, low, high, text): keys of [campaign]. */
/* clang-format off */
#define CAMPAIGN_KEYS(X)								\
	X(out, TEXT, 0, 0, "directory of the runs and of the state, made if need be")	\
	X(run, TEXT, 0, 0, "options of `egprlab run`, such as --profile quick")		\
	X(boots, COUNT, 2, 64, "of each kernel, 4 where not given")				\
	X(failures, COUNT, 0, 64, "boots of one kernel that may go wrong and are made up for, 2 where not given") \
	X(timeout, COUNT, 1, 86400, "seconds that a boot command may take, or the measurement after a reboot; 3600 where not given") \
	X(select, TEXT, 0, 0, "command that chooses what is booted next, `grub-reboot $ENTRY` where not given; $ENTRY is the kernel's") \
	X(reboot, TEXT, 0, 0, "command that boots, `systemctl reboot` where not given")

/* Keys of [kernel NAME]. */
#define CAMPAIGN_KERNEL_KEYS(X)								\
	X(release, TEXT, 0, 0, "what `uname -r` says in it")				\
	X(kvm, TEXT, 0, 0, "directory that scripts/kvm-build made: its KVM is measured, not the kernel's")	\
	X(entry, TEXT, 0, 0, "its name in the boot loader: this machine is rebooted")	\
	X(boot, TEXT, 0, 0, "instead: a command that boots it elsewhere, and ends with it")
/* clang-format on */

/**
 * struct campaign_kernel - one section [kernel NAME]
 */
struct campaign_kernel {
	char name[CAMPAIGN_NAME];
	char release[CAMPAIGN_NAME * 2];
	char kvm[CAMPAIGN_TEXT];
	char entry[CAMPAIGN_TEXT];
	char boot[CAMPAIGN_TEXT];
};

/**
 * struct campaign - a campaign file
 */
struct campaign {
	char out[CAMPAIGN_TEXT], run[CAMPAIGN_TEXT], select[CAMPAIGN_TEXT], reboot[CAMPAIGN_TEXT];
	unsigned int boots, failures, timeout;
	struct campaign_kernel kernel[CAMPAIGN_KERNELS];
	unsigned int nr_kernels;
};

/**
 * campaign_read - read and check a campaign file
 *
 * Return: 0, or EGPR_USAGE with the line that is wrong.
 */
int campaign_read(const char *path, struct campaign *c, struct data_error *e);

/* X(SYM, id, text): what became of a boot. */
/* clang-format off */
#define CAMPAIGN_OUTCOMES(X)								\
	X(DONE, "done", "a launch of the kernel's run")					\
	X(PANICKED, "panicked", "the kernel panicked")					\
	X(HUNG, "hung", "it never came back, or not in time")				\
	X(FAILED, "failed", "the kernel ran, the measurement did not end well")		\
	X(LOST, "lost", "this program or its machine ended in the middle")
/* clang-format on */

#define CAMPAIGN_OUTCOME_ENUM(SYM, id, text) CAMPAIGN_##SYM,
enum campaign_outcome {
	CAMPAIGN_OUTCOMES(CAMPAIGN_OUTCOME_ENUM) CAMPAIGN_NR_OUTCOMES
};

extern const char *const campaign_outcome_ids[CAMPAIGN_NR_OUTCOMES];

/* How far a boot that is under way has come. */
enum campaign_phase {
	CAMPAIGN_IDLE,	    /* none is under way */
	CAMPAIGN_BOOTING,   /* asked for; where this machine boots, under the boot_id of before */
	CAMPAIGN_MEASURING, /* this machine came up with it, under this boot_id */
	CAMPAIGN_NR_PHASES
};

/**
 * struct campaign_state - what was done so far
 * @digest: of the campaign file: another file is another campaign
 * @boot: kernel and outcome of each boot
 * @n: how many
 * @phase: of boot @n
 * @kernel: of boot @n
 * @boot_id: see enum campaign_phase
 */
struct campaign_state {
	char digest[65];
	struct {
		unsigned int kernel;
		enum campaign_outcome outcome;
	} boot[CAMPAIGN_BOOTS];
	unsigned int n;
	enum campaign_phase phase;
	unsigned int kernel;
	char boot_id[CAMPAIGN_NAME];
};

/**
 * campaign_state_load - read OUT/state; a campaign that has none begins
 *
 * Return: 0, EGPR_DATA (not ours, or of another campaign file) or EGPR_UNAVAILABLE.
 */
int campaign_state_load(const struct campaign *c, const char *file, struct campaign_state *s,
			struct data_error *e);

/**
 * campaign_state_save - replace OUT/state: written, synced, renamed, and the directory synced
 *
 * Everything that was written below OUT before is on disk first.
 * Return: 0 or EGPR_UNAVAILABLE, and then the old state is there.
 */
int campaign_state_save(const struct campaign *c, const struct campaign_state *s,
			struct data_error *e);

/**
 * campaign_next - which kernel is booted next
 *
 * First the plan in ABBA order, then what failed boots left out.
 * Return: its index, or -1 when nothing is left to do.
 */
int campaign_next(const struct campaign *c, const struct campaign_state *s);

/* Boots of a kernel that ended in an outcome. */
unsigned int campaign_count(const struct campaign_state *s, unsigned int kernel,
			    enum campaign_outcome outcome);

/* The last boot that a kernel's run is made of, or -1. */
int campaign_last_done(const struct campaign_state *s, unsigned int kernel);

/**
 * campaign_step - go on until nothing is left to do, or this machine is to reboot
 * @root: stands for "/" where this machine is asked for its kernel, "" for itself
 * @rebooting: receives whether it is
 *
 * Return: 0, or the status of what cannot be done.
 */
int campaign_step(const struct campaign *c, struct campaign_state *s, const char *root,
		  bool *rebooting, struct data_error *e);

/* OUT/boot-N/NAME, in a buffer of CAMPAIGN_PATH bytes. */
#define CAMPAIGN_PATH (CAMPAIGN_TEXT + 64)
void campaign_path(const struct campaign *c, unsigned int boot, const char *name, char *path);

#endif /* BENCH_CAMPAIGN_H */
