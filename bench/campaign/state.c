// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of a campaign, and what follows from it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bench/rundir/rundir.h>

#include "campaign.h"

#define STATE_FILE   "state"
#define STATE_HEADER "egprlab campaign 1"
#define PATH_BYTES   (CAMPAIGN_TEXT + 32)
#define LINE_BYTES   256
#define FILE_MOST    65536 /* of a campaign file */
#define NO_BOOT_ID   "-"

#define OUTCOME_ID(SYM, id, text) [CAMPAIGN_##SYM] = id,
const char *const campaign_outcome_ids[CAMPAIGN_NR_OUTCOMES] = { CAMPAIGN_OUTCOMES(OUTCOME_ID) };
static const char *const phase_ids[CAMPAIGN_NR_PHASES] = { "idle", "booting", "measuring" };

void campaign_path(const struct campaign *c, unsigned int boot, const char *name, char *path)
{
	snprintf(path, CAMPAIGN_PATH, "%s/boot-%u%s%s", c->out, boot, *name ? "/" : "", name);
}

static int digest(const char *file, char *hex, struct data_error *e)
{
	char *text = malloc(FILE_MOST);
	FILE *f = fopen(file, "re");
	int ret = 0;

	if (!text || !f)
		ret = data_fail(e, EGPR_UNAVAILABLE, "cannot read %s: %s", file, strerror(errno));
	else if (rundir_sha256(text, fread(text, 1, FILE_MOST, f), hex))
		ret = data_fail(e, EGPR_INTERNAL, "libcrypto refuses SHA-256");
	if (f)
		fclose(f);
	free(text);
	return ret;
}

static int find(const char *const *ids, unsigned int n, const char *id)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!strcmp(ids[i], id))
			return (int)i;
	}
	return -1;
}

/* "boot KERNEL OUTCOME" or "now KERNEL PHASE BOOT_ID". Return: 0, or -1 for any other line. */
static int take_line(const struct campaign *c, struct campaign_state *s, const char *line)
{
	char word[32], id[CAMPAIGN_NAME];
	unsigned int kernel;
	int is;

	if (sscanf(line, "boot %u %31s", &kernel, word) == 2) {
		is = find(campaign_outcome_ids, CAMPAIGN_NR_OUTCOMES, word);
		if (is < 0 || kernel >= c->nr_kernels || s->n == CAMPAIGN_BOOTS)
			return -1;
		s->boot[s->n].kernel = kernel;
		s->boot[s->n++].outcome = (enum campaign_outcome)is;
		return 0;
	}
	if (sscanf(line, "now %u %31s %63s", &kernel, word, id) != 3)
		return -1;
	is = find(phase_ids, CAMPAIGN_NR_PHASES, word);
	if (is < 0 || kernel >= c->nr_kernels)
		return -1;
	s->kernel = kernel;
	s->phase = (enum campaign_phase)is;
	snprintf(s->boot_id, sizeof(s->boot_id), "%s", id);
	return 0;
}

static int read_state(const struct campaign *c, const char *path, FILE *f, const char *file,
		      struct campaign_state *s, struct data_error *e)
{
	char line[LINE_BYTES], was[65] = "";
	unsigned int n = 2;

	if (!fgets(line, sizeof(line), f) || strcmp(line, STATE_HEADER "\n") ||
	    !fgets(line, sizeof(line), f) || sscanf(line, "file %64s", was) != 1)
		return data_fail(e, EGPR_DATA, "%s is not the state of a campaign", path);
	if (strcmp(was, s->digest))
		return data_fail(e, EGPR_DATA,
				 "%s was begun with another text of %s: put that back, or name "
				 "another directory as `out`",
				 path, file);
	while (fgets(line, sizeof(line), f)) {
		n++;
		if (take_line(c, s, line))
			return data_fail(e, EGPR_DATA, "%s line %u is damaged", path, n);
	}
	return 0;
}

int campaign_state_load(const struct campaign *c, const char *file, struct campaign_state *s,
			struct data_error *e)
{
	char path[PATH_BYTES];
	FILE *f;
	int ret;

	memset(s, 0, sizeof(*s));
	snprintf(s->boot_id, sizeof(s->boot_id), NO_BOOT_ID);
	ret = digest(file, s->digest, e);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/" STATE_FILE, c->out);
	f = fopen(path, "re");
	if (!f && errno == ENOENT)
		return 0;
	if (!f)
		return data_fail(e, EGPR_UNAVAILABLE, "cannot read %s: %s", path, strerror(errno));
	ret = read_state(c, path, f, file, s, e);
	fclose(f);
	return ret;
}

static int write_state(const struct campaign_state *s, FILE *f)
{
	unsigned int i;

	fprintf(f, STATE_HEADER "\nfile %s\n", s->digest);
	for (i = 0; i < s->n; i++)
		fprintf(f, "boot %u %s\n", s->boot[i].kernel,
			campaign_outcome_ids[s->boot[i].outcome]);
	if (s->phase != CAMPAIGN_IDLE)
		fprintf(f, "now %u %s %s\n", s->kernel, phase_ids[s->phase], s->boot_id);
	return fflush(f) || ferror(f) || fsync(fileno(f)) ? -1 : 0;
}

int campaign_state_save(const struct campaign *c, const struct campaign_state *s,
			struct data_error *e)
{
	char path[PATH_BYTES], tmp[PATH_BYTES];
	int dir = open(c->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC), bad;
	FILE *f = NULL;

	snprintf(path, sizeof(path), "%s/" STATE_FILE, c->out);
	snprintf(tmp, sizeof(tmp), "%s/" STATE_FILE ".tmp", c->out);
	bad = dir < 0 || syncfs(dir);
	if (!bad)
		f = fopen(tmp, "we");
	bad |= !f || write_state(s, f);
	if (f)
		bad |= fclose(f) != 0;
	bad = bad || rename(tmp, path) || fsync(dir);
	if (bad)
		data_fail(e, EGPR_UNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
	if (dir >= 0)
		close(dir);
	return bad ? EGPR_UNAVAILABLE : 0;
}

unsigned int campaign_count(const struct campaign_state *s, unsigned int kernel,
			    enum campaign_outcome outcome)
{
	unsigned int i, n = 0;

	for (i = 0; i < s->n; i++)
		n += s->boot[i].kernel == kernel && s->boot[i].outcome == outcome;
	return n;
}

int campaign_last_done(const struct campaign_state *s, unsigned int kernel)
{
	unsigned int i;

	for (i = s->n; i-- > 0;) {
		if (s->boot[i].kernel == kernel && s->boot[i].outcome == CAMPAIGN_DONE)
			return (int)i;
	}
	return -1;
}

static unsigned int boots_of(const struct campaign_state *s, unsigned int kernel)
{
	unsigned int i, n = 0;

	for (i = 0; i < s->n; i++)
		n += s->boot[i].kernel == kernel;
	return n;
}

int campaign_next(const struct campaign *c, const struct campaign_state *s)
{
	unsigned int round = s->n / c->nr_kernels, at = s->n % c->nr_kernels, k;
	int best = -1;

	/* Every second round goes back the way it came, so that a drift cancels. */
	if (round < c->boots)
		return (int)(round & 1 ? c->nr_kernels - 1 - at : at);
	for (k = 0; k < c->nr_kernels; k++) {
		unsigned int done = campaign_count(s, k, CAMPAIGN_DONE);

		if (done >= c->boots || boots_of(s, k) - done > c->failures)
			continue;
		if (best < 0 || done < campaign_count(s, (unsigned int)best, CAMPAIGN_DONE))
			best = (int)k;
	}
	return best;
}
