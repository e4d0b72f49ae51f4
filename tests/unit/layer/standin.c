// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stand-in for component 19: chosen on CPUs that are made up, its spelling, and that neither
 * preparing it nor any strategy's proxy changes a register beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <egpr/axis.h>
#include <egpr/standin.h>
#include <egpr/status.h>
#include <egpr/strategy.h>

#include <bench/layer/standin.h>
#include <bench/plan/axis.h>
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

/*
 * struct registers - what a caller may keep over a half, as FXSAVE has it, and YMM's upper halves
 */
struct registers {
	uint8_t fx[512] __attribute__((aligned(64)));
	uint8_t ymm[16][32];
};

/* FCW, FSW and FTW; then FOP, FIP and FDP, which other x87 code of the test itself changes. */
#define FX_WORDS 5
#define FX_MXCSR 24
#define FX_ST	 32
#define FX_END	 416

/* Masked as by default, but flushing denormals; all exceptions flagged but none raised. */
static const uint32_t odd_mxcsr = 0x9fffu;
static const uint16_t odd_fcw = 0x0f7f;

extern uint64_t egpr_prim_batch(struct egpr_switch *sw, egpr_switch_fn exit, egpr_switch_fn entry,
				uint64_t n);

#define EACH_XMM(X) \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define KEEP_YMM(n) __asm__ volatile("vmovdqu %%ymm" #n ", %0" : "=m"(r->ymm[n]));
#define LOAD_YMM(n) __asm__ volatile("vmovdqu %0, %%ymm" #n : : "m"(r->ymm[n]));

/* Written with general registers only, so that nothing but the code under test touches the rest. */
__attribute__((target("general-regs-only"), noinline)) static void load(const struct registers *r,
									bool avx)
{
	__asm__ volatile("fxrstor64 %0" : : "m"(r->fx));
	if (avx) {
		EACH_XMM(LOAD_YMM)
	}
}

__attribute__((target("general-regs-only"), noinline)) static void keep(struct registers *r,
									bool avx)
{
	__asm__ volatile("fxsave64 %0" : "=m"(r->fx));
	if (avx) {
		EACH_XMM(KEEP_YMM)
	}
}

/* Loads, runs the loop of layer prim (or, without halves, standin_force()), keeps. */
__attribute__((target("general-regs-only"), noinline)) static void
around(const struct registers *odd, struct registers *after, bool avx, struct egpr_switch *sw,
       const struct egpr_sequence *seq)
{
	load(odd, avx);
	if (seq)
		egpr_prim_batch(sw, seq->exit, seq->entry, 3);
	else
		standin_force(sw);
	keep(after, avx);
}

static struct registers odd, own, after;

static void make_odd(bool avx)
{
	size_t i;

	keep(&own, avx);
	odd = own;
	memcpy(odd.fx, &odd_fcw, sizeof(odd_fcw));
	memcpy(odd.fx + FX_MXCSR, &odd_mxcsr, sizeof(odd_mxcsr));
	odd.fx[3] = 0x38; /* FSW: top of the stack 7, so that one register is in use */
	odd.fx[4] = 0x80; /* FTW, abridged */
	for (i = 0; i < 16; i++) {
		memset(odd.fx + FX_ST + 8 * 16 + 16 * i, 0x40 + (int)i, 16);
		memset(odd.ymm[i], 0x40 + (int)i, 16);
		memset(odd.ymm[i] + 16, 0x80 + (int)i, 16);
	}
}

static void compare(const char *what, const char *id, const char *state, bool ymm)
{
	if (memcmp(odd.fx, after.fx, FX_WORDS))
		fail_msg("%s, %s, %s: x87 words", what, id, state);
	if (memcmp(odd.fx + FX_MXCSR, after.fx + FX_MXCSR, sizeof(odd_mxcsr)))
		fail_msg("%s, %s, %s: MXCSR is %02x%02x", what, id, state, after.fx[FX_MXCSR + 1],
			 after.fx[FX_MXCSR]);
	if (memcmp(odd.fx + FX_ST, after.fx + FX_ST, FX_END - FX_ST))
		fail_msg("%s, %s, %s: ST or XMM", what, id, state);
	if (ymm && memcmp(odd.ymm, after.ymm, sizeof(odd.ymm)))
		fail_msg("%s, %s, %s: YMM", what, id, state);
}

static bool runs(const struct egpr_strategy *s, const struct standin *here,
		 enum egpr_guest_state state)
{
	const unsigned int xsave = EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVEOPT | EGPR_NEEDS_XSAVEC |
				   EGPR_NEEDS_XSAVES;

	if ((s->needs & EGPR_NEEDS_CPL0) || (s->needs & xsave & ~here->has))
		return false;
	if ((s->needs & EGPR_NEEDS_XSETBV) && state == EGPR_STATE_OFF)
		return false;
	return s->family != EGPR_FAMILY_XSAVE || here->chosen.rfbm;
}

/* Every strategy, and what prepares it; once with AVX and once with each stand-in beside it. */
static void check_registers(uint32_t allowed)
{
	struct egpr_switch *sw = aligned_alloc(64, sizeof(*sw));
	const struct egpr_strategy *s;
	enum egpr_guest_state state;
	struct standin here;
	bool avx, same;

	assert_non_null(sw);
	standin_probe(&here, allowed);
	avx = here.cpu.xcr0 & AVX;
	same = avx && !(here.chosen.rfbm & AVX);
	make_odd(avx);
	egpr_for_each_strategy(s) {
		for (state = 0; state < EGPR_NR_STATES; state++) {
			const char *id = egpr_guest_states[state].id;
			struct egpr_sequence seq =
				egpr_sequence_bind(s, EGPR_FORM_PROXY, state != EGPR_STATE_OFF);

			if (!runs(s, &here, state))
				continue;
			standin_context(sw, &here, EGPR_FORM_PROXY, state);
			around(&odd, &after, avx, sw, NULL);
			load(&own, avx);
			compare("standin_force", s->id, id, same);
			around(&odd, &after, avx, sw, &seq);
			load(&own, avx);
			compare("the loop", s->id, id,
				avx && (same || s->family != EGPR_FAMILY_XSAVE));
		}
	}
	free(sw);
}

static void test_registers(void **state)
{
	(void)state;
	check_registers(ALL);
	check_registers(ALL & ~(uint32_t)AVX);
	check_registers(0);
}

/* The fault that this file is about must be seen: an area whose MXCSR is zero. */
static void test_mutant_is_seen(void **state)
{
	struct egpr_switch *sw;
	struct standin here;

	(void)state;
	standin_probe(&here, (uint32_t)AVX);
	if (!here.chosen.rfbm)
		skip();
	sw = aligned_alloc(64, sizeof(*sw));
	assert_non_null(sw);
	make_odd(true);
	standin_context(sw, &here, EGPR_FORM_PROXY, EGPR_STATE_INIT);
	egpr_stand_in_mxcsr(sw, 0);
	load(&odd, true);
	egpr_strategies[EGPR_STRATEGY_xsave].form[EGPR_FORM_PROXY].entry(sw);
	keep(&after, true);
	load(&own, true);
	free(sw);
	assert_memory_not_equal(odd.fx + FX_MXCSR, after.fx + FX_MXCSR, sizeof(odd_mxcsr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_up),	       cmocka_unit_test(test_names),
		cmocka_unit_test(test_lists),	       cmocka_unit_test(test_registers),
		cmocka_unit_test(test_mutant_is_seen),
	};

	return cmocka_run_group_tests_name("standin", tests, NULL, NULL);
}
