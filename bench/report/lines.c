// SPDX-License-Identifier: GPL-2.0-only
/*
 * The field's own lines: what KVM's people called too little to care for, and what was worth a commit.
 *
 * Each with its source; what stands in quotation marks was said so, the rest is that a commit was made. They were
 * said in cycles, without saying of which clock.
 */
#include <stdio.h>
#include <string.h>

#include "screen.h"

const struct field_line field_lines[] = {
	{ 15, 20, "15-20", "\"not obviously meaningful\"", "mediated vPMU series" },
	{ 20, 30, "20-30", "\"maybe not worth the complexity\"",
	  "vmload against wrgsbase, 2020-12" },
	{ 70, 70, "70", "worth a commit", "CR2 reload, d3edefc00356" },
	{ 100, 100, "about 100", "worth a commit", "SVM lazy FPU, 7807fa6ca5af" },
};
const unsigned int field_nr_lines = sizeof(field_lines) / sizeof(*field_lines);

/* Where an interval lies: below, above or on which lines. */
const char *field_place(double low, double high, char *text, size_t size)
{
	const struct field_line *above = NULL, *below = NULL, *on = NULL;
	unsigned int i;

	for (i = field_nr_lines; i-- > 0;) {
		const struct field_line *l = &field_lines[i];

		if (high < l->low)
			above = l;
		else if (low > l->high)
			below = below ? below : l;
		else
			on = l;
	}
	if (on)
		snprintf(text, size, "on the line of %s cycles (%s)", on->cycles, on->says);
	else if (above && below)
		snprintf(text, size, "above the line of %s cycles (%s) and below %s (%s)",
			 below->cycles, below->says, above->cycles, above->says);
	else if (above)
		snprintf(text, size, "below all of the field's lines, the lowest %s cycles (%s)",
			 above->cycles, above->says);
	else if (below)
		snprintf(text, size, "above all of the field's lines, the highest %s cycles (%s)",
			 below->cycles, below->says);
	return text;
}

const char *field_sources(char *text, size_t size)
{
	unsigned int i;

	*text = '\0';
	for (i = 0; i < field_nr_lines; i++)
		snprintf(text + strlen(text), size - strlen(text), "%s%s %s (%s)", i ? "; " : "",
			 field_lines[i].cycles, field_lines[i].says, field_lines[i].source);
	return text;
}
