// SPDX-License-Identifier: GPL-2.0-only
/*
 * The payload loader: what it loads, and every way in which a file can be bad.
 *
 * Each bad file is a good one with one thing changed, so that the message can only
 * come from that change. A thousand damaged ones must be refused or loaded within
 * guest memory; ASan watches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <elf.h>
#include <cmocka.h>

#include "../../vmm-mini/internal.h"

#define MEMORY	    (2u << 20)
#define CODE_BYTES  64
#define DATA_BYTES  32
#define DATA_MEMORY 128u /* more than in the file: zeroed */
#define DATA_AT	    (EGPR_GUEST_LOAD + 0x1000)
#define DAMAGED	    1000
#define SEED	    0x45475052u

static const char elf_magic[SELFMAG] = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3 };

struct file {
	Elf64_Ehdr h;
	Elf64_Phdr p[2];
	uint8_t code[CODE_BYTES];
	uint8_t data[DATA_BYTES];
};

struct fixture {
	struct file f;
	size_t size;
	uint8_t *memory;
	uint64_t entry;
	struct vmm_error e;
};

static int setup(void **state)
{
	static struct fixture fixture;
	struct fixture *x = &fixture;

	memset(x, 0, sizeof(*x));
	x->memory = calloc(1, MEMORY);
	if (!x->memory)
		return -1;
	x->size = sizeof(x->f);
	memcpy(x->f.h.e_ident, elf_magic, sizeof(elf_magic));
	x->f.h.e_ident[EI_CLASS] = ELFCLASS64;
	x->f.h.e_ident[EI_DATA] = ELFDATA2LSB;
	x->f.h.e_type = ET_EXEC;
	x->f.h.e_machine = EM_X86_64;
	x->f.h.e_phoff = offsetof(struct file, p);
	x->f.h.e_phentsize = sizeof(Elf64_Phdr);
	x->f.h.e_phnum = 2;
	x->f.h.e_entry = EGPR_GUEST_LOAD + 4;
	x->f.p[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
				  .p_flags = PF_R | PF_X,
				  .p_offset = offsetof(struct file, code),
				  .p_vaddr = EGPR_GUEST_LOAD,
				  .p_filesz = CODE_BYTES,
				  .p_memsz = CODE_BYTES };
	x->f.p[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
				  .p_flags = PF_R | PF_W,
				  .p_offset = offsetof(struct file, data),
				  .p_vaddr = DATA_AT,
				  .p_filesz = DATA_BYTES,
				  .p_memsz = DATA_MEMORY };
	memset(x->f.code, 0xc0, CODE_BYTES);
	memset(x->f.data, 0xda, DATA_BYTES);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	free(x->memory);
	return 0;
}

/* The file is copied to the end of its own allocation, so that ASan sees a read beyond it. */
static int load(struct fixture *x)
{
	uint8_t *image = malloc(x->size ? x->size : 1);
	int ret;

	assert_non_null(image);
	memcpy(image, &x->f, x->size);
	ret = vmm_elf_load("test.elf", image, x->size, x->memory, MEMORY, &x->entry, &x->e);
	free(image);
	return ret;
}

static void refused(struct fixture *x, const char *why)
{
	size_t i;

	assert_int_equal(load(x), EGPR_DATA);
	assert_int_equal(x->e.status, EGPR_DATA);
	assert_string_equal(x->e.thing, "test.elf");
	if (!strstr(x->e.reason, why))
		fail_msg("reason \"%s\" does not say \"%s\"", x->e.reason, why);
	for (i = 0; i < MEMORY; i++)
		assert_int_equal(x->memory[i], 0);
}

static void test_loads(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(load(x), 0);
	assert_int_equal(x->entry, EGPR_GUEST_LOAD + 4);
	assert_memory_equal(x->memory + EGPR_GUEST_LOAD, x->f.code, CODE_BYTES);
	assert_memory_equal(x->memory + DATA_AT, x->f.data, DATA_BYTES);
	assert_int_equal(x->memory[DATA_AT + DATA_BYTES], 0);
}

/* One function per kind of damage. */
#define BAD(name, change, why)                \
	static void test_##name(void **state) \
	{                                     \
		struct fixture *x = *state;   \
                                              \
		change;                       \
		refused(x, why);              \
	}

BAD(empty, x->size = 0, "not an ELF")
BAD(not_elf, memcpy(&x->f, "#!/bin/sh\n", 10), "not an ELF")
BAD(short_ident, x->size = EI_NIDENT - 1, "not an ELF")
BAD(short_header, x->size = sizeof(Elf64_Ehdr) - 1, "truncated within its ELF header")
BAD(class32, x->f.h.e_ident[EI_CLASS] = ELFCLASS32, "32-bit")
BAD(big_endian, x->f.h.e_ident[EI_DATA] = ELFDATA2MSB, "big-endian")
BAD(machine, x->f.h.e_machine = EM_AARCH64, "not for x86-64")
BAD(pie, x->f.h.e_type = ET_DYN, "ET_EXEC")
BAD(no_headers, x->f.h.e_phnum = 0, "no program headers")
BAD(header_size, x->f.h.e_phentsize = sizeof(Elf32_Phdr), "unknown size")
BAD(headers_cut, x->size = offsetof(struct file, code) - 1, "program headers lie beyond")
BAD(headers_far, x->f.h.e_phoff = UINT64_MAX - 8, "program headers lie beyond")
BAD(interpreter, x->f.p[1].p_type = PT_INTERP, "dynamically linked")
BAD(truncated, x->size -= 1, "segment 1 lies beyond the end of the file")
BAD(offset_wraps, x->f.p[1].p_offset = UINT64_MAX - 8, "segment 1 lies beyond")
BAD(file_above_memory, x->f.p[1].p_memsz = DATA_BYTES - 1, "more bytes in the file")
BAD(below_load, x->f.p[1].p_vaddr = EGPR_GUEST_LOAD - 0x1000, "outside guest memory")
BAD(above_memory, x->f.p[1].p_vaddr = MEMORY - 1, "outside guest memory")
BAD(address_wraps, x->f.p[1].p_vaddr = UINT64_MAX - 8, "outside guest memory")
BAD(size_wraps, x->f.p[1].p_memsz = UINT64_MAX - 8, "outside guest memory")
BAD(overlapping, x->f.p[1].p_vaddr = EGPR_GUEST_LOAD + CODE_BYTES - 1, "segments 0 and 1 overlap")
BAD(entry_outside, x->f.h.e_entry = EGPR_GUEST_LOAD + CODE_BYTES, "no executable segment")
BAD(entry_in_data, x->f.h.e_entry = DATA_AT, "no executable segment")

static void test_damaged(void **state)
{
	struct fixture *x = *state;
	struct file good = x->f;
	unsigned int seed = SEED;
	int i;

	for (i = 0; i < DAMAGED; i++) {
		uint8_t *bytes = (uint8_t *)&x->f;
		int ret;

		x->f = good;
		bytes[rand_r(&seed) % offsetof(struct file, code)] ^= 1 << rand_r(&seed) % 8;
		x->size = i % 4 ? sizeof(x->f) : (size_t)rand_r(&seed) % sizeof(x->f);
		ret = load(x);
		if (ret)
			assert_int_equal(ret, EGPR_DATA);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loads),
		TEST(empty),
		TEST(not_elf),
		TEST(short_ident),
		TEST(short_header),
		TEST(class32),
		TEST(big_endian),
		TEST(machine),
		TEST(pie),
		TEST(no_headers),
		TEST(header_size),
		TEST(headers_cut),
		TEST(headers_far),
		TEST(interpreter),
		TEST(truncated),
		TEST(offset_wraps),
		TEST(file_above_memory),
		TEST(below_load),
		TEST(above_memory),
		TEST(address_wraps),
		TEST(size_wraps),
		TEST(overlapping),
		TEST(entry_outside),
		TEST(entry_in_data),
		TEST(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
