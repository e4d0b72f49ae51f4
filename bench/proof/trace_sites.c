// SPDX-License-Identifier: GPL-2.0-only
/*
 * The code offsets that nobody stepped through: the same bytes as those that somebody did. Sequences
 * do not depend on their address, which the decoder holds them to, so they do the same.
 */
#include <stdio.h>

#include "trace.h"

/*
 * struct slots - where the three parts of a copy begin, and what every code offset has room for
 */
struct slots {
	const uint8_t *at[3];
	size_t bytes[3];
};

#define LOOP_BYTES 512 /* more than the loop has; what lies behind it is filled */

static struct slots slots_of(const struct layer_image *image)
{
	const struct layout_site *site = image->site;
	struct slots s = { .at = { (const uint8_t *)site->loop, (const uint8_t *)site->seq.exit,
				   (const uint8_t *)site->seq.entry } };
	const uint8_t *const next[] = { s.at[0] + LOOP_BYTES, s.at[2], s.at[0] };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (next[i] > s.at[i] + LAYOUT_LINE)
			s.bytes[i] = (size_t)(next[i] - s.at[i]) - LAYOUT_LINE;
	}
	return s;
}

static bool inside(const struct layer_image *image, const uint8_t *at, size_t bytes)
{
	uintptr_t offset = (uintptr_t)at - (uintptr_t)image->memory;

	return offset < image->bytes && bytes <= image->bytes - offset;
}

/* Return: the first part that differs, 3 for none; @at receives its first byte that does. */
static unsigned int differing(const struct layer_image *a, const struct layer_image *b, size_t *at)
{
	struct slots was = slots_of(a), is = slots_of(b);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		*at = 0;
		if (was.bytes[i] != is.bytes[i] || !inside(b, is.at[i], is.bytes[i]))
			return i;
		while (*at < was.bytes[i] && was.at[i][*at] == is.at[i][*at])
			++*at;
		if (*at < was.bytes[i])
			return i;
	}
	return i;
}

void trace_check_sites(const struct trace_subject *s, void *run, unsigned int index,
		       struct trace_result *r)
{
	struct layer_image image;
	unsigned int o, part;
	size_t at;

	for (o = 0; o < s->c->offsets; o++) {
		if (o == index || !s->c->ops->image(run, s->arm, o, &image))
			continue;
		r->tried[TRACE_SITES]++;
		part = differing(&s->image, &image, &at);
		if (part < 3) {
			r->failed = TRACE_SITES;
			snprintf(r->detail, TRACE_REASON,
				 "at code offset %u the %s is not that of code offset %u, from "
				 "its byte %zu on",
				 layout_offset(s->c->offsets, o), trace_halves[part],
				 layout_offset(s->c->offsets, index), at);
			return;
		}
		r->sites++;
	}
}
