// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm-mini: run one payload for one batch, and say how it ended.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <egpr/status.h>

#include "command.h"

/* A closed descriptor would be taken by the next file: the report would go into the KVM device. */
static int check_descriptors(void)
{
	/* cppcheck-suppress leakReturnValNotUsed ; it stays open as descriptor 0 */
	if (fcntl(STDIN_FILENO, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
		return EGPR_UNAVAILABLE;
	if (fcntl(STDERR_FILENO, F_GETFD) < 0 &&
	    dup2(STDIN_FILENO, STDERR_FILENO) < 0) /* nowhere to complain: say nothing */
		return EGPR_UNAVAILABLE;
	if (fcntl(STDOUT_FILENO, F_GETFD) >= 0)
		return 0;
	fprintf(stderr, "vmm-mini: standard output: it is closed\n"
			"vmm-mini: fix: redirect it to a file or /dev/null\n");
	return EGPR_UNAVAILABLE;
}

int main(int argc, char **argv)
{
	struct vmm_command c;
	int ret = check_descriptors();

	if (ret)
		return ret;
	ret = vmm_command_parse(&c, argc, argv);
	if (!ret && !c.help)
		ret = vmm_command_run(&c);
	return ret ? ret : vmm_command_output();
}
