// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reader of BTF; see btf.h. The format is that of Documentation/bpf/btf.rst.
 *
 * Numbers are spelled out here because headers differ: kinds have seven bits and lengths 24 since
 * 7.3, five and 16 before. The bits between were zero, so the wider fields read both.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "btf.h"

#define BTF_MAGIC     0xeb9f
#define BTF_VERSION   1
#define HEADER_MIN    24 /* up to and with the length of the strings */
#define HEADER_LAYOUT 32 /* with the layout's place behind it */
#define TYPE_BYTES    12 /* struct btf_type */
#define PARAM_BYTES   8	 /* struct btf_param: name, type */
#define PARAM_TYPE    4
#define LAYOUT_BYTES  4 /* struct btf_layout: two sizes, two bytes of flags */
#define TYPE_VOID     0
#define FIRST_TYPE    1
#define MODIFIERS_MAX 8 /* const, volatile, ... in front of one type */
#define VLEN(info)    ((info)&0xffffff)
#define KIND(info)    ((info) >> 24 & 0x7f)

enum kind {
	KIND_INT = 1,
	KIND_PTR,
	KIND_ARRAY,
	KIND_STRUCT,
	KIND_UNION,
	KIND_ENUM,
	KIND_FWD,
	KIND_TYPEDEF,
	KIND_VOLATILE,
	KIND_CONST,
	KIND_RESTRICT,
	KIND_FUNC,
	KIND_FUNC_PROTO,
	KIND_VAR,
	KIND_DATASEC,
	KIND_FLOAT,
	KIND_DECL_TAG,
	KIND_TYPE_TAG,
	KIND_ENUM64,
	NR_KINDS
};

/* What follows a type of each kind: so many bytes, and so many for each of VLEN elements. */
static const struct {
	__u8 once;
	__u8 each;
} tails[NR_KINDS] = {
	[KIND_INT] = { .once = 4 },	 [KIND_ARRAY] = { .once = 12 },
	[KIND_STRUCT] = { .each = 12 },	 [KIND_UNION] = { .each = 12 },
	[KIND_ENUM] = { .each = 8 },	 [KIND_FUNC_PROTO] = { .each = PARAM_BYTES },
	[KIND_VAR] = { .once = 4 },	 [KIND_DATASEC] = { .each = 12 },
	[KIND_DECL_TAG] = { .once = 4 }, [KIND_ENUM64] = { .each = 12 },
};

/* A type as it stands in a blob; @tail is what follows it. */
struct type {
	const __u8 *tail;
	__u32 name;
	__u32 kind;
	__u32 vlen;
	__u32 type; /* or size */
};

static __u32 word(const __u8 *at)
{
	__u32 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Reads the type at *@offset and moves it to the next. */
static bool next_type(const struct egpr_btf *b, __u32 *offset, struct type *t)
{
	const __u8 *at = b->types + *offset;
	__u32 left = b->types_len - *offset;
	__u64 bytes;

	if (left < TYPE_BYTES)
		return false;
	t->name = word(at);
	t->kind = KIND(word(at + 4));
	t->vlen = VLEN(word(at + 4));
	t->type = word(at + 8);
	t->tail = at + TYPE_BYTES;
	if (t->kind && t->kind < NR_KINDS) {
		bytes = tails[t->kind].once + (__u64)tails[t->kind].each * t->vlen;
	} else {
		if (!t->kind || (t->kind + 1) * LAYOUT_BYTES > b->layout_len)
			return false;
		at = b->layout + (size_t)t->kind * LAYOUT_BYTES;
		bytes = at[0] + (__u64)at[1] * t->vlen;
	}
	if (bytes > left - TYPE_BYTES)
		return false;
	*offset += TYPE_BYTES + (__u32)bytes;
	return true;
}

/* A section's place, counted from the header's end, is inside the blob. */
static bool section(const __u8 *header, __u32 field, __u32 body_len, __u32 *offset, __u32 *len)
{
	*offset = word(header + field);
	*len = word(header + field + 4);
	return *offset <= body_len && *len <= body_len - *offset;
}

bool egpr_btf_open(struct egpr_btf *b, const struct egpr_btf *base, const void *data, size_t size)
{
	const __u8 *header = data, *body;
	__u32 header_len, body_len, offset;
	struct type t;

	memset(b, 0, sizeof(*b));
	if (size < HEADER_MIN || size > (__u32)-1)
		return false;
	header_len = word(header + 4);
	if ((word(header) & 0xffff) != BTF_MAGIC || header[2] != BTF_VERSION ||
	    header_len < HEADER_MIN || header_len > size)
		return false;
	body = header + header_len;
	body_len = (__u32)size - header_len;
	if (!section(header, 8, body_len, &offset, &b->types_len))
		return false;
	b->types = body + offset;
	if (!section(header, 16, body_len, &offset, &b->strings_len))
		return false;
	b->strings = (const char *)body + offset;
	if (!b->strings_len || b->strings[b->strings_len - 1])
		return false;
	if (header_len >= HEADER_LAYOUT) {
		if (!section(header, 24, body_len, &offset, &b->layout_len))
			return false;
		b->layout = body + offset;
	}

	b->base = base;
	b->first_type = base ? base->first_type + base->nr_types : FIRST_TYPE;
	b->first_string = base ? base->first_string + base->strings_len : 0;
	for (offset = 0; offset < b->types_len; b->nr_types++) {
		if (!next_type(b, &offset, &t))
			return false;
	}
	return true;
}

static const char *name_of(const struct egpr_btf *b, __u32 offset)
{
	while (b->base && offset < b->first_string)
		b = b->base;
	offset -= b->first_string;
	return offset < b->strings_len ? b->strings + offset : "";
}

static bool type_by_id(const struct egpr_btf *b, __u32 id, struct type *t)
{
	__u32 offset = 0;

	while (b->base && id < b->first_type)
		b = b->base;
	if (id < b->first_type || id - b->first_type >= b->nr_types)
		return false;
	for (id -= b->first_type; next_type(b, &offset, t); id--) {
		if (!id)
			return true;
	}
	return false;
}

/* The type behind what does not change how a value is passed. */
static bool bare_type(const struct egpr_btf *b, __u32 id, struct type *t)
{
	int i;

	for (i = 0; i < MODIFIERS_MAX; i++) {
		if (!type_by_id(b, id, t))
			return false;
		switch (t->kind) {
		case KIND_TYPEDEF:
		case KIND_VOLATILE:
		case KIND_CONST:
		case KIND_RESTRICT:
		case KIND_TYPE_TAG:
			id = t->type;
			continue;
		}
		return true;
	}
	return false;
}

static __u32 param_type(const struct type *proto, unsigned int i)
{
	return word(proto->tail + (size_t)i * PARAM_BYTES + PARAM_TYPE);
}

static bool is_known(const struct egpr_btf *b, __u32 id, const char *second,
		     unsigned int max_params)
{
	struct type proto, t;
	unsigned int i;

	if (!bare_type(b, id, &t) || t.kind != KIND_PTR)
		return false;
	if (!type_by_id(b, t.type, &proto) || proto.kind != KIND_FUNC_PROTO ||
	    proto.type != TYPE_VOID || proto.vlen < 2 || proto.vlen > max_params)
		return false;
	for (i = 2; i < proto.vlen; i++) {
		if (param_type(&proto, i) == TYPE_VOID)
			return false; /* an ellipsis */
	}
	if (!bare_type(b, param_type(&proto, 0), &t) || t.kind != KIND_PTR || t.type != TYPE_VOID)
		return false;
	if (!bare_type(b, param_type(&proto, 1), &t) || t.kind != KIND_PTR)
		return false;
	return bare_type(b, t.type, &t) && t.kind == KIND_STRUCT &&
	       !strcmp(name_of(b, t.name), second);
}

enum egpr_btf_verdict egpr_btf_prototype(const struct egpr_btf *b, const char *name,
					 const char *second, unsigned int max_params)
{
	__u32 offset = 0;
	struct type t;

	while (next_type(b, &offset, &t)) {
		if (t.kind == KIND_TYPEDEF && !strcmp(name_of(b, t.name), name))
			return is_known(b, t.type, second, max_params) ? EGPR_BTF_KNOWN
								       : EGPR_BTF_OTHER;
	}
	return EGPR_BTF_ABSENT;
}
