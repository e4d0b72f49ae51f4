// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of subcommands, read by getopt_long from the command's own description.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <egpr/status.h>

#include "command.h"
#include <bench/base/cpus.h>

#define MAX_OPTIONS 40

enum {
	COMMON_JSON,
	COMMON_FILTER,
	COMMON_ONLY,
	COMMON_QUIET,
	COMMON_COLOR,
	NR_COMMON
};

static const struct egpr_option common[NR_COMMON] = {
	[COMMON_JSON] = { "json", NULL, "tables as JSON" },
	[COMMON_FILTER] = { "filter", "REGEX", "only rows whose cells, joined by /, match" },
	[COMMON_ONLY] = { "only", "ID,..", "only rows with these ids, each in its own column" },
	[COMMON_QUIET] = { "quiet", NULL, "no progress, and no word of what to type next" },
	[COMMON_COLOR] = { "color", "WHEN", "auto, always or never; default auto" },
};

struct egpr_output egpr_output;

static bool has_own(const struct egpr_command *cmd, const char *name)
{
	const struct egpr_option *o;

	for (o = cmd->options; o && o->name; o++) {
		if (!strcmp(o->name, name))
			return true;
	}
	return false;
}

const struct egpr_option *egpr_command_common(const struct egpr_command *cmd, unsigned int i)
{
	unsigned int k, n = 0;

	for (k = 0; k < NR_COMMON && !cmd->passes_options; k++) {
		if (has_own(cmd, common[k].name) || (k < COMMON_QUIET && !cmd->tables))
			continue;
		if (n++ == i)
			return &common[k];
	}
	return NULL;
}

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

/* Return: 0, or EGPR_OPTION_WRONG. */
static int take_common(const struct egpr_command *cmd, const struct egpr_option *o,
		       const char *value)
{
	switch (o - common) {
	case COMMON_JSON:
		egpr_output.json = true;
		break;
	case COMMON_FILTER:
		egpr_output.filter = value;
		break;
	case COMMON_ONLY:
		egpr_output.only = value;
		break;
	case COMMON_QUIET:
		egpr_output.quiet = true;
		break;
	case COMMON_COLOR:
		if (!strcmp(value, "auto")) {
			egpr_output.color = isatty(STDOUT_FILENO);
		} else if (!strcmp(value, "always") || !strcmp(value, "never")) {
			egpr_output.color = !strcmp(value, "always");
		} else {
			egpr_command_usage(cmd, "--color '%s' is not auto, always or never", value);
			return EGPR_OPTION_WRONG;
		}
		break;
	default:
		break;
	}
	return 0;
}

/* @left: rows, or -1 with @why. Return: 0, or EGPR_USAGE after saying why nothing can be printed. */
static int judge_left(const struct egpr_command *cmd, long left, const char *why)
{
	if (left < 0)
		return egpr_command_usage(cmd, "--filter '%s': %s", egpr_output.filter, why);
	return left ? 0 : egpr_command_usage(cmd, "no row is left by --filter or --only");
}

int egpr_command_choose(const struct egpr_command *cmd, const struct doc *d, bool *stays)
{
	char why[DOC_WHY_SIZE];
	long left = doc_choose(d, egpr_output.filter, egpr_output.only, stays, why);

	return egpr_output.filter || egpr_output.only ? judge_left(cmd, left, why) : 0;
}

int egpr_command_print(const struct egpr_command *cmd, struct doc *d, enum egpr_layout layout)
{
	char why[DOC_WHY_SIZE];
	int ret = 0;

	if (egpr_output.filter || egpr_output.only)
		ret = judge_left(cmd, doc_keep(d, egpr_output.filter, egpr_output.only, why), why);
	if (ret)
		return ret;
	if (egpr_output.json)
		doc_json(d, stdout);
	else if (layout == EGPR_ALIGNED)
		doc_aligned(d, egpr_output.color, stdout);
	else if (layout == EGPR_TABS)
		doc_tabs(d, stdout);
	else
		doc_text(d, stdout);
	return 0;
}

void egpr_command_next(const char *format, ...)
{
	va_list ap;

	if (egpr_output.quiet)
		return;
	fputs("next: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	putc('\n', stderr);
}

/* Why getopt_long refused @word: no such option, several of that beginning, or a value that it does not take. */
static void refused(const struct egpr_command *cmd, const char *word, const struct option *opts)
{
	char could[256] = "";
	const char *name = word + strspn(word, "-");
	size_t n = strcspn(name, "=");
	unsigned int i, k = 0;

	for (i = 0; opts[i].name && n && !strncmp(word, "--", 2); i++) {
		if (strncmp(opts[i].name, name, n))
			continue;
		if (!opts[i].name[n]) {
			egpr_command_usage(cmd, "option '%s': --%s takes no value", word,
					   opts[i].name);
			return;
		}
		snprintf(could + strlen(could), sizeof(could) - strlen(could), "%s--%s",
			 k++ ? ", " : "", opts[i].name);
	}
	if (k > 1)
		egpr_command_usage(cmd, "option '%s' is not unique: %s", word, could);
	else if (k)
		egpr_command_usage(cmd, "option '%s': %s takes no value", word, could);
	else
		egpr_command_usage(cmd, "option '%s' is not known", word);
}

int egpr_command_option(const struct egpr_command *cmd, int argc, char **argv, const char **value)
{
	struct option opts[MAX_OPTIONS + 1] = { 0 };
	const struct egpr_option *o;
	int n, own, index = 0, got, which;
	const char *word;

	/* A value of its own for each, or one of two that begin alike would be taken in silence. */
	for (n = 0; n < MAX_OPTIONS; n++) {
		opts[n].flag = &which;
		opts[n].val = n;
	}
	for (n = 0; cmd->options && cmd->options[n].name && n < MAX_OPTIONS; n++) {
		opts[n].name = cmd->options[n].name;
		opts[n].has_arg = cmd->options[n].arg ? required_argument : no_argument;
	}
	own = n;
	if (optind <= 1)
		egpr_output.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	for (; n < MAX_OPTIONS && (o = egpr_command_common(cmd, (unsigned int)(n - own))); n++) {
		opts[n].name = o->name;
		opts[n].has_arg = o->arg ? required_argument : no_argument;
	}
	do {
		word = optind < argc ? argv[optind] : "";
		got = getopt_long(argc, argv, ":", opts, &index);
		if (!got && index >= own &&
		    take_common(cmd, egpr_command_common(cmd, (unsigned int)(index - own)), optarg))
			return EGPR_OPTION_WRONG;
	} while (!got && index >= own);
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
		refused(cmd, word, opts);
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
