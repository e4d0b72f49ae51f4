// SPDX-License-Identifier: GPL-2.0-only
/*
 * APX in a guest, by emulation: the guest's own checks pass over every exit kind, and
 * fail when a register is touched behind its back.
 *
 * The strategies here are written in C on the shared page; what the lab's own
 * sequences do is proved by the runs of provenance emu.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kvm.h>
#include <cmocka.h>

#include <egpr/guest.h>

#include "../../asm/payload/egpr/mix.h"
#include "../../emu/emu.h"
#include "../../vmm-mini/internal.h"

#define EXITS		6
#define ENDURANCE_EXITS 500
#define ENDURANCE_PRIME 0x10001
#define ENDURANCE_FOLD	5
#define MIX_SEED	0x9e3779b97f4a7c15ULL
#define POISON		0xdeadbeefULL
#define XCR0_APX	(1ull << EGPR_XFEATURE)
#define GP_VECTOR	13
#define GP_MEMORY	(2u << 20)
#define GP_CODE_AT	(EGPR_GUEST_LOAD + 0x1000)
#define GP_STACK	0x7000

static struct vmm_host host;
static const char *payloads;
static bool have_kvm, have_apx_payloads;

/* What the hooks below work on: they get only the egpr_switch. */
static struct egpr_page *page;
static struct egpr_switch sw;
static unsigned int victim, victim_at, hook_calls;

static void nothing(struct egpr_switch *s)
{
	(void)s;
}

/* Changes one register while the guest is out: what a strategy that loses it would do. */
static void corrupt(struct egpr_switch *s)
{
	(void)s;
	if (hook_calls++ == victim_at)
		page->r[victim - EGPR_FIRST] ^= 1;
}

/* A sound strategy with home regs[]: saves and clears, loads. */
static void save(struct egpr_switch *s)
{
	if (!(s->flags & EGPR_SWITCH_GUEST_APX))
		return;
	memcpy(s->regs, page->r, sizeof(s->regs));
	memset(page->r, 0, sizeof(page->r));
}

static void restore(struct egpr_switch *s)
{
	if (s->flags & EGPR_SWITCH_GUEST_APX)
		memcpy(page->r, s->regs, sizeof(s->regs));
}

/* Forgets the last register: what KVM then reads in regs[] is what was there before. */
static void save_but_last(struct egpr_switch *s)
{
	uint64_t last = s->regs[EGPR_COUNT - 1];

	save(s);
	s->regs[EGPR_COUNT - 1] = last;
}

static const struct egpr_sequence sound = { save, restore };
static const struct egpr_sequence mutant = { corrupt, nothing };

static struct vmm *start(const char *id, struct vmm_options *o)
{
	char path[256];
	struct vmm_error e;
	struct vmm *vm;

	o->emulate = true;
	snprintf(path, sizeof(path), "%s/%s.elf", payloads, id);
	if (vmm_open(&vm, o, &e) || vmm_load(vm, path, &e) || vmm_start(vm, &e))
		fail_msg("%s: %s", id, e.reason);
	page = vmm_page(vm);
	memset(&sw, 0, sizeof(sw));
	if (page->xcr0 & XCR0_APX)
		sw.flags = EGPR_SWITCH_GUEST_APX;
	hook_calls = 0;
	return vm;
}

static void succeeds(struct vmm *vm, struct vmm_batch *b)
{
	struct vmm_error e;

	if (vmm_batch(vm, b, &e))
		fail_msg("%s: %s", e.thing, e.reason);
	assert_true(b->emulated > 0);
}

static void need_kvm(void)
{
	if (!have_kvm)
		skip();
}

static void need_payloads(void)
{
	need_kvm();
	if (!have_apx_payloads)
		skip();
}

static void patterns_over(const struct egpr_exit_kind *k, unsigned int cpl,
			  enum egpr_guest_state state)
{
	struct vmm_options o = { .cpl = cpl, .state = state, .emulate = true };
	struct vmm_batch b = {
		.exits = EXITS, .hooks = &sound, .sw = &sw, .home = EGPR_HOME_REGS, .rotate = true
	};
	struct vmm_error e;
	struct vmm *vm;

	if (vmm_open_kind(&vm, &host, k, &o, payloads, &e)) {
		assert_int_equal(e.status, EGPR_SKIPPED);
		print_message("# %s at CPL %u: skipped: %s\n", k->id, cpl, e.reason);
		return;
	}
	page = vmm_page(vm);
	memset(&sw, 0, sizeof(sw));
	sw.flags = EGPR_SWITCH_GUEST_APX;
	memcpy(sw.regs, page->r, sizeof(sw.regs));
	succeeds(vm, &b);
	assert_int_equal(b.done, EXITS);
	if (!strncmp(k->id, "wrmsrns-imm", strlen("wrmsrns-imm")))
		assert_true(b.msr_value == b.result);
	vmm_close(vm);
}

static void test_patterns(void **state)
{
	const struct egpr_exit_kind *k;
	unsigned int cpl;

	(void)state;
	need_kvm();
	egpr_for_each_exit_kind(k) {
		for (cpl = 0; cpl <= 3; cpl += 3) {
			if (!(k->cpl & (1u << cpl)))
				continue;
			/* A kind that hangs costs a watchdog: once is enough. */
			patterns_over(k, cpl, EGPR_STATE_DIRTY);
			if (k->path != EGPR_PATH_KERNEL)
				patterns_over(k, cpl, EGPR_STATE_INIT);
		}
	}
}

/* Every register, at the first, a middle and the last exit. */
static void test_mutants_die(void **state)
{
	static const unsigned int at[] = { 0, EXITS / 2, EXITS - 1 };
	struct vmm_options o = { .state = EGPR_STATE_DIRTY };
	struct vmm_batch b = { .exits = EXITS, .hooks = &mutant, .sw = &sw };
	struct vmm_error e;
	char name[8];
	unsigned int i;

	(void)state;
	need_kvm();
	for (victim = EGPR_FIRST; victim < EGPR_FIRST + EGPR_COUNT; victim++) {
		for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
			/* After the first entry the guest fills; an exit before that is not seen. */
			struct vmm *vm = start("pio-out", &o);

			victim_at = at[i];
			assert_int_equal(vmm_batch(vm, &b, &e), EGPR_DATA);
			snprintf(name, sizeof(name), "r%u ", victim);
			if (!strstr(e.reason, name))
				fail_msg("\"%s\" does not name %s", e.reason, name);
			vmm_close(vm);
		}
	}
}

static void test_init_mutant_dies(void **state)
{
	struct vmm_options o = { .state = EGPR_STATE_INIT };
	struct vmm_batch b = { .exits = EXITS, .hooks = &mutant, .sw = &sw };
	struct vmm_error e;
	struct vmm *vm;

	(void)state;
	need_kvm();
	victim = 31;
	victim_at = 1;
	vm = start("cpuid", &o);
	succeeds(vm, &b); /* one exit, the doorbell, after the check */
	vmm_close(vm);
	vm = start("hlt", &o);
	assert_int_equal(vmm_batch(vm, &b, &e), EGPR_DATA);
	assert_non_null(strstr(e.reason, "r31 "));
	vmm_close(vm);
}

/* A guest that never set XCR0.APX, and is lent it: it fills, and notices what is touched. */
static void test_lent(void **state)
{
	struct vmm_options o = { .state = EGPR_STATE_OFF };
	struct vmm_batch b = { .exits = EXITS, .hooks = &sound, .sw = &sw };
	struct vmm_error e;
	struct vmm *vm;

	(void)state;
	need_kvm();
	vm = start("pio-out", &o);
	assert_false(page->xcr0 & XCR0_APX);
	assert_int_equal(vmm_batch(vm, &b, &e), 0);
	assert_int_equal(b.emulated, 0);
	vmm_lend_apx(vm, EGPR_STATE_DIRTY);
	sw.flags = EGPR_SWITCH_GUEST_APX;
	succeeds(vm, &b);
	b.hooks = &mutant;
	victim = EGPR_FIRST;
	victim_at = 1;
	hook_calls = 0;
	assert_int_equal(vmm_batch(vm, &b, &e), EGPR_DATA);
	vmm_close(vm);
}

/* An EGPR-sourced WRMSR takes its operand from where the strategy put it. */
static void test_home(void **state)
{
	const struct egpr_sequence forgets = { save_but_last, restore };
	struct vmm_options o = { .state = EGPR_STATE_DIRTY, .irqchip = true };
	struct vmm_batch b = { .exits = EXITS, .hooks = &sound, .sw = &sw, .home = EGPR_HOME_REGS };
	struct vmm_error e;
	struct vmm *vm;

	(void)state;
	need_kvm();
	if (!(host.guest_needs & EGPR_EXIT_IRQCHIP) || !(host.guest_needs & EGPR_EXIT_X2APIC))
		skip();
	vm = start("wrmsrns-imm-x2apic-icr", &o);
	succeeds(vm, &b);
	assert_true(b.msr_value == b.result);
	sw.regs[EGPR_COUNT - 1] = POISON;
	b.hooks = &forgets;
	(void)vmm_batch(vm, &b, &e);
	assert_true(b.msr_value != b.result);
	vmm_close(vm);
}

static unsigned int xcr0_calls;

static void on_xcr0(struct vmm_batch *b, uint64_t xcr0)
{
	assert_true(xcr0 == page->xcr0);
	assert_int_equal(!!(b->sw->flags & EGPR_SWITCH_GUEST_APX), !!(xcr0 & XCR0_APX));
	xcr0_calls++;
}

/* On, off, on, and with few and all components: the guest checks what it sees, we what a strategy is told. */
static void test_xcr0(void **state)
{
	struct vmm_options o = { .state = EGPR_STATE_OFF };
	struct vmm_batch b = { .exits = 1, .hooks = &sound, .sw = &sw, .on_xcr0 = on_xcr0 };
	struct vmm *vm;

	(void)state;
	need_payloads();
	vm = start("egpr-xcr0", &o);
	xcr0_calls = 0;
	succeeds(vm, &b);
	assert_int_equal(xcr0_calls, 5);
	assert_true(page->xcr0 & XCR0_APX);
	assert_true(page->ud >= 2);
	vmm_close(vm);
}

/* A strategy that puts nothing back after re-enable is noticed by the same payload. */
static void restore_nothing(struct egpr_switch *s)
{
	if (s->flags & EGPR_SWITCH_GUEST_APX)
		memset(page->r, 0, sizeof(page->r));
}

static void test_xcr0_mutant_dies(void **state)
{
	const struct egpr_sequence wrong = { save, restore_nothing };
	struct vmm_options o = { .state = EGPR_STATE_OFF };
	struct vmm_batch b = { .exits = 1, .hooks = &wrong, .sw = &sw };
	struct vmm_error e;
	struct vmm *vm;

	(void)state;
	need_payloads();
	vm = start("egpr-xcr0", &o);
	assert_int_equal(vmm_batch(vm, &b, &e), EGPR_DATA);
	assert_non_null(strstr(e.reason, "r16 "));
	vmm_close(vm);
}

/*
 * XSETBV that met #GP instead of #UD, as on the SVM of QEMU 11, which takes the exit first: emulated too, the error
 * code gone from the stack. A #GP of anything else goes to the stub that reports it, its frame as it was.
 */
static void test_gp(void **state)
{
	static const unsigned char xsetbv[] = { 0x0f, 0x01, 0xd1 }, wrmsr[] = { 0x0f, 0x30 };
	const uint64_t frame[] = { GP_CODE_AT, EGPR_GUEST_CS0, 2, GP_STACK, EGPR_GUEST_SS0 };
	const uint64_t at = GP_STACK - sizeof(frame) - sizeof(uint64_t);
	struct vmm_batch b = { .exits = 1, .sw = &sw, .on_xcr0 = on_xcr0 };
	struct vmm vm = { .vcpu = -1, .o.memory = GP_MEMORY, .xcr0_supported = 7, .batch = &b };
	struct kvm_regs *regs;

	(void)state;
	vm.memory = calloc(1, GP_MEMORY);
	vm.run = calloc(1, sizeof(*vm.run));
	vm.page = page = aligned_alloc(EGPR_PAGE_SIZE, EGPR_PAGE_SIZE);
	assert_true(vm.memory && vm.run && vm.page);
	emu_page_init(page);
	memset(&sw, 0, sizeof(sw));
	memcpy((char *)vm.memory + at + sizeof(uint64_t), frame, sizeof(frame));
	vm.run->exit_reason = KVM_EXIT_IO;
	vm.run->io.port = EGPR_PORT_REFUSED;
	regs = &vm.run->s.regs.regs;

	memcpy((char *)vm.memory + GP_CODE_AT, xsetbv, sizeof(xsetbv));
	regs->rsp = at;
	regs->rax = 7 | XCR0_APX;
	xcr0_calls = 0;
	assert_true(vmm_emulate_wanted(&vm));
	assert_int_equal(vmm_emulate(&vm), 0);
	assert_int_equal(xcr0_calls, 1);
	assert_true(page->xcr0 == regs->rax);
	assert_true(regs->rip == GP_CODE_AT + sizeof(xsetbv) && regs->rsp == GP_STACK);
	assert_true(vm.run->kvm_dirty_regs);

	memcpy((char *)vm.memory + GP_CODE_AT, wrmsr, sizeof(wrmsr));
	regs->rsp = at;
	vm.run->kvm_dirty_regs = 0;
	assert_int_equal(vmm_emulate(&vm), 0);
	assert_true(regs->rip == EGPR_GUEST_LOAD + GP_VECTOR * EGPR_STUB_BYTES && regs->rsp == at);
	assert_true(vm.run->kvm_dirty_regs);
	assert_int_equal(xcr0_calls, 1);

	free(vm.memory);
	free(vm.run);
	free(vm.page);
	free(vm.between);
}

static void test_mmio(void **state)
{
	struct vmm_batch b = { .exits = EXITS, .hooks = &sound, .sw = &sw };
	unsigned int cpl;

	(void)state;
	need_payloads();
	for (cpl = 0; cpl <= 3; cpl += 3) {
		struct vmm_options o = { .state = EGPR_STATE_DIRTY, .cpl = cpl };
		struct vmm *vm = start("egpr-mmio", &o);

		succeeds(vm, &b);
		assert_int_equal(b.reasons[KVM_EXIT_MMIO], 4 * EXITS);
		assert_true(b.mmio_value == vmm_mailbox(vm)->pattern[EGPR_COUNT - 1]);
		vmm_close(vm);
	}
}

static void test_push2(void **state)
{
	struct vmm_batch b = { .exits = EXITS, .hooks = &sound, .sw = &sw };
	struct vmm_error e;
	unsigned int cpl;

	(void)state;
	need_payloads();
	for (cpl = 0; cpl <= 3; cpl += 3) {
		struct vmm_options o = { .state = EGPR_STATE_DIRTY, .cpl = cpl };
		struct vmm *vm = start("egpr-push2", &o);

		succeeds(vm, &b);
		vmm_close(vm);
		vm = start("egpr-push2-misaligned", &o);
		assert_int_equal(vmm_batch(vm, &b, &e), EGPR_DATA);
		assert_non_null(strstr(e.reason, "#GP"));
		vmm_close(vm);
	}
}

static void nowhere(void)
{
}

/* What the compiler made of C with -mapxf computes what it made of it without. */
static void test_compiled_c(void **state)
{
	struct vmm_batch b = { .exits = 2 };
	uint64_t want = MIX_SEED;
	unsigned int cpl, i;

	(void)state;
	need_payloads();
	for (i = 0; i < b.exits; i++)
		want = egpr_mix(want, nowhere);
	for (cpl = 0; cpl <= 3; cpl += 3) {
		struct vmm_options o = { .state = EGPR_STATE_INIT, .cpl = cpl };
		struct vmm *vm = start("egpr-c", &o);

		succeeds(vm, &b);
		assert_true(b.result == want);
		assert_int_equal(b.reasons[KVM_EXIT_IO], b.exits * MIX_ROUNDS + 1);
		vmm_close(vm);
	}
}

static uint64_t endurance_checksum(uint64_t *r, unsigned int exits)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < exits; i++) {
		r[i % EGPR_COUNT] += r[(i + 1) % EGPR_COUNT];
		if (i % EGPR_COUNT == EGPR_COUNT - 1 && i + 1 < exits)
			r[0] *= ENDURANCE_PRIME;
	}
	for (i = 0; i < EGPR_COUNT; i++)
		sum = (sum << ENDURANCE_FOLD | sum >> (64 - ENDURANCE_FOLD)) ^ r[i];
	return sum;
}

static void test_endurance(void **state)
{
	struct vmm_options o = { .state = EGPR_STATE_DIRTY };
	struct vmm_batch b = { .exits = ENDURANCE_EXITS, .hooks = &sound, .sw = &sw };
	struct vmm_error e;
	uint64_t r[EGPR_COUNT];
	struct vmm *vm;

	(void)state;
	need_payloads();
	vm = start("egpr-endurance", &o);
	memcpy(r, vmm_mailbox(vm)->pattern, sizeof(r));
	succeeds(vm, &b);
	assert_true(b.result == endurance_checksum(r, ENDURANCE_EXITS));
	b.hooks = &mutant;
	victim = 23;
	victim_at = ENDURANCE_EXITS / 2;
	hook_calls = 0;
	assert_int_equal(vmm_batch(vm, &b, &e), EGPR_DATA);
	vmm_close(vm);
}

static int probe(void **state)
{
	const char *b = getenv("B");
	static char directory[200];
	char path[256];
	struct vmm_error e;

	(void)state;
	snprintf(directory, sizeof(directory), "%s/payloads", b ? b : "build");
	payloads = directory;
	snprintf(path, sizeof(path), "%s/egpr-c.elf", payloads);
	have_apx_payloads = !access(path, R_OK);
	have_kvm = !vmm_host_probe(&host, NULL, &e);
	if (!have_kvm)
		print_message("# %s: %s\n", e.thing, e.reason);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_mutants_die),
		cmocka_unit_test(test_init_mutant_dies),
		cmocka_unit_test(test_lent),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_xcr0),
		cmocka_unit_test(test_xcr0_mutant_dies),
		cmocka_unit_test(test_gp),
		cmocka_unit_test(test_mmio),
		cmocka_unit_test(test_push2),
		cmocka_unit_test(test_compiled_c),
		cmocka_unit_test(test_endurance),
	};

	return cmocka_run_group_tests(tests, probe, NULL);
}
