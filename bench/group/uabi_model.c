// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of struct uabi_vcpu: see uabi_model.h.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "uabi_model.h"

#define PAGE		4096
#define ALIGN		64
#define HEADER_RESERVED (UABI_STATE_AT + 16)

/* Standard format, in the order of the offsets: component 19 lies below ones with smaller numbers. */
static const struct component {
	unsigned int nr;
	size_t offset, bytes;
	bool aligned; /* in the compacted format */
} components[] = {
	{ 2, 576, 256, false },	 { 19, 960, 128, false },  { 5, 1088, 64, false },
	{ 6, 1152, 512, false }, { 7, 1664, 1024, false }, { 9, 2688, 8, false },
	{ 17, 2752, 64, true },	 { 18, 2816, 8192, true },
};
#define NR_COMPONENTS (sizeof(components) / sizeof(*components))

static void copy(struct uabi_vcpu *v, void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	v->copies.calls++;
	v->copies.bytes += n;
}

static void clear(struct uabi_vcpu *v, void *to, size_t n)
{
	if (!n)
		return;
	memset(to, 0, n);
	v->copies.calls++;
	v->copies.bytes += n;
}

static uint64_t load(const void *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void store(void *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static const struct component *component(unsigned int nr)
{
	size_t i;

	for (i = 0; i < NR_COMPONENTS; i++) {
		if (components[i].nr == nr)
			return &components[i];
	}
	return NULL;
}

size_t uabi_offset(unsigned int nr, size_t *bytes)
{
	const struct component *c = component(nr);

	*bytes = c ? c->bytes : 0;
	return c ? c->offset : 0;
}

size_t uabi_size(uint64_t supported)
{
	size_t end = UABI_LEGACY + UABI_HEADER, i;

	for (i = 0; i < NR_COMPONENTS; i++) {
		const struct component *c = &components[i];

		if (supported >> c->nr & 1 && c->offset + c->bytes > end)
			end = c->offset + c->bytes;
	}
	return end;
}

/* Lays the area out, compacted: by number. Return: its size. */
static size_t lay_out(struct uabi_vcpu *v)
{
	size_t at = UABI_LEGACY;
	unsigned int nr;

	for (nr = 2; nr < UABI_COMPONENTS; nr++) {
		const struct component *c = component(nr);

		if (!c || !(v->features >> nr & 1))
			continue;
		/* The alignment is of the XSAVE area, whose header is not in ours. */
		if (c->aligned)
			at = (at + UABI_HEADER + ALIGN - 1) / ALIGN * ALIGN - UABI_HEADER;
		v->at[nr] = (uint16_t)at;
		at += c->bytes;
	}
	return at;
}

int uabi_open(struct uabi_vcpu *v, enum uabi_policy policy, uint64_t supported)
{
	memset(v, 0, sizeof(*v));
	v->policy = policy;
	v->supported = supported;
	v->features = supported;
	if (policy == UABI_EXCLUDED || policy == UABI_EXCLUDED_PERM)
		v->features &= ~UABI_APX;
	v->perm = policy == UABI_EXCLUDED ? supported : v->features;
	v->bytes = lay_out(v);
	/* As the kernel's, on a page of its own. */
	v->area = aligned_alloc(PAGE, (v->bytes + PAGE - 1) / PAGE * PAGE);
	if (!v->area)
		return -ENOMEM;
	memset(v->area, 0, v->bytes);
	return 0;
}

void uabi_close(struct uabi_vcpu *v)
{
	free(v->area);
	v->area = NULL;
}

size_t uabi_memory(const struct uabi_vcpu *v)
{
	return v->bytes + UABI_HEADER + (v->policy == UABI_FPSTATE ? 0 : UABI_APX_BYTES);
}

const void *uabi_apx_area(const struct uabi_vcpu *v)
{
	if (!(v->features & v->xfeatures & UABI_APX))
		return NULL;
	return v->area + v->at[EGPR_XFEATURE];
}

/* The fpstate in the standard format; what is not present is zero. */
static void fpstate_to_buffer(struct uabi_vcpu *v, uint8_t *buffer, size_t size)
{
	uint64_t present = v->xfeatures & v->supported;
	size_t zero_from = UABI_LEGACY + UABI_HEADER, i;

	copy(v, buffer, v->area, UABI_LEGACY);
	clear(v, buffer + UABI_LEGACY, UABI_HEADER);
	store(buffer + UABI_STATE_AT, present);
	for (i = 0; i < NR_COMPONENTS; i++) {
		const struct component *c = &components[i];

		if (!(present & v->features & 1ull << c->nr))
			continue;
		clear(v, buffer + zero_from, c->offset - zero_from);
		copy(v, buffer + c->offset, v->area + v->at[c->nr], c->bytes);
		zero_from = c->offset + c->bytes;
	}
	if (size > zero_from)
		clear(v, buffer + zero_from, size - zero_from);
}

static void regs_to_buffer(struct uabi_vcpu *v, uint8_t *buffer)
{
	copy(v, buffer + EGPR_XSAVE_STD_OFFSET, &v->regs[EGPR_FIRST], UABI_APX_BYTES);
	store(buffer + UABI_STATE_AT, load(buffer + UABI_STATE_AT) | UABI_APX);
}

int uabi_get(struct uabi_vcpu *v, void *buffer, size_t size)
{
	if (size < uabi_size(v->supported))
		return -EINVAL;
	fpstate_to_buffer(v, buffer, size);
	/* The posted functions know the host only, not what the guest was given. */
	if (v->policy == UABI_POSTED || (v->policy != UABI_FPSTATE && v->supported & UABI_APX)) {
		if (size >= EGPR_XSAVE_STD_OFFSET + UABI_APX_BYTES)
			regs_to_buffer(v, buffer);
	}
	return 0;
}

static int check_header(const struct uabi_vcpu *v, const uint8_t *buffer)
{
	static const uint8_t zeros[UABI_HEADER - 16];

	if (load(buffer + UABI_XCOMP_AT) || load(buffer + UABI_STATE_AT) & ~v->supported)
		return -EINVAL;
	return memcmp(buffer + HEADER_RESERVED, zeros, sizeof(zeros)) ? -EINVAL : 0;
}

static void buffer_to_fpstate(struct uabi_vcpu *v, const uint8_t *buffer, uint64_t present)
{
	size_t i;

	copy(v, v->area, buffer, UABI_LEGACY);
	for (i = 0; i < NR_COMPONENTS; i++) {
		const struct component *c = &components[i];

		if (present & v->features & 1ull << c->nr)
			copy(v, v->area + v->at[c->nr], buffer + c->offset, c->bytes);
	}
	v->xfeatures = present & v->features;
}

/* As posted: before the header is looked at, and only where the bit is set. */
static int set_posted(struct uabi_vcpu *v, uint8_t *buffer)
{
	uint64_t present = load(buffer + UABI_STATE_AT);

	if (present & UABI_APX)
		copy(v, &v->regs[EGPR_FIRST], buffer + EGPR_XSAVE_STD_OFFSET, UABI_APX_BYTES);
	if (check_header(v, buffer))
		return -EINVAL;
	buffer_to_fpstate(v, buffer, present);
	return 0;
}

int uabi_set(struct uabi_vcpu *v, void *buffer)
{
	uint64_t present = load((uint8_t *)buffer + UABI_STATE_AT) & ~v->xfd;

	store((uint8_t *)buffer + UABI_STATE_AT, present);
	if (v->policy == UABI_POSTED)
		return set_posted(v, buffer);
	if (check_header(v, buffer))
		return -EINVAL;
	if (v->policy != UABI_FPSTATE) {
		if (present & UABI_APX)
			copy(v, &v->regs[EGPR_FIRST], (uint8_t *)buffer + EGPR_XSAVE_STD_OFFSET,
			     UABI_APX_BYTES);
		else
			clear(v, &v->regs[EGPR_FIRST], UABI_APX_BYTES);
		present &= ~UABI_APX;
	}
	buffer_to_fpstate(v, buffer, present);
	return 0;
}

void uabi_guest_write(struct uabi_vcpu *v, const uint64_t *egprs)
{
	if (v->policy == UABI_FPSTATE)
		uabi_guest_write_component(v, EGPR_XFEATURE, egprs);
	else
		memcpy(&v->regs[EGPR_FIRST], egprs, UABI_APX_BYTES);
}

void uabi_guest_write_component(struct uabi_vcpu *v, unsigned int nr, const void *bytes)
{
	size_t n;

	if (!(v->features >> nr & 1) || !uabi_offset(nr, &n))
		return;
	memcpy(v->area + v->at[nr], bytes, n);
	v->xfeatures |= 1ull << nr;
}

void uabi_guest_read(const struct uabi_vcpu *v, uint64_t *egprs)
{
	const void *area = uabi_apx_area(v);

	if (v->policy != UABI_FPSTATE)
		memcpy(egprs, &v->regs[EGPR_FIRST], UABI_APX_BYTES);
	else if (area)
		memcpy(egprs, area, UABI_APX_BYTES);
	else
		memset(egprs, 0, UABI_APX_BYTES);
}
