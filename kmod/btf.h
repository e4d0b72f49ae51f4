/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of BTF as it takes to ask for the prototype of a tracepoint's probes.
 *
 * The kernel's own reader is not exported to modules, so this is one: it also builds in user
 * space, where its tests are. It trusts nothing that it reads and allocates nothing.
 */
#ifndef KMOD_BTF_H
#define KMOD_BTF_H

#include <linux/types.h>

#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

/**
 * struct egpr_btf - a blob of BTF that egpr_btf_open() has checked
 * @base: the blob whose types and strings come before this one's, or NULL
 * @types: its types
 * @types_len: their bytes
 * @nr_types: their number
 * @first_type: id of the first
 * @strings: its strings, the last of them terminated
 * @strings_len: their bytes
 * @first_string: offset of the first
 * @layout: two sizes and two flag bytes per kind, for kinds younger than this file
 * @layout_len: their bytes
 */
struct egpr_btf {
	const struct egpr_btf *base;
	const __u8 *types;
	__u32 types_len;
	__u32 nr_types;
	__u32 first_type;
	const char *strings;
	__u32 strings_len;
	__u32 first_string;
	const __u8 *layout;
	__u32 layout_len;
};

/**
 * enum egpr_btf_verdict - what is known of a prototype
 * @EGPR_BTF_KNOWN: it is void (void *, struct NAME *, ...)
 * @EGPR_BTF_OTHER: it is another one
 * @EGPR_BTF_ABSENT: the blob has no such typedef
 */
enum egpr_btf_verdict {
	EGPR_BTF_KNOWN,
	EGPR_BTF_OTHER,
	EGPR_BTF_ABSENT,
};

/**
 * egpr_btf_open - check a blob
 * @b: filled in; points into @data, which must outlive it
 * @base: the blob that it continues (a module's continues vmlinux's), or NULL
 * @data: the blob
 * @size: its bytes
 *
 * Return: whether every type in it could be told from the next.
 */
bool egpr_btf_open(struct egpr_btf *b, const struct egpr_btf *base, const void *data, size_t size);

/**
 * egpr_btf_prototype - is a typedef a pointer to void (void *, struct NAME *, ...)?
 * @b: the blob with the typedef; its base is not searched for it
 * @name: of the typedef
 * @second: NAME
 * @max_params: parameters that it may have, 2 or more
 *
 * Return: enum egpr_btf_verdict.
 */
enum egpr_btf_verdict egpr_btf_prototype(const struct egpr_btf *b, const char *name,
					 const char *second, unsigned int max_params);

#endif /* KMOD_BTF_H */
