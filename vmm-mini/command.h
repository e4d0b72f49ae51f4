/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line of vmm-mini.
 */
#ifndef VMM_MINI_COMMAND_H
#define VMM_MINI_COMMAND_H

#include "footprint.h"
#include "vmm.h"

/**
 * struct vmm_command - what the user asked for
 * @options: of the VM
 * @exits: iterations of the payload's loop; 0 for what the payload does by default
 * @footprint: level that the guest's working set fills
 * @walk: how it is walked between exits
 * @seed: of its order
 * @payload: path of the ELF file
 * @help: the help text was printed; nothing else to do
 */
struct vmm_command {
	struct vmm_options options;
	uint32_t exits;
	enum vmm_footprint footprint;
	enum vmm_walk_kind walk;
	uint32_t seed;
	const char *payload;
	bool help;
};

/* Read the command line. Return: 0, or EGPR_USAGE after a message. */
int vmm_command_parse(struct vmm_command *c, int argc, char **argv);

/* Run the payload and report. Return: the exit status. */
int vmm_command_run(const struct vmm_command *c);

/* Check that all of standard output was written. Return: 0, or EGPR_UNAVAILABLE after a message. */
int vmm_command_output(void);

#endif /* VMM_MINI_COMMAND_H */
