// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm-mini: run one payload for one batch, and say how it ended.
 */
#include <stdio.h>

#include "command.h"

int main(int argc, char **argv)
{
	struct vmm_command c;
	int ret = vmm_command_parse(&c, argc, argv);

	if (ret || c.help)
		return ret;
	return vmm_command_run(&c);
}
