// SPDX-License-Identifier: GPL-2.0-only
/*
 * What meta.json says of a run before anything is measured.
 */
#include <stdio.h>
#include <string.h>

#include <bench/group/group.h>
#include <bench/layer/footprint.h>
#include <bench/layer/levels.h>
#include <bench/plan/axis.h>
#include <bench/plan/stand_in.h>
#include "edited.h"
#include "session.h"

#define META_CPU	  "cpu"
#define META_PROVENANCE	  "provenance"
#define META_PREFLIGHT	  "preflight"
#define META_STAND_IN	  "stand_in"
#define PREFLIGHT_SECONDS 0.2

/* What ran the guests: the first cell whose exits are not real ones, else any with a guest. */
static void add_backend(struct session *s)
{
	const struct cell *c, *guest = NULL;
	unsigned int i;

	for (i = 0; i < s->run->nr_cells; i++) {
		c = &s->run->cells[i].cell;
		if (c->kind && !group_of(c) &&
		    (!guest || (guest->representative && !c->representative)))
			guest = c;
	}
	rundir_set_backend(
		s->g.dir, guest ? guest->backend : "none", !guest || guest->representative,
		!guest			? "no guest ran"
		: guest->representative ? "guest code runs on the CPU itself"
					: "the backend interprets guest code at CPL 0, as "
					  "timing it showed");
}

/* What may stand in for component 19 and what does; "" where nothing can. */
static void add_stand_in(cJSON *meta, const struct standin *s)
{
	char allowed[STAND_IN_TEXT];
	cJSON *o;

	cJSON_DeleteItemFromObjectCaseSensitive(meta, META_STAND_IN);
	o = cJSON_AddObjectToObject(meta, META_STAND_IN);
	stand_in_text(s->allowed, allowed, sizeof(allowed));
	cJSON_AddStringToObject(o, "allowed", allowed);
	cJSON_AddStringToObject(o, "chosen", s->text);
	cJSON_AddNumberToObject(o, "area_bytes", s->chosen.area);
}

/* What a load takes from each cache level, where a cell depends on one. */
static void add_levels(struct session *s, cJSON *meta)
{
	unsigned int i;

	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_LEVELS);
	for (i = 0; i < s->run->nr_cells; i++) {
		if (EGPR_CONTEXT_PREPARES(cell_context(&s->run->cells[i].cell)->timed))
			break;
	}
	if (i == s->run->nr_cells)
		return;
	cJSON_AddItemToObject(meta, RUNDIR_LEVELS, levels_json(levels_here()));
}

void session_meta(struct session *s)
{
	cJSON *meta = rundir_meta(s->g.dir);
	struct egpr_preflight p;

	add_backend(s);
	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_TSC_HZ);
	if (s->g.tsc_hz > 0)
		cJSON_AddNumberToObject(meta, RUNDIR_TSC_HZ, s->g.tsc_hz);
	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_TSC);
	cJSON_AddItemToObject(meta, RUNDIR_TSC, tsc_json(&s->tsc));
	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_NO_CORE);
	if (*s->no_core_cycles)
		cJSON_AddStringToObject(meta, RUNDIR_NO_CORE, s->no_core_cycles);
	cJSON_DeleteItemFromObjectCaseSensitive(meta, META_CPU);
	cJSON_AddNumberToObject(meta, META_CPU, s->cpu);
	cJSON_DeleteItemFromObjectCaseSensitive(meta, META_PROVENANCE);
	cJSON_AddStringToObject(meta, META_PROVENANCE, egpr_provenances[s->run->env.provenance].id);
	add_stand_in(meta, &s->run->env.standin);
	add_levels(s, meta);
	run_add_edited(s->run, meta);
	cJSON_DeleteItemFromObjectCaseSensitive(meta, RUNDIR_FOOTPRINTS);
	cJSON_AddItemToObject(meta, RUNDIR_FOOTPRINTS, footprint_json());
	if (!egpr_noise_preflight(s->cpu, PREFLIGHT_SECONDS, &p)) {
		cJSON_DeleteItemFromObjectCaseSensitive(meta, META_PREFLIGHT);
		cJSON_AddItemToObject(meta, META_PREFLIGHT, egpr_preflight_json(&p));
	}
}
