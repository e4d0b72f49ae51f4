// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of subcommands, read by getopt_long from the command's own description.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>

#include "command.h"
#include <bench/base/cpus.h>

#define MAX_OPTIONS 32

int egpr_command_usage(const struct egpr_command *cmd, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "egprlab %s: ", cmd->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "; see `egprlab %s --help`\n", cmd->name);
	return EGPR_USAGE;
}

int egpr_command_option(const struct egpr_command *cmd, int argc, char **argv, const char **value)
{
	struct option opts[MAX_OPTIONS + 1] = { 0 };
	int n, index = 0, got;
	const char *word;

	for (n = 0; cmd->options && cmd->options[n].name && n < MAX_OPTIONS; n++) {
		opts[n].name = cmd->options[n].name;
		opts[n].has_arg = cmd->options[n].arg ? required_argument : no_argument;
	}
	word = optind < argc ? argv[optind] : "";
	got = getopt_long(argc, argv, ":", opts, &index);
	switch (got) {
	case 0:
		*value = optarg;
		return index;
	case -1:
		return EGPR_OPTION_END;
	case ':':
		egpr_command_usage(cmd, "option '%s' needs a value", argv[optind - 1]);
		return EGPR_OPTION_WRONG;
	default:
		if (strncmp(word, "-", 1))
			word = argv[optind - 1];
		egpr_command_usage(cmd, "option '%s' is not known, not unique, or takes no value",
				   word);
		return EGPR_OPTION_WRONG;
	}
}

int egpr_command_cpu(const struct egpr_command *cmd, const char *value, int *cpu)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || n >= CPUS_MOST)
		return egpr_command_usage(cmd, "--cpu '%s' is not the number of a CPU", value);
	*cpu = (int)n;
	return 0;
}
