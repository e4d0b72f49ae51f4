// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trace for readers: every step beside the check it belongs to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <bench/plan/axis.h>
#include <bench/proof/trace.h>
#include "trace_view.h"

/*
 * struct view - the arm that is shown
 * @c: a cell of the baseline and the arm, which is the last
 * @line: a line for each step
 * @stays: which of them are printed
 */
struct view {
	struct cell c;
	void *host;
	void *run;
	unsigned int arm;
	struct layer_image image;
	const struct trace *t;
	const struct traced_arm *result;
	struct trace_line *line;
	bool *stays;
};

/* The cell as a run would have it, with one arm beside the baseline. */
static int open_view(struct view *v, struct data_error *e)
{
	struct cell *c = &v->c;
	int ret;

	c->arms[0] =
		(struct plan_arm){ .strategy = &egpr_strategies[EGPR_STRATEGY_none], .id = "none" };
	c->nr_arms = 2;
	v->arm = 1;
	if (!c->ops->guest)
		c->kind = NULL;
	ret = c->ops->probe(c->env, &v->host, e);
	c->host = v->host;
	if (!ret)
		ret = c->ops->check_cell(c, e);
	if (!ret)
		ret = c->ops->check_arm(c, &c->arms[v->arm], e);
	return ret ? ret : c->ops->open(c, &v->run, e);
}

static void close_view(struct view *v)
{
	if (v->run && v->c.ops->close)
		v->c.ops->close(v->run);
	if (v->host && v->c.ops->release)
		v->c.ops->release(v->host);
}

static const char *verdict(const struct trace_note *n)
{
	return !n->seen ? "not reached" : n->ok ? "ok" : "FAIL";
}

static void read_step(const struct view *v, unsigned int i, struct trace_line *l)
{
	const struct layout_site *site = v->image.site;
	const uint64_t at[] = {
		[TRACE_LOOP] = (uint64_t)(uintptr_t)site->loop,
		[TRACE_EXIT] = (uint64_t)(uintptr_t)site->seq.exit,
		[TRACE_ENTRY] = (uint64_t)(uintptr_t)site->seq.entry,
	};
	const struct trace_note *n = &v->result->r.note[i];
	const struct trace_step *s = &v->t->step[i];
	unsigned int half = TRACE_LOOP, h, len;
	struct trace_word w;
	uint64_t next = i + 1 < v->t->nr ? s[1].ip : 0;

	for (h = 0; h < sizeof(at) / sizeof(*at); h++) {
		if (at[h] <= s->ip && s->ip - at[h] < s->ip - at[half])
			half = h;
	}
	l->round = n->round;
	l->check = n->seen ? trace_ids[n->check] : "";
	l->result = verdict(n);
	if (s->flags & TRACE_LEFT) {
		l->half = "back in the lab";
		return;
	}
	l->half = trace_halves[half];
	l->offset = (unsigned int)(s->ip - at[half]);
	len = trace_word(s, next, &w);
	trace_word_text(&w, v->image.sw, l->text, sizeof(l->text));
	for (h = 0; h < (len ? len : TRACE_BYTES); h++)
		snprintf(l->bytes + strlen(l->bytes), 4, "%s%02x", h ? " " : "", s->bytes[h]);
	if (w.dst == TRACE_MEM || w.src == TRACE_MEM || w.op == TRACE_OP_PUSH ||
	    w.op == TRACE_OP_POP)
		snprintf(l->address, sizeof(l->address), "0x%llx", (unsigned long long)w.address);
}

static void print_text(const struct view *v)
{
	const struct trace_result *r = &v->result->r;
	unsigned int i, k;

	printf("layer %s, exit kind %s, state %s, strategy %s, provenance %s\n"
	       "context at %p; memory is named by its members\n\n",
	       egpr_layers[v->c.ops->layer].id, v->c.kind ? v->c.kind->id : "none",
	       egpr_guest_states[v->c.state].id, v->c.arms[v->arm].id,
	       egpr_provenances[v->c.env->provenance].id, (void *)v->image.sw);
	printf("%-5s %-10s %-6s %-24s %-34s %s\n", "round", "where", "offset", "bytes",
	       "instruction", "check");
	for (i = 0; i < v->t->nr; i++) {
		const struct trace_line *l = &v->line[i];

		if (!v->stays[i])
			continue;
		if (v->t->step[i].flags & TRACE_LEFT)
			printf("      %s\n", l->half);
		else
			printf("%-5u %-10s +0x%-3x %-24s %-34s %s%s%s\n", l->round, l->half,
			       l->offset, l->bytes, l->text, l->check, *l->check ? " " : "",
			       l->result);
	}
	printf("\n%u rounds, %u instructions in each; %u other code offsets have the same bytes\n",
	       r->rounds, r->insns, r->sites);
	for (k = 0; k < TRACE_NR; k++) {
		if (r->tried[k])
			printf("  %-13s %5u times %s\n", trace_ids[k], r->tried[k],
			       r->failed == k ? "FAIL" : "ok");
	}
	if (v->result->status)
		printf("\nFAIL %s\n", v->result->reason);
	else
		puts("\nas the table demands");
}

static cJSON *step_json(const struct view *v, unsigned int i)
{
	const struct trace_line *l = &v->line[i];
	cJSON *o = cJSON_CreateObject();

	cJSON_AddNumberToObject(o, "round", l->round);
	cJSON_AddBoolToObject(o, "stamped", v->t->step[i].flags & TRACE_IN_STAMPED);
	cJSON_AddStringToObject(o, "where", l->half);
	cJSON_AddNumberToObject(o, "offset", l->offset);
	cJSON_AddStringToObject(o, "bytes", l->bytes);
	cJSON_AddStringToObject(o, "text", l->text);
	if (*l->address)
		cJSON_AddStringToObject(o, "address", l->address);
	if (*l->check)
		cJSON_AddStringToObject(o, "check", l->check);
	cJSON_AddStringToObject(o, "result", l->result);
	return o;
}

static int print_json(const struct view *v)
{
	const struct trace_result *r = &v->result->r;
	cJSON *o = cJSON_CreateObject(), *steps, *checks;
	unsigned int i, k;
	char *text;

	cJSON_AddStringToObject(o, "layer", egpr_layers[v->c.ops->layer].id);
	cJSON_AddStringToObject(o, "exit_kind", v->c.kind ? v->c.kind->id : "none");
	cJSON_AddStringToObject(o, "state", egpr_guest_states[v->c.state].id);
	cJSON_AddStringToObject(o, "context", cell_context(&v->c)->id);
	cJSON_AddStringToObject(o, "strategy", v->c.arms[v->arm].id);
	cJSON_AddStringToObject(o, "provenance", egpr_provenances[v->c.env->provenance].id);
	cJSON_AddNumberToObject(o, "rounds", r->rounds);
	cJSON_AddNumberToObject(o, "insns_round", r->insns);
	cJSON_AddNumberToObject(o, "offsets_compared", r->sites);
	cJSON_AddStringToObject(o, "result", v->result->status ? "fail" : "pass");
	cJSON_AddStringToObject(o, "detail", v->result->reason);
	checks = cJSON_AddArrayToObject(o, "checks");
	for (k = 0; k < TRACE_NR; k++) {
		cJSON *c;

		if (!r->tried[k])
			continue;
		c = cJSON_CreateObject();
		cJSON_AddStringToObject(c, "id", trace_ids[k]);
		cJSON_AddNumberToObject(c, "tried", r->tried[k]);
		cJSON_AddStringToObject(c, "result", r->failed == k ? "fail" : "pass");
		cJSON_AddItemToArray(checks, c);
	}
	steps = cJSON_AddArrayToObject(o, "steps");
	for (i = 0; i < v->t->nr; i++) {
		if (v->stays[i] && !(v->t->step[i].flags & TRACE_LEFT))
			cJSON_AddItemToArray(steps, step_json(v, i));
	}
	text = cJSON_Print(o);
	cJSON_Delete(o);
	if (!text)
		return EGPR_INTERNAL;
	puts(text);
	free(text);
	return EGPR_DONE;
}

/* Lines of all steps, and which of them are asked for. */
static int read_lines(struct view *v, trace_choose *choose)
{
	unsigned int i;

	v->line = calloc(v->t->nr + 1, sizeof(*v->line));
	v->stays = calloc(v->t->nr + 1, sizeof(*v->stays));
	if (!v->line || !v->stays)
		return EGPR_INTERNAL;
	for (i = 0; i < v->t->nr; i++)
		read_step(v, i, &v->line[i]);
	return choose(v->line, v->t->nr, v->stays);
}

/* The verdict once more, with a note for each step. */
static int show(struct view *v, struct traced *out, bool json, trace_choose *choose)
{
	struct traced_arm *arm = &out->arm[v->arm];
	const struct trace_subject *s = trace_subject(out, v->arm);
	int ret;

	v->image = s->image;
	v->t = trace_of(out, v->arm);
	v->result = arm;
	arm->r.note = calloc(TRACE_STEPS, sizeof(*arm->r.note));
	if (!arm->r.note)
		return EGPR_INTERNAL;
	trace_check(s, v->t, &arm->r);
	if (arm->r.failed == TRACE_NR)
		trace_check_sites(s, v->run, 0, &arm->r);
	ret = read_lines(v, choose);
	if (!ret && json)
		ret = print_json(v);
	else if (!ret)
		print_text(v);
	free(v->line);
	free(v->stays);
	free(arm->r.note);
	return ret ? ret : arm->status;
}

int trace_view(const struct layer_env *env, const struct cell *cell, bool json,
	       trace_choose *choose, struct data_error *e)
{
	struct traced *out = calloc(1, sizeof(*out));
	struct view v = { .c = *cell };
	int ret;

	if (!out)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	v.c.env = env;
	ret = open_view(&v, e);
	if (!ret)
		ret = trace_cell(&v.c, v.run, 0, out, e);
	if (!ret || ((ret == EGPR_DATA || ret == EGPR_CRASHED) && out->shared)) {
		*e->text = '\0';
		ret = show(&v, out, json, choose);
	}
	trace_free(out);
	free(out);
	close_view(&v);
	return ret;
}
