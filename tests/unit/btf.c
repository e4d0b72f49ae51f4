// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's reader of BTF, on blobs made here, damaged in every way, and on the running
 * kernel's own where there is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../kmod/btf.h"

#define BLOB_BYTES  4096
#define MANY	    16 /* parameters */
#define FLIPS	    20000
#define HEADER	    24
#define HEADER_LONG 32
#define KIND_YOUNG  20 /* the first that the reader does not know */

enum {
	INT = 1,
	PTR,
	STRUCT = 4,
	FWD = 7,
	TYPEDEF,
	VOLATILE,
	CONST,
	FUNC_PROTO = 13
};

/* A blob under construction. Ids and string offsets are those that a reader will give. */
struct maker {
	uint32_t types[BLOB_BYTES / 4];
	char strings[BLOB_BYTES];
	uint32_t words;
	uint32_t strings_len;
	uint32_t next_id;
	uint32_t first_string;
	uint8_t layout[4 * (KIND_YOUNG + 1)];
	uint32_t layout_len;
};

struct blob {
	unsigned char *data;
	size_t size;
};

static void start(struct maker *m, const struct egpr_btf *base)
{
	memset(m, 0, sizeof(*m));
	m->strings_len = 1;
	m->next_id = base ? base->first_type + base->nr_types : 1;
	m->first_string = base ? base->first_string + base->strings_len : 0;
}

static uint32_t string(struct maker *m, const char *s)
{
	uint32_t at = m->strings_len;

	strcpy(m->strings + at, s);
	m->strings_len += (uint32_t)strlen(s) + 1;
	return m->first_string + at;
}

static uint32_t type(struct maker *m, uint32_t kind, uint32_t vlen, const char *name, uint32_t of)
{
	m->types[m->words++] = *name ? string(m, name) : 0;
	m->types[m->words++] = kind << 24 | vlen;
	m->types[m->words++] = of;
	return m->next_id++;
}

static uint32_t number(struct maker *m)
{
	uint32_t id = type(m, INT, 0, "int", 4);

	m->types[m->words++] = 32;
	return id;
}

/* A function with parameters of the types @ids. */
static uint32_t function(struct maker *m, uint32_t returns, uint32_t nr, const uint32_t *ids)
{
	uint32_t id = type(m, FUNC_PROTO, nr, "", returns), i;

	for (i = 0; i < nr; i++) {
		m->types[m->words++] = 0;
		m->types[m->words++] = ids[i];
	}
	return id;
}

/* A typedef of a pointer to a function. */
static void probe(struct maker *m, const char *name, uint32_t returns, uint32_t nr,
		  const uint32_t *ids)
{
	type(m, TYPEDEF, 0, name, type(m, PTR, 0, "", function(m, returns, nr, ids)));
}

static struct blob finish(const struct maker *m)
{
	uint32_t header_len = m->layout_len ? HEADER_LONG : HEADER, types_len = m->words * 4;
	uint32_t header[HEADER_LONG / 4] = {
		0x0001eb9f,
		header_len,
		0,
		types_len,
		types_len,
		m->strings_len,
		types_len + m->strings_len,
		m->layout_len,
	};
	struct blob b = { .size = header_len + types_len + m->strings_len + m->layout_len };

	b.data = malloc(b.size);
	assert_non_null(b.data);
	memcpy(b.data, header, header_len);
	memcpy(b.data + header_len, m->types, types_len);
	memcpy(b.data + header_len + types_len, m->strings, m->strings_len);
	memcpy(b.data + b.size - m->layout_len, m->layout, m->layout_len);
	return b;
}

/* What every prototype below is made of. */
struct ids {
	uint32_t number, any, vcpu, other, const_vcpu, forward, by_value, fickle;
};

static struct ids parts(struct maker *m)
{
	struct ids i;

	i.number = number(m);
	i.any = type(m, PTR, 0, "", 0);
	i.by_value = type(m, STRUCT, 0, "kvm_vcpu", 0);
	i.vcpu = type(m, PTR, 0, "", i.by_value);
	i.const_vcpu = type(m, PTR, 0, "", type(m, CONST, 0, "", i.by_value));
	i.fickle = type(m, VOLATILE, 0, "", i.vcpu);
	i.other = type(m, PTR, 0, "", type(m, STRUCT, 0, "kvm", 0));
	i.forward = type(m, PTR, 0, "", type(m, FWD, 0, "kvm_vcpu", 0));
	return i;
}

static enum egpr_btf_verdict ask(const struct blob *blob, const struct egpr_btf *base,
				 const char *name, unsigned int max)
{
	struct egpr_btf b;

	assert_true(egpr_btf_open(&b, base, blob->data, blob->size));
	return egpr_btf_prototype(&b, name, "kvm_vcpu", max);
}

static void test_prototypes(void **state)
{
	struct maker m;
	struct ids i;
	struct blob b;
	uint32_t loop;

	(void)state;
	start(&m, NULL);
	i = parts(&m);
	probe(&m, "two", 0, 2, (uint32_t[]){ i.any, i.vcpu });
	probe(&m, "three", 0, 3, (uint32_t[]){ i.any, i.vcpu, i.number });
	probe(&m, "constant", 0, 2, (uint32_t[]){ i.any, i.const_vcpu });
	probe(&m, "fickle", 0, 2, (uint32_t[]){ i.any, i.fickle });
	probe(&m, "none", 0, 0, NULL);
	probe(&m, "one", 0, 1, (uint32_t[]){ i.any });
	probe(&m, "other struct", 0, 2, (uint32_t[]){ i.any, i.other });
	probe(&m, "number", 0, 2, (uint32_t[]){ i.any, i.number });
	probe(&m, "by value", 0, 2, (uint32_t[]){ i.any, i.by_value });
	probe(&m, "forward", 0, 2, (uint32_t[]){ i.any, i.forward });
	probe(&m, "void", 0, 2, (uint32_t[]){ i.any, 0 });
	probe(&m, "no data", 0, 2, (uint32_t[]){ i.vcpu, i.vcpu });
	probe(&m, "swapped", 0, 2, (uint32_t[]){ i.vcpu, i.any });
	probe(&m, "returns", i.number, 2, (uint32_t[]){ i.any, i.vcpu });
	probe(&m, "ellipsis", 0, 3, (uint32_t[]){ i.any, i.vcpu, 0 });
	probe(&m, "beyond", 0, 2, (uint32_t[]){ i.any, 9999 });
	type(&m, TYPEDEF, 0, "no pointer", function(&m, 0, 2, (uint32_t[]){ i.any, i.vcpu }));
	type(&m, TYPEDEF, 0, "no function", i.vcpu);
	type(&m, TYPEDEF, 0, "two", i.number); /* the first of a name counts */
	b = finish(&m);

	assert_int_equal(ask(&b, NULL, "two", MANY), EGPR_BTF_KNOWN);
	assert_int_equal(ask(&b, NULL, "two", 2), EGPR_BTF_KNOWN);
	assert_int_equal(ask(&b, NULL, "three", MANY), EGPR_BTF_KNOWN);
	assert_int_equal(ask(&b, NULL, "three", 2), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "constant", MANY), EGPR_BTF_KNOWN);
	assert_int_equal(ask(&b, NULL, "fickle", MANY), EGPR_BTF_KNOWN);
	assert_int_equal(ask(&b, NULL, "none", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "one", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "other struct", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "number", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "by value", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "forward", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "void", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "no data", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "swapped", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "returns", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "ellipsis", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "beyond", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "no pointer", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "no function", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&b, NULL, "absent", MANY), EGPR_BTF_ABSENT);
	assert_int_equal(ask(&b, NULL, "kvm_vcpu", MANY), EGPR_BTF_ABSENT);
	free(b.data);

	/* Types that lead back to themselves. */
	start(&m, NULL);
	loop = m.next_id;
	type(&m, CONST, 0, "", loop + 1);
	type(&m, TYPEDEF, 0, "loop", loop);
	b = finish(&m);
	assert_int_equal(ask(&b, NULL, "loop", MANY), EGPR_BTF_OTHER);
	free(b.data);
}

/* As a module's: its types and strings continue the kernel's. */
static void test_split(void **state)
{
	struct egpr_btf kernel;
	struct blob base, split;
	struct maker m;
	struct ids i;

	(void)state;
	start(&m, NULL);
	i = parts(&m);
	probe(&m, "of the kernel", 0, 2, (uint32_t[]){ i.any, i.vcpu });
	base = finish(&m);
	assert_true(egpr_btf_open(&kernel, NULL, base.data, base.size));

	start(&m, &kernel);
	probe(&m, "of the module", 0, 3, (uint32_t[]){ i.any, i.vcpu, i.number });
	probe(&m, "wrong", 0, 2, (uint32_t[]){ i.any, i.other });
	probe(&m, "own struct", 0, 2,
	      (uint32_t[]){ i.any, type(&m, PTR, 0, "", type(&m, STRUCT, 0, "kvm_vcpu", 0)) });
	split = finish(&m);
	assert_int_equal(ask(&split, &kernel, "of the module", MANY), EGPR_BTF_KNOWN);
	assert_int_equal(ask(&split, &kernel, "own struct", MANY), EGPR_BTF_KNOWN);
	assert_int_equal(ask(&split, &kernel, "wrong", MANY), EGPR_BTF_OTHER);
	assert_int_equal(ask(&split, &kernel, "of the kernel", MANY), EGPR_BTF_ABSENT);
	free(split.data);
	free(base.data);
}

/* A kind that came after this reader can be stepped over, if the blob says how long it is. */
static void test_layout(void **state)
{
	struct egpr_btf btf;
	struct maker m;
	struct ids i;
	struct blob b;

	(void)state;
	start(&m, NULL);
	i = parts(&m);
	type(&m, KIND_YOUNG, 2, "young", 0);
	m.words += 5; /* one word, and two for each of two elements */
	probe(&m, "behind", 0, 2, (uint32_t[]){ i.any, i.vcpu });
	b = finish(&m);
	assert_false(egpr_btf_open(&btf, NULL, b.data, b.size));
	free(b.data);

	m.layout_len = sizeof(m.layout);
	m.layout[4 * KIND_YOUNG] = 4;
	m.layout[4 * KIND_YOUNG + 1] = 8;
	b = finish(&m);
	assert_int_equal(ask(&b, NULL, "behind", MANY), EGPR_BTF_KNOWN);
	free(b.data);

	m.layout_len -= 4;
	b = finish(&m);
	assert_false(egpr_btf_open(&btf, NULL, b.data, b.size));
	free(b.data);
}

static struct blob good(void)
{
	struct maker m;
	struct ids i;

	start(&m, NULL);
	i = parts(&m);
	probe(&m, "two", 0, 2, (uint32_t[]){ i.any, i.vcpu });
	return finish(&m);
}

/* A blob in memory of its very size, so that the sanitizers see a read beyond it. */
static bool opens(const unsigned char *data, size_t size)
{
	unsigned char *copy = malloc(size ? size : 1);
	struct egpr_btf b;
	bool ok;

	assert_non_null(copy);
	memcpy(copy, data, size);
	ok = egpr_btf_open(&b, NULL, copy, size);
	if (ok)
		egpr_btf_prototype(&b, "two", "kvm_vcpu", MANY);
	free(copy);
	return ok;
}

static void test_truncated(void **state)
{
	struct blob b = good();
	size_t size;

	(void)state;
	assert_true(opens(b.data, b.size));
	for (size = 0; size < b.size; size++)
		assert_false(opens(b.data, size));
	free(b.data);
}

/* Sets a word of the header; the blob must not open. */
static void refuse_word(struct blob b, size_t at, uint32_t value)
{
	uint32_t was;

	memcpy(&was, b.data + at, sizeof(was));
	memcpy(b.data + at, &value, sizeof(value));
	assert_false(opens(b.data, b.size));
	memcpy(b.data + at, &was, sizeof(was));
}

static void test_header(void **state)
{
	struct blob b = good();

	(void)state;
	refuse_word(b, 0, 0x00019feb); /* the other byte order */
	refuse_word(b, 0, 0x0002eb9f); /* another version */
	refuse_word(b, 4, HEADER - 4);
	refuse_word(b, 4, UINT32_MAX);
	refuse_word(b, 8, UINT32_MAX);
	refuse_word(b, 12, UINT32_MAX);
	refuse_word(b, 12, 13);
	refuse_word(b, 16, UINT32_MAX);
	refuse_word(b, 20, 0);
	refuse_word(b, 20, UINT32_MAX);
	b.data[b.size - 1] = 'x'; /* a last string without an end */
	assert_false(opens(b.data, b.size));
	free(b.data);
}

static void test_garbage(void **state)
{
	struct blob b = good();
	unsigned int i, k, opened = 0;

	(void)state;
	srand(1);
	for (i = 0; i < FLIPS; i++) {
		unsigned char *copy = malloc(b.size);

		assert_non_null(copy);
		memcpy(copy, b.data, b.size);
		for (k = 0; k < 1 + i % 4; k++)
			copy[(size_t)rand() % b.size] = (unsigned char)rand();
		opened += opens(copy, b.size);
		free(copy);
	}
	/* Damage in a name or an id opens, damage in a length mostly does not. */
	assert_in_range(opened, FLIPS / 10, FLIPS - FLIPS / 10);
	free(b.data);
}

/* sched_process_fork: void (void *, struct task_struct *, struct task_struct *), for ever. */
static void test_running_kernel(void **state)
{
	static const char path[] = "/sys/kernel/btf/vmlinux";
	const size_t most = 64u << 20;
	FILE *f = fopen(path, "r");
	unsigned char *data;
	struct egpr_btf b;
	size_t size;

	(void)state;
	if (!f)
		skip(); /* a kernel without BTF */
	data = malloc(most);
	assert_non_null(data);
	size = fread(data, 1, most, f);
	fclose(f);
	assert_true(egpr_btf_open(&b, NULL, data, size));
	assert_int_equal(
		egpr_btf_prototype(&b, "btf_trace_sched_process_fork", "task_struct", MANY),
		EGPR_BTF_KNOWN);
	assert_int_equal(egpr_btf_prototype(&b, "btf_trace_sched_process_fork", "kvm_vcpu", MANY),
			 EGPR_BTF_OTHER);
	assert_int_equal(egpr_btf_prototype(&b, "btf_trace_no_such_event", "task_struct", MANY),
			 EGPR_BTF_ABSENT);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prototypes),     cmocka_unit_test(test_split),
		cmocka_unit_test(test_layout),	       cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_header),	       cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_running_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
