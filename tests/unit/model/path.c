// SPDX-License-Identifier: GPL-2.0-only
/*
 * What llvm-objdump prints, and the path through it: gates, XCR0, chains by a number, targets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <bench/model/code.h>

#define FLAGS  "0x80" /* offsets of struct egpr_switch, checked below */
#define DELAY  "0x84"
#define ACCESS "0x88"
#define HOST   "0xa0"
#define GUEST  "0xa8"

/* As llvm-objdump 19 prints: a gate, a jump over XSETBV, a choice by a number. */
static const char listing[] =
	"\n/tmp/egprlab:\tfile format elf64-x86-64\n\nDisassembly of section .text:\n\n"
	"0000000000001000 <gate>:\n"
	"    1000:      \ttestl\t$0x8, " FLAGS "(%rdi)\n"
	"    100a:      \tje\t0x1018 <gate+0x18>\n"
	"    1010:      \tmovq\t%rax, %ds:(%rdi)\n"
	"    1018:      \tretq\n"
	"    1019:      \tint3\n"
	"0000000000001040 <xcr0>:\n"
	"    1040:      \tmovq\t" HOST "(%rdi), %rax\n"
	"    1047:      \tcmpq\t" GUEST "(%rdi), %rax\n"
	"    104e:      \tje\t0x1055 <xcr0+0x15>\n"
	"    1050:      \txorl\t%ecx, %ecx\n"
	"    1052:      \txsetbv\n"
	"    1055:      \tretq\n"
	"0000000000001080 <choose>:\n"
	"    1080:      \tmovl\t" ACCESS "(%rdi), %ecx\n"
	"    1086:      \tcmpl\t$0x18, %ecx\n"
	"    1089:      \tjae\t0x1090 <choose+0x10>\n"
	"    108b:      \tmovq\t%rcx, %rax\n"
	"    108e:      \tjmp\t0x1093 <choose+0x13>\n"
	"    1090:      \tmovq\t%rdx, %rax\n"
	"    1093:      \tretq\n"
	"00000000000010c0 <chain>:\n"
	"    10c0:      \tmovl\t" DELAY "(%rdi), %ecx\n"
	"    10c6:      \tmovq\t%rcx, %rax\n"
	"    10c9:      \taddq\t%rax, %rax\n"
	"    10cc:      \taddl\t$0x200, 0x8c(%rdi)        # imm = 0x200\n"
	"    10d6:      \ttestl\t$0x2, %ecx\n"
	"    10dc:      \tje\t0x10e4 <chain+0x24>\n"
	"    10de:      \taddq\t%rax, %rax\n"
	"    10e1:      \taddq\t%rax, %rax\n"
	"    10e4:      \tretq\n"
	"0000000000001100 <unknown>:\n"
	"    1100:      \ttestl\t$0x8, " FLAGS "(%rdi)\n"
	"    110a:      \taddq\t%rdx, %rdx\n"
	"    110d:      \tje\t0x110f <unknown+0xf>\n"
	"    110f:      \tretq\n";

static struct model_code code;
static struct egpr_switch sw;

static int setup(void **state)
{
	struct data_error e = { "" };

	(void)state;
	memset(&sw, 0, sizeof(sw));
	return model_code_parse(listing, &code, &e);
}

static int teardown(void **state)
{
	(void)state;
	model_code_free(&code);
	return 0;
}

/* Instructions that are executed of a half, with the return. */
static unsigned int path(const char *symbol)
{
	static struct model_path p;
	const struct model_half *h = model_code_find(&code, symbol);
	struct data_error e = { "" };

	assert_non_null(h);
	assert_int_equal(model_path_follow(h, &sw, &p, &e), 0);
	assert_string_equal(p.insn[p.n - 1]->op, "retq");
	return p.n;
}

static void test_listing(void **state)
{
	const struct model_half *h = model_code_find(&code, "chain");

	(void)state;
	assert_int_equal(code.n, 5);
	assert_int_equal(h->n, 9);
	assert_string_equal(h->insns[3].op, "addl");
	assert_string_equal(h->insns[3].args, "$0x200, 0x8c(%rdi)");
	assert_string_equal(h->insns[5].args, "0x10e4");
	assert_int_equal(model_code_find(&code, "gate")->n, 4);
	assert_null(model_code_find(&code, "no_such_symbol"));
	/* What the texts above take for granted. */
	assert_int_equal(offsetof(struct egpr_switch, flags), 0x80);
	assert_int_equal(offsetof(struct egpr_switch, delay), 0x84);
	assert_int_equal(offsetof(struct egpr_switch, access), 0x88);
	assert_int_equal(offsetof(struct egpr_switch, xcr0_host), 0xa0);
	assert_int_equal(offsetof(struct egpr_switch, xcr0_guest), 0xa8);
}

static void test_ways(void **state)
{
	(void)state;
	assert_int_equal(path("gate"), 3);
	sw.flags = EGPR_SWITCH_GUEST_APX;
	assert_int_equal(path("gate"), 4);
	assert_int_equal(path("xcr0"), 4);
	sw.xcr0_guest = 1ull << 40;
	assert_int_equal(path("xcr0"), 6);
	sw.access = 0x17;
	assert_int_equal(path("choose"), 6);
	sw.access = 0x18;
	assert_int_equal(path("choose"), 5);
	sw.delay = 1;
	assert_int_equal(path("chain"), 7);
	sw.delay = 3;
	assert_int_equal(path("chain"), 9);
}

/* No guess: flags that something else wrote end it. */
static void test_unknown(void **state)
{
	static struct model_path p;
	struct data_error e = { "" };

	(void)state;
	assert_int_equal(model_path_follow(model_code_find(&code, "unknown"), &sw, &p, &e),
			 EGPR_SKIPPED);
	assert_non_null(strstr(e.text, "je 0x110f"));
}

static void test_damaged(void **state)
{
	static const char *const texts[] = {
		"0000000000001000 <half>:\n    1000:      \tmovq\t%rax, (%rdi)\n",
		"0000000000001000 <half>:\n    no address\n    1000: \tretq\n",
		"0000000000001000 <half>:\n",
	};
	struct data_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct model_code c;

		e.text[0] = '\0';
		assert_int_equal(model_code_parse(texts[i], &c, &e), EGPR_DATA);
		assert_non_null(strstr(e.text, "half"));
		model_code_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_listing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ways, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
