// SPDX-License-Identifier: GPL-2.0-only
/*
 * Campaigns: the order of boots, what failed boots add to it, and the state file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../scratch.h"
#include <bench/campaign/campaign.h>

static void did(struct campaign_state *s, unsigned int kernel, enum campaign_outcome outcome)
{
	s->boot[s->n].kernel = kernel;
	s->boot[s->n++].outcome = outcome;
}

/* The order with every boot as @outcome says, as digits; '!' marks an endless one. */
static void order(const struct campaign *c, enum campaign_outcome (*outcome)(unsigned int n),
		  char *text, size_t size)
{
	struct campaign_state s = { .n = 0 };
	int k;

	while ((k = campaign_next(c, &s)) >= 0 && s.n + 2 < size) {
		text[s.n] = (char)('0' + k);
		did(&s, (unsigned int)k, outcome(s.n));
	}
	text[s.n] = k < 0 ? '\0' : '!';
	text[s.n + 1] = '\0';
}

static enum campaign_outcome all_done(unsigned int n)
{
	(void)n;
	return CAMPAIGN_DONE;
}

static enum campaign_outcome third_panics(unsigned int n)
{
	return n == 2 ? CAMPAIGN_PANICKED : CAMPAIGN_DONE;
}

static enum campaign_outcome all_hang(unsigned int n)
{
	(void)n;
	return CAMPAIGN_HUNG;
}

static void test_order(void **state)
{
	struct campaign c = { .boots = 4, .failures = 2, .nr_kernels = 2 };
	char text[64];

	(void)state;
	order(&c, all_done, text, sizeof(text));
	assert_string_equal(text, "01100110");
	order(&c, third_panics, text, sizeof(text));
	assert_string_equal(text, "011001101");
	order(&c, all_hang, text, sizeof(text)); /* the plan, and no more than it allows */
	assert_string_equal(text, "01100110");
	c.failures = 5;
	order(&c, all_hang, text, sizeof(text));
	assert_string_equal(text, "011001100011");
	c.nr_kernels = 3;
	c.boots = 2;
	order(&c, all_done, text, sizeof(text));
	assert_string_equal(text, "012210");
}

struct place {
	char root[64];
	char file[96];
	char state[96];
	struct campaign c;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	FILE *f;

	scratch_make(p->root, sizeof(p->root));
	snprintf(p->file, sizeof(p->file), "%s/campaign.ini", p->root);
	snprintf(p->state, sizeof(p->state), "%s/out/state", p->root);
	snprintf(p->c.out, sizeof(p->c.out), "%s/out", p->root);
	p->c.nr_kernels = 2;
	assert_int_equal(mkdir(p->c.out, 0777), 0);
	f = fopen(p->file, "w");
	fputs("text\n", f);
	fclose(f);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	scratch_remove(p->root);
	free(p);
	return 0;
}

static void load(struct place *p, struct campaign_state *s)
{
	struct data_error e = { "" };

	if (campaign_state_load(&p->c, p->file, s, &e))
		fail_msg("%s", e.text);
}

static void test_state(void **state)
{
	struct place *p = *state;
	struct campaign_state s, again;
	struct data_error e = { "" };

	load(p, &s);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.phase, CAMPAIGN_IDLE);
	did(&s, 0, CAMPAIGN_DONE);
	did(&s, 1, CAMPAIGN_PANICKED);
	s.phase = CAMPAIGN_MEASURING;
	s.kernel = 1;
	snprintf(s.boot_id, sizeof(s.boot_id), "some-boot");
	assert_int_equal(campaign_state_save(&p->c, &s, &e), 0);
	load(p, &again);
	assert_int_equal(again.n, 2);
	assert_int_equal(again.boot[1].kernel, 1);
	assert_int_equal(again.boot[1].outcome, CAMPAIGN_PANICKED);
	assert_int_equal(again.phase, CAMPAIGN_MEASURING);
	assert_int_equal(again.kernel, 1);
	assert_string_equal(again.boot_id, "some-boot");
	assert_int_equal(campaign_last_done(&again, 0), 0);
	assert_int_equal(campaign_last_done(&again, 1), -1);
	assert_int_equal(campaign_count(&again, 1, CAMPAIGN_PANICKED), 1);
}

static void refused(struct place *p, const char *text, const char *why)
{
	struct data_error e = { "" };
	struct campaign_state s;
	FILE *f = fopen(p->state, "w");

	fputs(text, f);
	fclose(f);
	assert_int_equal(campaign_state_load(&p->c, p->file, &s, &e), EGPR_DATA);
	if (!strstr(e.text, why) || !strstr(e.text, p->state))
		fail_msg("'%s' does not say '%s'", e.text, why);
}

static void test_damaged_state(void **state)
{
	struct place *p = *state;
	struct data_error e = { "" };
	char text[512];
	struct campaign_state s;
	size_t n;
	FILE *f;

	load(p, &s);
	assert_int_equal(campaign_state_save(&p->c, &s, &e), 0);
	f = fopen(p->state, "r");
	n = fread(text, 1, sizeof(text) / 2, f);
	fclose(f);
	refused(p, "nonsense\n", "not the state of a campaign");
	refused(p, "egprlab campaign 1\nfile 0000\n", "another text");
	snprintf(text + n, sizeof(text) - n, "boot 7 done\n");
	refused(p, text, "line 3 is damaged");
	snprintf(text + n, sizeof(text) - n, "boot 1 well\n");
	refused(p, text, "line 3 is damaged");
	snprintf(text + n, sizeof(text) - n, "boot 0 done\nnow 0 asleep id\n");
	refused(p, text, "line 4 is damaged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test_setup_teardown(test_state, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_state, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
