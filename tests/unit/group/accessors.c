// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accessors of guest registers: all of them reach the same registers, what is no GPR is refused with a
 * warning, and the refused design reads r16 where RIP was meant, silently. What does not compile is
 * tests/e2e/accessors.sh's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bench/group/group.h>
#include <bench/group/handler.h>
#include <emu/emu.h>
#include <emu/user/user.h>

#define SEED 0x1234

static struct handler_work work;

static void *new_vcpu(const struct handler_calls *h)
{
	void *v = calloc(1, h->vcpu_bytes);

	assert_non_null(v);
	h->init(v, SEED, EGPR_FORM_PROXY);
	return v;
}

static uint64_t emulated(struct emu_ctx *ctx, const uint8_t *bytes)
{
	struct emu_insn insn;
	uint64_t ea;

	assert_int_equal(emu_decode(bytes, INSN_BYTES, &insn), EMU_OK);
	ea = emu_ea(ctx, &insn);
	emu_set(ctx, insn.reg, ea);
	return ea;
}

/* The emulator's core decodes the same instructions by itself: same results, same registers. */
static void same_as_emulator(const struct handler_calls *h, void *v)
{
	struct egpr_page page;
	struct emu_ctx ctx = { .page = &page };
	unsigned int i, nr;

	emu_page_init(&page);
	for (nr = 0; nr < ACCESSOR_GPRS; nr++)
		emu_set(&ctx, nr, h->read(v, nr));
	for (i = 0; i < HANDLER_ITEMS; i++)
		assert_int_equal(h->emulate(v, work.insn[i]), emulated(&ctx, work.insn[i]));
	for (nr = 0; nr < ACCESSOR_GPRS; nr++)
		assert_int_equal(h->read(v, nr), emu_get(&ctx, nr));
}

static void test_modrm_sib(void **state)
{
	unsigned int d;

	(void)state;
	for (d = 0; d < NR_ACCESSORS; d++) {
		void *v;

		if (d == ACCESSOR_live)
			continue; /* test_live_in_hardware() */
		v = new_vcpu(&handlers[d]);
		same_as_emulator(&handlers[d], v);
		free(v);
	}
}

/* Form hw is played by the emulator where the CPU lacks APX. */
static void test_live_in_hardware(void **state)
{
	const struct handler_calls *h = &handlers[ACCESSOR_live];
	static struct egpr_page page __attribute__((aligned(4096)));
	struct vcpu_live v;

	(void)state;
	emu_page_init(&page);
	page.xcr0 |= EGPR_XFEATURE_LO;
	if (!egpr_user_native_apx()) {
		assert_int_equal(egpr_user_start(0), 0);
		assert_int_equal(egpr_user_attach(&page), 0);
	}
	h->init(&v, SEED, EGPR_FORM_HW);
	same_as_emulator(h, &v);
	assert_int_equal(live_thread.depth, 0);
	if (!egpr_user_native_apx())
		egpr_user_stop();
}

static void test_exits_84_85(void **state)
{
	unsigned int d, i, nr;

	(void)state;
	for (d = 0; d < NR_ACCESSORS; d++) {
		const struct handler_calls *h = &handlers[d];
		uint64_t want[ACCESSOR_GPRS], msr = 7, want_msr = 7;
		void *v;

		if (d == ACCESSOR_live)
			continue;
		v = new_vcpu(h);
		for (nr = 0; nr < ACCESSOR_GPRS; nr++)
			want[nr] = h->read(v, nr);
		for (i = 0; i < HANDLER_ITEMS; i++) {
			nr = work.info[i] >> INFO_REG1_SHIFT & INFO_REG_MASK;
			if (work.reason[i] == EXIT_WRMSRNS_IMM)
				want_msr = want[nr];
			else
				want[nr] = want_msr;
			h->msr_imm(v, work.reason[i], work.info[i], &msr);
			assert_int_equal(msr, want_msr);
		}
		for (nr = 0; nr < ACCESSOR_GPRS; nr++)
			assert_int_equal(h->read(v, nr), want[nr]);
		free(v);
	}
}

/* The work names every register as reg1, base and index, or a design that loses one passes. */
static void test_work_names_all(void **state)
{
	uint32_t seen = 0;
	unsigned int i;

	(void)state;
	for (i = 0; i < HANDLER_ITEMS; i++)
		seen |= 1u << (work.info[i] >> INFO_REG1_SHIFT & INFO_REG_MASK);
	assert_int_equal(seen, UINT32_MAX);
}

static void test_rip_apart(void **state)
{
	struct vcpu_regs32 *a = new_vcpu(&handlers[ACCESSOR_regs32]);
	struct vcpu_renumbered *b = new_vcpu(&handlers[ACCESSOR_renumbered]);

	(void)state;
	assert_int_equal(regs32_rip(a, GUEST_RIP), ~(uint64_t)SEED);
	assert_int_equal(renumbered_rip(b, GUEST_RIP), ~(uint64_t)SEED);
	/* The price of two numberings: who takes the caller's number for the cache's gets RIP. */
	assert_int_equal(b->regs[EGPR_FIRST], ~(uint64_t)SEED);
	assert_int_equal(renumbered_read(b, GPR(EGPR_FIRST)), regs32_read(a, GPR(EGPR_FIRST)));
	free(a);
	free(b);
}

static void test_refuse_and_warn(void **state)
{
	struct vcpu_regs32 *a = new_vcpu(&handlers[ACCESSOR_regs32]), before = *a;
	struct vcpu_renumbered *b = new_vcpu(&handlers[ACCESSOR_renumbered]);
	struct vcpu_live live = { .rip = 1 };

	(void)state;
	accessor_warnings = 0;
	assert_int_equal(regs32_read(a, GPR(ACCESSOR_GPRS)), 0);
	regs32_write(a, GPR(ACCESSOR_GPRS), 1);
	assert_memory_equal(a, &before, sizeof(before));
	assert_int_equal(accessor_warnings, 2);
	assert_int_equal(renumbered_read(b, GPR(RENUMBERED_RIP)), 0);
	renumbered_write(b, GPR(RENUMBERED_RIP), 1);
	assert_int_equal(renumbered_rip(b, GUEST_RIP), ~(uint64_t)SEED);
	assert_int_equal(accessor_warnings, 4);
	assert_int_equal(live_read(&live, GPR(ACCESSOR_GPRS)), 0);
	live_write(&live, GPR(ACCESSOR_GPRS), 1);
	assert_int_equal(accessor_warnings, 6);
	free(a);
	free(b);
}

/* The negative control: RIP's number compiles, runs without a warning, and gives r16. */
static void test_refused_reads_r16(void **state)
{
	struct vcpu_rip16 *v = new_vcpu(&handlers[ACCESSOR_rip16]);
	uint64_t rip = v->regs[RIP16_INDEX];

	(void)state;
	accessor_warnings = 0;
	assert_int_equal(rip, ~(uint64_t)SEED);
	assert_int_equal(rip16_read(v, RIP16_INDEX), v->egprs[0]);
	assert_int_not_equal(rip16_read(v, RIP16_INDEX), rip);
	rip16_write(v, RIP16_INDEX, 0x1000);
	assert_int_equal(v->egprs[0], 0x1000);
	assert_int_equal(v->regs[RIP16_INDEX], rip);
	assert_int_equal(accessor_warnings, 0);
	free(v);
}

static void test_code_has_a_size(void **state)
{
	unsigned int d;

	(void)state;
	for (d = 0; d < NR_ACCESSORS; d++)
		assert_in_range(handlers[d].end - handlers[d].code, 32, 4096);
	/* Sixteen cases in each direction are more than an index. */
	assert_true(handlers[ACCESSOR_live].end - handlers[ACCESSOR_live].code >
		    handlers[ACCESSOR_regs32].end - handlers[ACCESSOR_regs32].code);
}

static int fill_work(void **state)
{
	(void)state;
	handler_fill(&work, SEED);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modrm_sib),	  cmocka_unit_test(test_live_in_hardware),
		cmocka_unit_test(test_exits_84_85),	  cmocka_unit_test(test_work_names_all),
		cmocka_unit_test(test_rip_apart),	  cmocka_unit_test(test_refuse_and_warn),
		cmocka_unit_test(test_refused_reads_r16), cmocka_unit_test(test_code_has_a_size),
	};

	return cmocka_run_group_tests(tests, fill_work, NULL);
}
