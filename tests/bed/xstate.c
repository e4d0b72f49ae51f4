// SPDX-License-Identifier: GPL-2.0-only
/*
 * XSAVE in four variants and XRSTOR of one component in ring 0, on a CPU that is not our emulator: what
 * XSTATE_BV says by XINUSE and IA32_XFD, that a CPU without XFD is refused by name, and that the process
 * finds its registers as they were.
 *
 * usage: xstate: the CPU keeps track of XINUSE, and has XSAVEC and XSAVES
 */
#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <bench/layer/module.h>
#include <vmm-mini/internal.h>

#include "tap.h"

#define COMPACTED  (1ull << 63)
#define XFD_THERE  (1u << 4) /* CPUID(0xD,1).EAX */
#define CAN_DISARM (1u << 2) /* CPUID(0xD,n).ECX */
#define ROUNDS	   3
#define MARK	   0x5eed5eed5eed5eedull

#define VARIANT_ID(SYM, id, needs, text) id,
static const char *const ids[] = { EGPR_XSTATE_VARIANTS(VARIANT_ID) };
static const unsigned int components[] = { 2, 6, 7, 18 };
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct module_session m;

static bool can_disarm(unsigned int nr)
{
	unsigned int a = 0, b, c = 0, d;

	__cpuid_count(0xd, 1, a, b, c, d);
	if (!(a & XFD_THERE))
		return false;
	__cpuid_count(0xd, nr, a, b, c, d);
	return c & CAN_DISARM;
}

static uint64_t expected_xcomp(uint32_t variant, unsigned int nr)
{
	return variant == EGPR_XSTATE_XSAVEC || variant == EGPR_XSTATE_XSAVES
		       ? COMPACTED | 1ull << nr
		       : 0;
}

static void test_states(unsigned int nr, uint32_t variant)
{
	unsigned int flags, refused = 0, wrong = 0;

	for (flags = 0; flags < 4; flags++) {
		struct egpr_xstate x = {
			.component = nr, .variant = variant, .flags = flags, .rounds = ROUNDS
		};
		uint64_t bv = flags == EGPR_XSTATE_INUSE ? 1ull << nr : 0;
		struct data_error e;
		bool no_xfd = flags & EGPR_XSTATE_DISARMED && !can_disarm(nr);

		if (module_xstate(&m, &x, &e)) {
			refused += no_xfd && x.refusal == EGPR_REFUSED_NO_XFD;
			wrong += !no_xfd || x.refusal != EGPR_REFUSED_NO_XFD;
			if (wrong)
				tap_note("flags %u: %s", flags, e.text);
			continue;
		}
		if (!no_xfd && x.bv == bv && x.xcomp == expected_xcomp(variant, nr) && x.ticks)
			continue;
		wrong++;
		tap_note("flags %u: XSTATE_BV %#llx, XCOMP_BV %#llx, %llu ticks", flags,
			 (unsigned long long)x.bv, (unsigned long long)x.xcomp,
			 (unsigned long long)x.ticks);
	}
	tap_ok(!wrong, "component %u, %s: XSTATE_BV is XINUSE%s", nr, ids[variant],
	       refused ? "; disarmed: refused, there is no XFD" : " and not XFD");
}

static void test_refused(void)
{
	static const struct egpr_xstate good = { .abi = EGPR_ABI_VERSION,
						 .component = 2,
						 .rounds = 1 };
	struct egpr_xstate x[10];
	unsigned int i, taken = 0;

	for (i = 0; i < COUNT(x); i++)
		x[i] = good;
	x[0].rounds = 0;
	x[1].rounds = EGPR_XSTATE_MAX_ROUNDS + 1;
	x[2].component = 3;
	x[3].component = 64 + 2;
	x[4].variant = EGPR_NR_XSTATE_VARIANTS;
	x[5].flags = 4;
	x[6].reserved[1] = 1;
	x[7].ticks = 1;
	x[8].bv = 1;
	x[9].abi--;
	for (i = 0; i < COUNT(x); i++) {
		if (ioctl(m.fd, EGPR_IOC_XSTATE, &x[i]) == -1 && errno == EINVAL)
			continue;
		tap_note("request %u is taken", i);
		taken++;
	}
	tap_ok(!taken, "what is out of range, or not zero where it must be, is EINVAL");
}

/*
 * The process's own registers around an ioctl that makes them initial. VZEROUPPER, because Bochs 2.7 raises #GP
 * in ld.so's lazy binding, which saves by XSAVEC, while upper halves are in use.
 */
static void test_kept(void)
{
	struct egpr_xstate x = { .abi = EGPR_ABI_VERSION,
				 .component = 2,
				 .flags = EGPR_XSTATE_INUSE,
				 .rounds = ROUNDS };
	uint64_t low = MARK, high = ~MARK, got_low, got_high;
	long ret = SYS_ioctl;

	__asm__ volatile(
		"movq %3, %%xmm0\n\tmovq %4, %%xmm1\n\tvinsertf128 $1, %%xmm1, %%ymm0, %%ymm0\n\t"
		"syscall\n\t"
		"vextractf128 $1, %%ymm0, %%xmm1\n\tmovq %%xmm0, %1\n\tmovq %%xmm1, %2\n\tvzeroupper"
		: "+a"(ret), "=&r"(got_low), "=&r"(got_high)
		: "r"(low), "r"(high), "D"((long)m.fd), "S"(EGPR_IOC_XSTATE), "d"(&x)
		: "rcx", "r11", "xmm0", "xmm1", "memory");
	tap_ok(!ret && got_low == low && got_high == high,
	       "the process finds its own AVX registers behind it");
}

int main(void)
{
	struct data_error e;
	uint32_t variant;
	unsigned int tried = 0;
	size_t i;

	if (!tap_ok(!module_open(&m, &e), "the module is there"))
		return tap_done();
	for (i = 0; i < COUNT(components); i++) {
		if (!(vmm_host_xcr0() >> components[i] & 1)) {
			struct egpr_xstate x = { .component = components[i], .rounds = 1 };

			tap_ok(module_xstate(&m, &x, &e) && x.refusal == EGPR_REFUSED_NO_COMPONENT,
			       "component %u, which XCR0 lacks: refused", components[i]);
			continue;
		}
		for (variant = 0; variant < EGPR_NR_XSTATE_VARIANTS; variant++)
			test_states(components[i], variant);
		tried++;
	}
	tap_ok(tried, "%u components", tried);
	test_refused();
	test_kept();
	module_close(&m);
	return tap_done();
}
