// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stand-in for component 19, chosen on CPUs that are made up, and its spelling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <egpr/standin.h>
#include <egpr/status.h>

#include <bench/layer/standin.h>
#include <bench/plan/stand_in.h>

#define BIT(n)	(1ULL << (n))
#define X87_SSE (BIT(0) | BIT(1))
#define AVX	BIT(2)
#define AVX512	(BIT(5) | BIT(6) | BIT(7))
#define PKRU	BIT(9)
#define AMX	(BIT(17) | BIT(18))
#define APX	BIT(19)
#define ALL	EGPR_STAND_INS_ALL
#define ALIGNED EGPR_XSAVE_ALIGNED

/* AVX, opmask, ZMM_Hi256, Hi16_ZMM, PKRU, TILECFG and TILEDATA where Intel has them. */
#define INTEL_LAYOUT                                                                 \
	[2] = { 256, 576, 0 }, [5] = { 64, 1088, 0 }, [6] = { 512, 1152, 0 },        \
	[7] = { 1024, 1664, 0 }, [9] = { 8, 2688, 0 }, [17] = { 64, 2752, ALIGNED }, \
	[18] = { 8192, 2816, ALIGNED | EGPR_XSAVE_XFD }

struct made_up {
	const char *name;
	struct egpr_xsave_cpu cpu;
	uint32_t allowed;
	uint64_t rfbm;
	uint32_t bytes;
	uint32_t area;
};

static const struct made_up cpus[] = {
	{
		.name = "Intel, AVX-512 and AMX: two of 64 bytes",
		.cpu = { X87_SSE | AVX | AVX512 | PKRU | AMX, { INTEL_LAYOUT } },
		.allowed = ALL,
		.rfbm = BIT(5) | BIT(17),
		.bytes = 128,
		.area = 2752 + 64,
	},
	{
		.name = "Intel, AMX in CPUID but off in XCR0",
		.cpu = { X87_SSE | AVX | AVX512 | PKRU, { INTEL_LAYOUT } },
		.allowed = ALL,
		.rfbm = BIT(5),
		.bytes = 64,
		.area = 1088 + 64,
	},
	{
		.name = "AMX without AVX-512: TILEDATA never, XFD may arm it",
		.cpu = { X87_SSE | AMX, { INTEL_LAYOUT } },
		.allowed = ALL | 1u << 18,
		.rfbm = BIT(17),
		.bytes = 64,
		.area = 2752 + 64,
	},
	{
		.name = "a mask takes opmask away, so AVX",
		.cpu = { X87_SSE | AVX | AVX512 | PKRU, { INTEL_LAYOUT } },
		.allowed = ALL & ~(1u << 5),
		.rfbm = AVX,
		.bytes = 256,
		.area = 576 + 256,
	},
	{
		.name = "a mask leaves the two large ones",
		.cpu = { X87_SSE | AVX | AVX512, { INTEL_LAYOUT } },
		.allowed = 1u << 6 | 1u << 7,
		.rfbm = BIT(6),
		.bytes = 512,
		.area = 1152 + 512,
	},
	{
		.name = "a mask that names nothing",
		.cpu = { X87_SSE | AVX | AVX512, { INTEL_LAYOUT } },
		.allowed = 0,
	},
	{
		.name = "AMD Zen 4: opmask at 832, the rest from 896 on",
		.cpu = { X87_SSE | AVX | AVX512 | PKRU,
			 { [2] = { 256, 576, 0 },
			   [5] = { 64, 832, 0 },
			   [6] = { 512, 896, 0 },
			   [7] = { 1024, 1408, 0 },
			   [9] = { 8, 2432, 0 } } },
		.allowed = ALL,
		.rfbm = BIT(5),
		.bytes = 64,
		.area = 832 + 64,
	},
	{
		.name = "AVX and PKRU: never PKRU",
		.cpu = { X87_SSE | AVX | PKRU, { [2] = { 256, 576, 0 }, [9] = { 8, 832, 0 } } },
		.allowed = ALL | 1u << 9,
		.rfbm = AVX,
		.bytes = 256,
		.area = 576 + 256,
	},
	{
		.name = "x87 and SSE: never those",
		.cpu = { X87_SSE, { [0] = { 128, 32, 0 }, [1] = { 128, 160, 0 } } },
		.allowed = ALL | 3,
	},
	{
		.name = "PKRU alone",
		.cpu = { X87_SSE | PKRU, { [9] = { 8, 832, 0 } } },
		.allowed = ALL,
	},
	{ .name = "no XSAVE", .cpu = { 0, { INTEL_LAYOUT } }, .allowed = ALL },
	{
		.name = "on in XCR0, but not in CPUID",
		.cpu = { X87_SSE | AVX, { { 0, 0, 0 } } },
		.allowed = ALL,
	},
	{
		.name = "managed by IA32_XSS",
		.cpu = { X87_SSE | AVX, { [2] = { 256, 576, EGPR_XSAVE_SUPERVISOR } } },
		.allowed = ALL,
	},
	{
		.name = "APX at 960 with PKRU and AMX above it",
		.cpu = { X87_SSE | AVX | AVX512 | PKRU | AMX | APX,
			 { INTEL_LAYOUT, [19] = { 128, 960, 0 } } },
		.allowed = ALL,
		.rfbm = APX,
		.bytes = 128,
		.area = 960 + 128,
	},
	{
		.name = "the last number is not the last offset: the area ends with the first",
		.cpu = { X87_SSE | BIT(5) | BIT(17),
			 { [5] = { 64, 4096, 0 }, [17] = { 64, 960, 0 } } },
		.allowed = ALL,
		.rfbm = BIT(5) | BIT(17),
		.bytes = 128,
		.area = 4096 + 64,
	},
	{
		.name = "aligned in the compacted format: that one is larger",
		.cpu = { X87_SSE | BIT(5) | BIT(17),
			 { [5] = { 62, 576, 0 }, [17] = { 66, 638, ALIGNED } } },
		.allowed = ALL,
		.rfbm = BIT(5) | BIT(17),
		.bytes = 128,
		.area = 640 + 66,
	},
	{
		.name = "ends beyond the area of a context",
		.cpu = { X87_SSE | AVX, { [2] = { 256, EGPR_XSAVE_AREA_BYTES - 255, 0 } } },
		.allowed = ALL,
	},
	{
		.name = "ends where the area does",
		.cpu = { X87_SSE | AVX, { [2] = { 256, EGPR_XSAVE_AREA_BYTES - 256, 0 } } },
		.allowed = ALL,
		.rfbm = AVX,
		.bytes = 256,
		.area = EGPR_XSAVE_AREA_BYTES,
	},
	{
		.name = "a sum that overflows is no end",
		.cpu = { X87_SSE | AVX, { [2] = { 256, ~0u - 100, 0 } } },
		.allowed = ALL,
	},
	{
		.name = "of two at one distance the smaller set",
		.cpu = { X87_SSE | BIT(5) | BIT(6) | BIT(17),
			 { [5] = { 64, 576, 0 }, [6] = { 128, 640, 0 }, [17] = { 64, 768, 0 } } },
		.allowed = ALL,
		.rfbm = BIT(6),
		.bytes = 128,
		.area = 640 + 128,
	},
};

static void test_made_up(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cpus) / sizeof(*cpus); i++) {
		const struct made_up *m = &cpus[i];
		struct egpr_stand_in s = egpr_stand_in_choose(&m->cpu, m->allowed);

		if (s.rfbm != m->rfbm || s.bytes != m->bytes || s.area != m->area)
			fail_msg("%s: rfbm %#llx, %u bytes, area %u", m->name,
				 (unsigned long long)s.rfbm, s.bytes, s.area);
	}
}

static void test_names(void **state)
{
	struct standin s = { .cpu = cpus[0].cpu, .allowed = ALL };

	(void)state;
	standin_choose(&s);
	assert_string_equal(s.text, "opmask+TILECFG (128 bytes)");
	assert_int_equal(standin_barred(&s), 0);
	s.allowed = 0;
	standin_choose(&s);
	assert_string_equal(s.text, "");
	assert_int_equal(standin_barred(&s), ALL);
}

static void test_lists(void **state)
{
	char text[STAND_IN_TEXT];
	struct data_error e;
	uint32_t mask, back;

	(void)state;
	assert_int_equal(stand_in_parse("avx,OPMASK", "x", &mask, &e), 0);
	assert_int_equal(mask, 1u << 2 | 1u << 5);
	stand_in_text(mask, text, sizeof(text));
	assert_string_equal(text, "AVX,opmask");
	for (mask = 0;; mask = (mask - ALL) & ALL) {
		stand_in_text(mask, text, sizeof(text));
		assert_int_equal(stand_in_parse(text, "x", &back, &e), 0);
		assert_int_equal(back, mask);
		if (mask == ALL)
			break;
	}
	assert_string_equal(text, "all");
	assert_int_equal(stand_in_parse("avx,pkru", "--stand-in", &mask, &e), EGPR_USAGE);
	assert_non_null(strstr(e.text, "--stand-in: 'pkru'"));
	assert_non_null(strstr(e.text, "TILECFG"));
	assert_int_equal(stand_in_parse("", "x", &mask, &e), EGPR_USAGE);
	assert_int_equal(stand_in_parse("avx,", "x", &mask, &e), EGPR_USAGE);

	assert_int_equal(setenv(STAND_IN_ENV, "none", 1), 0);
	assert_int_equal(stand_in_from_env(&mask, &e), 0);
	assert_int_equal(mask, 0);
	assert_int_equal(setenv(STAND_IN_ENV, "", 1), 0);
	assert_int_equal(stand_in_from_env(&mask, &e), 0);
	assert_int_equal(mask, ALL);
	assert_int_equal(setenv(STAND_IN_ENV, "x87", 1), 0);
	assert_int_equal(stand_in_from_env(&mask, &e), EGPR_USAGE);
	assert_non_null(strstr(e.text, STAND_IN_ENV));
	unsetenv(STAND_IN_ENV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_up),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests_name("standin", tests, NULL, NULL);
}
