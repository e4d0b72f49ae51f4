// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading llvm-mca's answer: every figure is one that it printed, and where one is missing there is
 * no figure at all. Also which CPU has which scheduling model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bench/model/cpu.h>
#include <bench/model/model.h>

/* Two regions, in the shape that llvm-mca 19 prints with -json -iterations=1. */
static const char sample[] = "{\n"
			     "  \"CodeRegions\": [\n"
			     "    {\n"
			     "      \"InstructionInfoView\": {\n"
			     "        \"InstructionList\": [\n"
			     "          {\n"
			     "            \"Instruction\": 0,\n"
			     "            \"Latency\": 1,\n"
			     "            \"NumMicroOpcodes\": 1,\n"
			     "            \"RThroughput\": 1,\n"
			     "            \"hasUnmodeledSideEffects\": false,\n"
			     "            \"mayLoad\": false,\n"
			     "            \"mayStore\": true\n"
			     "          },\n"
			     "          {\n"
			     "            \"Instruction\": 1,\n"
			     "            \"Latency\": 5,\n"
			     "            \"NumMicroOpcodes\": 1,\n"
			     "            \"RThroughput\": 0.5,\n"
			     "            \"hasUnmodeledSideEffects\": true,\n"
			     "            \"mayLoad\": false,\n"
			     "            \"mayStore\": false\n"
			     "          }\n"
			     "        ]\n"
			     "      },\n"
			     "      \"Instructions\": [\n"
			     "        \"movq\\t%rax, (%rdi)\",\n"
			     "        \"retq\"\n"
			     "      ],\n"
			     "      \"Name\": \"store/exit\",\n"
			     "      \"SummaryView\": {\n"
			     "        \"BlockRThroughput\": 1,\n"
			     "        \"DispatchWidth\": 6,\n"
			     "        \"IPC\": 0.25,\n"
			     "        \"Instructions\": 2,\n"
			     "        \"Iterations\": 1,\n"
			     "        \"TotalCycles\": 8,\n"
			     "        \"TotaluOps\": 2,\n"
			     "        \"uOpsPerCycle\": 0.25\n"
			     "      }\n"
			     "    },\n"
			     "    {\n"
			     "      \"InstructionInfoView\": {\n"
			     "        \"InstructionList\": [\n"
			     "          {\n"
			     "            \"Instruction\": 0,\n"
			     "            \"Latency\": 100,\n"
			     "            \"NumMicroOpcodes\": 100,\n"
			     "            \"RThroughput\": 25,\n"
			     "            \"hasUnmodeledSideEffects\": true,\n"
			     "            \"mayLoad\": true,\n"
			     "            \"mayStore\": true\n"
			     "          },\n"
			     "          {\n"
			     "            \"Instruction\": 1,\n"
			     "            \"Latency\": 5,\n"
			     "            \"NumMicroOpcodes\": 1,\n"
			     "            \"RThroughput\": 0.5,\n"
			     "            \"hasUnmodeledSideEffects\": true,\n"
			     "            \"mayLoad\": false,\n"
			     "            \"mayStore\": false\n"
			     "          }\n"
			     "        ]\n"
			     "      },\n"
			     "      \"Instructions\": [\n"
			     "        \"xsave64\\t192(%rdi)\",\n"
			     "        \"retq\"\n"
			     "      ],\n"
			     "      \"Name\": \"save/exit\",\n"
			     "      \"SummaryView\": {\n"
			     "        \"BlockRThroughput\": 25,\n"
			     "        \"DispatchWidth\": 6,\n"
			     "        \"IPC\": 0.019417475728155338,\n"
			     "        \"Instructions\": 2,\n"
			     "        \"Iterations\": 1,\n"
			     "        \"TotalCycles\": 103,\n"
			     "        \"TotaluOps\": 101,\n"
			     "        \"uOpsPerCycle\": 0.98058252427184467\n"
			     "      }\n"
			     "    }\n"
			     "  ],\n"
			     "  \"SimulationParameters\": {\n"
			     "    \"-march\": \"x86_64\",\n"
			     "    \"-mcpu\": \"znver4\",\n"
			     "    \"-mtriple\": \"x86_64-unknown-linux-gnu\"\n"
			     "  },\n"
			     "  \"TargetInfo\": {\n"
			     "    \"CPUName\": \"znver4\",\n"
			     "    \"Resources\": [\n"
			     "      \"Zn4AGU0\",\n"
			     "      \"Zn4Store.\\u0001\"\n"
			     "    ]\n"
			     "  }\n"
			     "}\n";

static const struct model_insn insns[] = {
	{ 0, "movq", "%rax, (%rdi)" },
	{ 0, "xsave64", "0xc0(%rdi)" },
	{ 0, "retq", "" },
};
static struct model_path store, save;
static struct mca_region regions[2];

static int setup(void **state)
{
	(void)state;
	store.insn[0] = &insns[0];
	store.insn[1] = save.insn[1] = &insns[2];
	save.insn[0] = &insns[1];
	store.n = save.n = 2;
	regions[0] = (struct mca_region){ "store/exit", { &store }, 1 };
	regions[1] = (struct mca_region){ "save/exit", { &save }, 1 };
	return 0;
}

static void test_question(void **state)
{
	char *text = mca_question(regions, 2);

	(void)state;
	assert_string_equal(text, "# LLVM-MCA-BEGIN store/exit\n\tmovq\t%rax, (%rdi)\n\tretq\t\n"
				  "# LLVM-MCA-END store/exit\n"
				  "# LLVM-MCA-BEGIN save/exit\n\txsave64\t0xc0(%rdi)\n\tretq\t\n"
				  "# LLVM-MCA-END save/exit\n");
	free(text);
}

static void test_answer(void **state)
{
	struct mca_figures f[2];
	struct data_error e = { "" };

	(void)state;
	assert_int_equal(mca_answer(sample, regions, 2, f, &e), 0);
	assert_true(f[0].cycles == 8 && f[0].rthroughput == 1);
	assert_int_equal(f[0].insns, 2);
	assert_int_equal(f[0].uops, 2);
	assert_true(f[1].cycles == 103 && f[1].rthroughput == 25);
	assert_int_equal(f[1].uops, 101);
	assert_string_equal(f[0].unmodelled, "");
	assert_string_equal(f[1].unmodelled, "xsave64");
}

/* The sample with one text in place of another. */
static char *planted(const char *what, const char *with)
{
	const char *at = strstr(sample, what);
	char *text = NULL;

	assert_non_null(at);
	text = malloc(sizeof(sample) + strlen(with));
	assert_non_null(text);
	memcpy(text, sample, (size_t)(at - sample));
	strcpy(text + (at - sample), with);
	strcat(text, at + strlen(what));
	return text;
}

static void test_faults(void **state)
{
	static const struct {
		const char *what, *with, *says;
	} faults[] = {
		{ "\"TotalCycles\"", "\"Cycles\"", "no TotalCycles for store/exit" },
		{ "\"TotalCycles\": ", "\"TotalCycles\": \"a\", \"x\": ",
		  "no TotalCycles for store/exit" },
		{ "\"TotalCycles\": ", "\"TotalCycles\": -", "no TotalCycles for store/exit" },
		{ "\"BlockRThroughput\"", "\"RThroughput\"", "no BlockRThroughput for store/exit" },
		{ "\"Iterations\": 1", "\"Iterations\": 100", "in 100 iterations" },
		{ "\"Instructions\": 2", "\"Instructions\": 3", "about 3 instructions" },
		{ "\"Name\": \"save/exit\"", "\"Name\": \"save/entry\"", "'save/entry' where" },
		{ "\"InstructionInfoView\"", "\"View\"", "does not describe its 2" },
		{ "\"CodeRegions\"", "\"Regions\"", "has no CodeRegions" },
		{ "{", "", "is not JSON" },
	};
	struct mca_figures f[2];
	struct data_error e;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		text = planted(faults[i].what, faults[i].with);
		e.text[0] = '\0';
		assert_int_equal(mca_answer(text, regions, 2, f, &e), EGPR_DATA);
		if (!strstr(e.text, faults[i].says))
			fail_msg("'%s' does not say '%s'", e.text, faults[i].says);
		free(text);
	}
	assert_int_equal(mca_answer("", regions, 2, f, &e), EGPR_DATA);
	assert_non_null(strstr(e.text, "is empty"));
	assert_int_equal(mca_answer(sample, regions, 1, f, &e), EGPR_DATA);
	assert_non_null(strstr(e.text, "2 regions, it was asked about 1"));
}

static void test_complaint(void **state)
{
	char why[200];

	(void)state;
	mca_complaint("<stdin>:2:2: warning: found a return instruction\n"
		      "<stdin>:7:2: error: instruction requires: egpr\n"
		      "        movq    %r16, (%rdi)\n        ^\n",
		      why, sizeof(why));
	assert_string_equal(why,
			    "llvm-mca: error: instruction requires: egpr: movq    %r16, (%rdi)");
	mca_complaint("", why, sizeof(why));
	assert_non_null(strstr(why, "did not say why"));
	mca_complaint("error: a text that is longer than there is room for it", why, 20);
	assert_int_equal(strlen(why), 19);
}

static void test_cpus(void **state)
{
	static const char help[] = "Available CPUs for this target:\n\n"
				   "  znver3         - Select the znver3 processor.\n"
				   "  znver33        - Select the znver33 processor.\n";

	(void)state;
	assert_true(model_knows(help, "znver3"));
	assert_false(model_knows(help, "znver"));
	assert_false(model_knows(help, "nver3"));
	assert_false(model_knows(help, "znver4"));
	assert_string_equal(model_cpu_of("AuthenticAMD", "25", "17"), "znver4");
	assert_string_equal(model_cpu_of("AuthenticAMD", "25", "1"), "znver3");
	assert_string_equal(model_cpu_of("AuthenticAMD", "25", "33"), "znver3");
	assert_string_equal(model_cpu_of("GenuineIntel", "6", "143"), "sapphirerapids");
	assert_null(model_cpu_of("GenuineIntel", "25", "17"));
	assert_null(model_cpu_of("GenuineIntel", "6", "1"));
	assert_null(model_cpu_of("unknown", "unknown", "unknown"));
	assert_null(model_cpu_of(NULL, NULL, NULL));
}

/* Each range of CPUs is one of a row. */
static void test_table(void **state)
{
	const struct model_cpu *c;
	const char *name;
	char family[8], model[8];
	unsigned int f, m;

	(void)state;
	for (f = 6; f <= 26; f++) {
		for (m = 0; m < 256; m++) {
			snprintf(family, sizeof(family), "%u", f);
			snprintf(model, sizeof(model), "%u", m);
			name = model_cpu_of(f == 6 ? "GenuineIntel" : "AuthenticAMD", family,
					    model);
			for (c = model_cpus; name && c->name && strcmp(c->name, name); c++)
				;
			assert_true(!name || c->name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question), cmocka_unit_test(test_answer),
		cmocka_unit_test(test_faults),	 cmocka_unit_test(test_complaint),
		cmocka_unit_test(test_cpus),	 cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
