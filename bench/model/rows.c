// SPDX-License-Identifier: GPL-2.0-only
/*
 * Figures into columns. Sums and differences are of what llvm-mca printed; nothing else is computed.
 */
#include <string.h>

#include <egpr/code.h>

#include "rows.h"

static void figures(struct csv_row *row, const struct model_row *m)
{
	const struct mca_figures *at_exit = &m->part[MODEL_EXIT], *at_entry = &m->part[MODEL_ENTRY];
	double cycles = at_exit->cycles + at_entry->cycles;
	double round = m->part[MODEL_ROUND].cycles;

	csv_set_real(row, EGPR_MODEL_exit_cycles, at_exit->cycles);
	csv_set_real(row, EGPR_MODEL_entry_cycles, at_entry->cycles);
	csv_set_real(row, EGPR_MODEL_cycles, cycles);
	csv_set_real(row, EGPR_MODEL_over_none,
		     cycles - m->none[MODEL_EXIT].cycles - m->none[MODEL_ENTRY].cycles);
	csv_set_real(row, EGPR_MODEL_round_cycles, round);
	csv_set_real(row, EGPR_MODEL_round_over_none, round - m->none[MODEL_ROUND].cycles);
	csv_set_real(row, EGPR_MODEL_exit_rthroughput, at_exit->rthroughput);
	csv_set_real(row, EGPR_MODEL_entry_rthroughput, at_entry->rthroughput);
	csv_set_real(row, EGPR_MODEL_rthroughput, at_exit->rthroughput + at_entry->rthroughput);
	csv_set_count(row, EGPR_MODEL_exit_insns, at_exit->insns - 1);
	csv_set_count(row, EGPR_MODEL_entry_insns, at_entry->insns - 1);
	csv_set_count(row, EGPR_MODEL_exit_uops, at_exit->uops);
	csv_set_count(row, EGPR_MODEL_entry_uops, at_entry->uops);
	/* The round's list has what stands in either half. */
	csv_set_text(row, EGPR_MODEL_not_modelled, m->part[MODEL_ROUND].unmodelled);
}

void model_row_fill(struct csv_row *row, const struct model_row *m, const struct model_identity *id)
{
	const struct egpr_code *at_exit = egpr_code_find(m->strategy, m->form, 0);
	const struct egpr_code *at_entry = egpr_code_find(m->strategy, m->form, 1);

	model_row_init(row, id->run_id, id->host_id, m->id);
	csv_set_text(row, EGPR_MODEL_form, m->form == EGPR_FORM_HW ? "hw" : "proxy");
	csv_set_text(row, EGPR_MODEL_cpu, m->cpu);
	csv_set_text(row, EGPR_MODEL_this_cpu, id->cpu && !strcmp(id->cpu, m->cpu) ? "yes" : "no");
	csv_set_text(row, EGPR_MODEL_tool, id->tool);
	csv_set_text(row, EGPR_MODEL_reason, m->reason);
	if (at_exit && at_entry) {
		csv_set_count(row, EGPR_MODEL_exit_bytes, at_exit->bytes);
		csv_set_count(row, EGPR_MODEL_entry_bytes, at_entry->bytes);
	}
	if (!*m->reason)
		figures(row, m);
}
