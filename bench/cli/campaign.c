// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab campaign FILE`: kernels against each other across boots, and what `compare` says of
 * their runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bench/campaign/campaign.h>

#include "command.h"

extern const struct egpr_command egpr_cmd_campaign;

enum {
	OPTION_STATUS,
	OPTION_ROOT
};
static const struct egpr_option campaign_options[] = {
	[OPTION_STATUS] = { "status", NULL, "only say which boots there were" },
	[OPTION_ROOT] = { "root", "DIR", "read /sys and /proc below DIR" },
	{ NULL, NULL, NULL },
};

/* One campaign at a time in a directory. Return: the descriptor, or -1. */
static int lock_out(const struct campaign *c, struct data_error *e)
{
	int fd;

	if (mkdir(c->out, 0777) && errno != EEXIST) {
		data_fail(e, EGPR_UNAVAILABLE, "cannot make %s: %s", c->out, strerror(errno));
		return -1;
	}
	fd = open(c->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB)) {
		data_fail(e, EGPR_UNAVAILABLE, "%s: %s", c->out,
			  fd < 0 ? strerror(errno) : "another campaign is at work there");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static int say_status(const struct campaign *c, const struct campaign_state *s)
{
	static const struct doc_column boots[] = { { "boot", 0 },
						   { "kernel", 0 },
						   { "outcome", 0 } };
	static const struct doc_column kernels[] = { { "what", 0 }, { "name", 0 }, { "boots", 0 } };
	struct doc d = { 0 };
	unsigned int i;
	int ret;

	doc_table(&d, "boots", boots, 3, "Boots");
	for (i = 0; i < s->n; i++) {
		doc_cell(&d, DOC_PLAIN, NULL, "%u", i);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", c->kernel[s->boot[i].kernel].name);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", campaign_outcome_ids[s->boot[i].outcome]);
	}
	if (s->phase != CAMPAIGN_IDLE) {
		doc_cell(&d, DOC_PLAIN, NULL, "%u", s->n);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", c->kernel[s->kernel].name);
		doc_cell(&d, DOC_PLAIN, NULL, "under way");
	}
	doc_table(&d, "kernels", kernels, 3, "Kernels");
	for (i = 0; i < c->nr_kernels; i++) {
		doc_cell(&d, DOC_PLAIN, NULL, "kernel");
		doc_cell(&d, DOC_PLAIN, NULL, "%s", c->kernel[i].name);
		doc_cell(&d, DOC_PLAIN, NULL, "%u of %u boots", campaign_count(s, i, CAMPAIGN_DONE),
			 c->boots);
	}
	ret = egpr_command_print(&egpr_cmd_campaign, &d, EGPR_TABS);
	doc_free(&d);
	return ret;
}

/* OUT/NAME points to the kernel's run. */
static int link_run(const struct campaign *c, const struct campaign_state *s, unsigned int kernel,
		    struct data_error *e)
{
	char to[CAMPAIGN_PATH], name[CAMPAIGN_PATH + CAMPAIGN_NAME], tmp[CAMPAIGN_PATH];

	snprintf(to, sizeof(to), "boot-%d/run", campaign_last_done(s, kernel));
	snprintf(name, sizeof(name), "%s/%s", c->out, c->kernel[kernel].name);
	snprintf(tmp, sizeof(tmp), "%s/.link.tmp", c->out);
	unlink(tmp);
	if (symlink(to, tmp) || rename(tmp, name))
		return data_fail(e, EGPR_UNAVAILABLE, "cannot make %s: %s", name, strerror(errno));
	return 0;
}

static int compare(const struct campaign *c, unsigned int kernel)
{
	char first[CAMPAIGN_PATH + CAMPAIGN_NAME], second[CAMPAIGN_PATH + CAMPAIGN_NAME];
	int status;
	pid_t pid;

	snprintf(first, sizeof(first), "%s/%s", c->out, c->kernel[0].name);
	snprintf(second, sizeof(second), "%s/%s", c->out, c->kernel[kernel].name);
	if (!egpr_output.json)
		printf("\n%s against %s:\n", c->kernel[kernel].name, c->kernel[0].name);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		execl("/proc/self/exe", "egprlab", "compare", "--kernels", first, second,
		      egpr_output.json ? "--json" : "--quiet", (char *)NULL);
		_exit(EGPR_INTERNAL);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return EGPR_INTERNAL;
	return WEXITSTATUS(status);
}

/* The worst of what compare said: an error, slower, inconclusive. */
static int worse(int a, int b)
{
	if (a > EGPR_INCONCLUSIVE || b > EGPR_INCONCLUSIVE)
		return a > b ? a : b;
	if (a == EGPR_SLOWER || b == EGPR_SLOWER)
		return EGPR_SLOWER;
	return a > b ? a : b;
}

static int conclude(const struct campaign *c, const struct campaign_state *s, struct data_error *e)
{
	unsigned int k;
	int ret = 0;

	say_status(c, s);
	for (k = 0; k < c->nr_kernels; k++) {
		if (campaign_last_done(s, k) < 0)
			return data_fail(e, EGPR_UNAVAILABLE,
					 "kernel %s has no boot that was measured: nothing can be "
					 "said; the logs are %s/boot-*/log",
					 c->kernel[k].name, c->out);
		ret = link_run(c, s, k, e);
		if (ret)
			return ret;
		if (campaign_count(s, k, CAMPAIGN_DONE) < c->boots)
			fprintf(stderr,
				"egprlab campaign: kernel %s has %u of %u boots: too many went "
				"wrong\n",
				c->kernel[k].name, campaign_count(s, k, CAMPAIGN_DONE), c->boots);
	}
	for (k = 1; k < c->nr_kernels; k++)
		ret = worse(ret, compare(c, k));
	return ret;
}

static int work(const struct campaign *c, const char *file, const char *root, bool status,
		struct data_error *e)
{
	struct campaign_state s;
	bool rebooting = false;
	int fd, ret;

	if (status) {
		ret = campaign_state_load(c, file, &s, e);
		return ret ? ret : say_status(c, &s);
	}
	fd = lock_out(c, e);
	if (fd < 0)
		return EGPR_UNAVAILABLE;
	ret = campaign_state_load(c, file, &s, e);
	if (!ret)
		ret = campaign_step(c, &s, root, &rebooting, e);
	if (!ret && !rebooting)
		ret = conclude(c, &s, e);
	close(fd);
	return ret;
}

static int campaign_run(int argc, char **argv)
{
	struct data_error e = { "" };
	const char *value, *root = "";
	bool status = false;
	struct campaign c;
	int option, ret;

	while ((option = egpr_command_option(&egpr_cmd_campaign, argc, argv, &value)) >= 0) {
		if (option == OPTION_STATUS)
			status = true;
		else
			root = value;
	}
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (argc - optind != 1)
		return egpr_command_usage(&egpr_cmd_campaign, "name one campaign file");
	ret = campaign_read(argv[optind], &c, &e);
	if (!ret)
		ret = work(&c, argv[optind], root, status, &e);
	if (*e.text)
		fprintf(stderr, "egprlab campaign: %s\n", e.text);
	return ret;
}

const struct egpr_command egpr_cmd_campaign = {
	.name = "campaign",
	.args = "FILE",
	.text = "measure kernels against each other across boots",
	.options = campaign_options,
	.tables = 1,
	.run = campaign_run,
};
