// SPDX-License-Identifier: GPL-2.0-only
/*
 * APX as KVM offers it: what its answers amount to, and a guest whose APX goes on and off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <egpr/guest.h>

#include "../../vmm-mini/internal.h"

#define EXITS 6
#define MARK  0xa5

static struct vmm_host host;
static const char *payloads;
static bool have_kvm;

/* All answers agree, or the offer is no offer. */
static void test_offer(void **state)
{
	static const uint32_t sizes[] = { 0, EGPR_BYTES, 64 };
	unsigned int bits, size;

	(void)state;
	for (bits = 0; bits < 16; bits++) {
		for (size = 0; size < 3; size++) {
			const struct vmm_apx a = { .flag = bits & 1,
						   .component = bits & 2,
						   .told = bits & 4,
						   .settable = bits & 8,
						   .bytes = sizes[size] };
			unsigned int asked = a.told ? 4 : 3;
			unsigned int yes =
				a.flag + a.component + (size == 1) + (a.told && a.settable);
			enum vmm_apx_offer want = yes == asked	      ? VMM_APX_WHOLE
						  : !yes && size != 2 ? VMM_APX_NONE
								      : VMM_APX_PART;

			if (vmm_apx_offer(&a) != want)
				fail_msg(
					"flag %d, component %d, told %d, settable %d, %u bytes: %u",
					a.flag, a.component, a.told, a.settable, a.bytes,
					vmm_apx_offer(&a));
		}
	}
}

static void test_text(void **state)
{
	struct vmm_apx a = { .flag = true, .bytes = EGPR_BYTES };
	char text[256];

	(void)state;
	vmm_apx_text(&a, text, sizeof(text));
	assert_non_null(strstr(text, "(APX_F) 1"));
	assert_non_null(strstr(text, "0xD.0:EAX[19] 0"));
	assert_non_null(strstr(text, "0xD.19:EAX 128"));
	assert_non_null(strstr(text, "not told"));
	a.told = true;
	vmm_apx_text(&a, text, sizeof(text));
	assert_non_null(strstr(text, "SUPP[19] 0"));
}

/* The component's 128 bytes and its bit of XSTATE_BV, and nothing else. */
static void test_forget(void **state)
{
	static uint8_t area[4096], want[4096];

	(void)state;
	memset(area, MARK, sizeof(area));
	memcpy(want, area, sizeof(want));
	area[EGPR_XSAVE_HEADER_OFFSET + 2] = 0xff;
	want[EGPR_XSAVE_HEADER_OFFSET + 2] = 0xf7;
	memset(want + EGPR_XSAVE_STD_OFFSET, 0, EGPR_BYTES);
	vmm_xsave_forget_apx(area);
	assert_memory_equal(area, want, sizeof(want));
}

static struct vmm *start(struct vmm_options *o)
{
	char path[256];
	struct vmm_error e;
	struct vmm *vm;

	snprintf(path, sizeof(path), "%s/cpuid.elf", payloads);
	if (vmm_open(&vm, o, &e) || vmm_load(vm, path, &e) || vmm_start(vm, &e))
		fail_msg("%s: %s", e.thing, e.reason);
	return vm;
}

static void need_kvm(void)
{
	if (!have_kvm)
		skip();
}

static int batch(struct vmm *vm, uint64_t *emulated, struct vmm_error *e)
{
	struct vmm_batch b = { .exits = EXITS };
	int ret = vmm_batch(vm, &b, e);

	*emulated = b.emulated;
	return ret;
}

/* One guest through all states and back; in state init it would notice what dirty left behind. */
static void test_states(void **state)
{
	static const enum egpr_guest_state states[] = { EGPR_STATE_DIRTY, EGPR_STATE_INIT,
							EGPR_STATE_DIRTY, EGPR_STATE_OFF,
							EGPR_STATE_INIT,  EGPR_STATE_OFF };
	struct vmm_options o = { .emulate = true };
	uint64_t emulated, xcr0;
	struct vmm_error e;
	struct vmm *vm;
	size_t i;

	(void)state;
	need_kvm();
	vm = start(&o);
	for (i = 0; i < sizeof(states) / sizeof(*states); i++) {
		assert_int_equal(vmm_set_state(vm, states[i], &e), 0);
		if (batch(vm, &emulated, &e))
			fail_msg("step %zu: %s", i, e.reason);
		assert_int_equal(emulated > 0, states[i] != EGPR_STATE_OFF);
		assert_int_equal(vmm_guest_xcr0(vm, &xcr0, &e), 0);
		assert_int_equal(xcr0 >> EGPR_XFEATURE & 1, states[i] != EGPR_STATE_OFF);
		if (states[i] == EGPR_STATE_DIRTY)
			assert_true(vmm_page(vm)->r[0] != 0);
	}
	/* The guest does look. */
	assert_int_equal(vmm_set_state(vm, EGPR_STATE_INIT, &e), 0);
	vmm_page(vm)->r[3] = 1;
	assert_int_equal(batch(vm, &emulated, &e), EGPR_DATA);
	assert_non_null(strstr(e.reason, "r19 "));
	vmm_close(vm);
}

/* On KVM itself: state off always, the others where it offers APX. */
static void test_kvm(void **state)
{
	struct vmm_options o = { .cpl = 0 };
	uint64_t emulated, before, xcr0;
	struct vmm_error e;
	struct vmm *vm;

	(void)state;
	need_kvm();
	vm = start(&o);
	if (vmm_guest_xcr0(vm, &before, &e)) {
		vmm_close(vm);
		skip();
	}
	if (vmm_set_state(vm, EGPR_STATE_OFF, &e) || batch(vm, &emulated, &e))
		fail_msg("%s: %s", e.thing, e.reason);
	assert_int_equal(vmm_guest_xcr0(vm, &xcr0, &e), 0);
	assert_true(xcr0 == before);
	if (vmm_apx_offer(&host.apx) == VMM_APX_WHOLE) {
		if (vmm_set_state(vm, EGPR_STATE_DIRTY, &e) || batch(vm, &emulated, &e) ||
		    vmm_set_state(vm, EGPR_STATE_INIT, &e) || batch(vm, &emulated, &e))
			fail_msg("%s: %s", e.thing, e.reason);
	} else {
		assert_int_equal(vmm_set_state(vm, EGPR_STATE_DIRTY, &e), EGPR_UNAVAILABLE);
		assert_string_equal(e.thing, "guest XCR0");
		assert_non_null(strstr(e.fix, "doctor"));
		/* And the guest is as it was. */
		if (batch(vm, &emulated, &e))
			fail_msg("%s: %s", e.thing, e.reason);
	}
	vmm_close(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offer),  cmocka_unit_test(test_text),
		cmocka_unit_test(test_forget), cmocka_unit_test(test_states),
		cmocka_unit_test(test_kvm),
	};
	static char path[256];
	struct vmm_error e;
	const char *b = getenv("B");

	snprintf(path, sizeof(path), "%s/payloads", b ? b : "build");
	payloads = path;
	have_kvm = !vmm_host_probe(&host, NULL, &e);
	return cmocka_run_group_tests_name("vmm-apx", tests, NULL, NULL);
}
