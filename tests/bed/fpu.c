// SPDX-License-Identifier: GPL-2.0-only
/*
 * The FPU state of a thread whose vCPU is attached is its own: x87, SSE, MXCSR and every enabled
 * component come out of KVM_RUN as they went in, whatever is switched at the guest's exits; and out of
 * the module's own ioctls that run halves.
 *
 * usage: fpu DIR EXITS: payloads in DIR; EXITS in all, over every strategy that can run here in form
 * proxy, where the XSAVE strategies move real components.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <linux/kvm.h>

#include <egpr/contract.h>
#include <egpr/home.h>
#include <egpr/status.h>

#include <bench/layer/module_guest.h>
#include <bench/layer/standin.h>
#include "tap.h"

#define KIND	   "pio-out" /* each exit comes back to this thread, which has nothing to do for it */
#define LEGACY	   3ull
#define NOT_MARKED (3ull << 3 | 1ull << 9 | 3ull << 17 | 1ull << EGPR_XFEATURE)
#define TEXT	   1100
#define NEW_MARKS  100

struct area {
	uint8_t byte[EGPR_XSAVE_AREA_BYTES] __attribute__((aligned(64)));
};

static struct standin st;
static uint64_t mask;
static uint64_t seed = 1;

static uint8_t mark(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull; /* Knuth, TAOCP 3.3.4 */
	return (uint8_t)(seed >> 56 | 1);
}

static void fill(struct area *a)
{
	uint32_t mxcsr = EGPR_MXCSR_DEFAULT | (uint32_t)(seed >> 20 & EGPR_MXCSR_ROUNDING);
	uint16_t cw = (uint16_t)(EGPR_CW_DEFAULT ^ (seed >> 30 & EGPR_CW_ROUNDING));
	unsigned int i, b;

	memcpy(a->byte + EGPR_FX_CW, &cw, sizeof(cw));
	a->byte[EGPR_FX_TW] = mark();
	memcpy(a->byte + EGPR_FX_MXCSR, &mxcsr, sizeof(mxcsr));
	for (i = 0; i < EGPR_FX_STS; i++) {
		for (b = 0; b < EGPR_FX_ST_BYTES; b++)
			a->byte[EGPR_FX_ST + EGPR_FX_ST_STEP * i + b] = mark();
	}
	for (b = 0; b < EGPR_FX_XMM_BYTES; b++)
		a->byte[EGPR_FX_XMM + b] = mark();
	for (i = 2; i < EGPR_XSAVE_COMPONENTS; i++) {
		for (b = 0; (mask & 1ull << i) && b < st.cpu.component[i].bytes; b++)
			a->byte[st.cpu.component[i].offset + b] = mark();
	}
	memcpy(a->byte + EGPR_XSAVE_HEADER_OFFSET, &mask, sizeof(mask));
}

/*
 * An ioctl between an XRSTOR and an XSAVE with nothing else between. Then all is as C code has it: the
 * components in their initial configuration, x87 and SSE as they were. (With AVX in use and SSE not, the
 * XRSTOR of ld.so's lazy binding faults in Bochs 2.7.)
 */
static long run(int fd, unsigned long command, void *argument, const struct area *in,
		struct area *out)
{
	static uint8_t caller[EGPR_FX_BYTES] __attribute__((aligned(16)));
	static const struct area initial = { .byte[EGPR_FX_MXCSR] = EGPR_MXCSR_DEFAULT & 0xff,
					     .byte[EGPR_FX_MXCSR + 1] = EGPR_MXCSR_DEFAULT >> 8 };
	uint32_t lo = (uint32_t)mask, hi = (uint32_t)(mask >> 32);
	// cppcheck-suppress syntaxError ; 2.17 does not know this of GNU C
	register void *a2 __asm__("rdx") = argument;
	long ret = SYS_ioctl;

	__asm__ volatile("fxsave64 %0" : "=m"(caller));
	__asm__ volatile("xrstor64 %0" : : "m"(*in), "a"(lo), "d"(hi) : "memory");
	__asm__ volatile("syscall"
			 : "+a"(ret)
			 : "D"((long)fd), "S"(command), "r"(a2)
			 : "rcx", "r11", "memory");
	__asm__ volatile("xsave64 %0" : "+m"(*out) : "a"(lo), "d"(hi) : "memory");
	__asm__ volatile("xrstor64 %0" : : "m"(initial), "a"(lo), "d"(hi) : "memory");
	__asm__ volatile("fxrstor64 %0" : : "m"(caller));
	return ret;
}

static long differs_in(const struct area *in, const struct area *out, size_t from, size_t bytes)
{
	if (!memcmp(in->byte + from, out->byte + from, bytes))
		return -1;
	while (in->byte[from] == out->byte[from])
		from++;
	return (long)from;
}

/*
 * The bytes that were marked: not FOP, FIP and FDP, which follow the last x87 instruction, nor MXCSR_MASK,
 * which is the CPU's. Return: an offset at which they differ, or -1.
 */
static long differs(const struct area *in, const struct area *out)
{
	long at = differs_in(in, out, 0, EGPR_FX_FOP);
	unsigned int i;

	if (at < 0)
		at = differs_in(in, out, EGPR_FX_MXCSR, sizeof(uint32_t));
	if (at < 0)
		at = differs_in(in, out, EGPR_FX_ST, EGPR_FX_XMM_END - EGPR_FX_ST);
	for (i = 2; i < EGPR_XSAVE_COMPONENTS && at < 0; i++) {
		const struct egpr_xsave_component *c = &st.cpu.component[i];

		if (mask & 1ull << i)
			at = differs_in(in, out, c->offset, c->bytes);
	}
	return at;
}

/* Return: whether all is as it was; else @why says what is not. */
static bool survives(int fd, unsigned long command, void *argument, char *why)
{
	static struct area in, out;
	static unsigned int calls;
	long ret, at;

	/* New marks now and then; what is read back is new every time. */
	if (!(calls++ % NEW_MARKS))
		fill(&in);
	memset(out.byte, 0, EGPR_FX_BYTES);
	memset(out.byte + EGPR_XSAVE_HEADER_OFFSET, 0, sizeof(mask));
	ret = run(fd, command, argument, &in, &out);
	at = differs(&in, &out);
	if (at >= 0)
		snprintf(why, TEXT, "byte %ld of the XSAVE image is 0x%02x, was 0x%02x", at,
			 out.byte[at], in.byte[at]);
	else if (ret)
		snprintf(why, TEXT, "ioctl 0x%lx failed: %s", command, strerror((int)-ret));
	return at < 0 && !ret;
}

static void prove(const struct egpr_strategy *s, const struct vmm_host *h, const char *dir,
		  unsigned long exits, unsigned long *total)
{
	struct module_session m = { .fd = -1 };
	struct vmm_options o = { 0 };
	struct vmm_batch b = { .exits = 1 };
	struct egpr_counters seen = { 0 };
	struct vmm *vm = NULL;
	char why[TEXT] = "";
	struct data_error e;
	struct vmm_error v;
	unsigned long i;

	if (vmm_open_kind(&vm, h, egpr_exit_kind_find(KIND), &o, dir, &v)) {
		tap_ok(false, "%s: %s", s->id, v.reason);
		return;
	}
	if (module_open(&m, &e) || module_attach(&m, vmm_vcpu_fd(vm), &e)) {
		tap_ok(false, "%s: %s", s->id, e.text);
		goto out;
	}
	if (vmm_batch(vm, &b, &v)) {
		tap_ok(false, "%s: %s", s->id, v.reason);
		goto out;
	}
	if (module_configure(&m, module_configuration(s, EGPR_FORM_PROXY, EGPR_STATE_DIRTY, 0, 0),
			     &e) ||
	    module_counters(&m, &seen, true, &e)) {
		tap_note("%s: not run: %s", s->id, e.text);
		goto out;
	}
	for (i = 0; i < exits && survives(vmm_vcpu_fd(vm), KVM_RUN, NULL, why); i++)
		;
	if (module_counters(&m, &seen, false, &e))
		snprintf(why, sizeof(why), "%s", e.text);
	/* outer switches where the loop is left, and a run may begin with its entry already made */
	if (!why[0] && seen.switched_out + 1 < i)
		snprintf(why, sizeof(why), "only %llu of %lu exits were switched",
			 (unsigned long long)seen.switched_out, i);
	*total += seen.switched_out;
	if (!tap_ok(!why[0], "%s: the FPU state of its thread survives %lu exits", s->id, i))
		tap_note("%s", why);
out:
	module_close(&m);
	vmm_close(vm);
}

/* The ioctls that run halves without a guest, XSAVE of real components among them. */
static void prove_ioctls(const struct egpr_strategy *s)
{
	static struct egpr_contract_image im;
	struct egpr_run r = { .abi = EGPR_ABI_VERSION, .form = EGPR_FORM_PROXY };
	struct egpr_bench b = { .abi = EGPR_ABI_VERSION, .form = EGPR_FORM_PROXY };
	struct egpr_contract c = { .abi = EGPR_ABI_VERSION, .form = EGPR_FORM_PROXY };
	struct module_session m;
	struct data_error e;
	char why[TEXT] = "";
	uint64_t ticks[4];
	bool ok;

	if (module_open(&m, &e)) {
		tap_ok(false, "%s", e.text);
		return;
	}
	r.strategy = b.strategy = c.strategy = (__u32)(s - egpr_strategies);
	r.guest_state = b.guest_state = c.guest_state = EGPR_STATE_DIRTY;
	b.samples = sizeof(ticks) / sizeof(*ticks);
	b.rounds = 2;
	b.reg = EGPR_FIRST;
	b.buffer = (uintptr_t)ticks;
	c.image = (uintptr_t)&im;
	memset(&im.state, 0, sizeof(im.state));
	*(uint16_t *)(im.state.fx_in + EGPR_FX_CW) = EGPR_CW_DEFAULT;
	*(uint32_t *)(im.state.fx_in + EGPR_FX_MXCSR) = EGPR_MXCSR_DEFAULT;
	im.state.mask = mask;
	r.half = c.half = EGPR_RUN_EXIT;
	ok = survives(m.fd, EGPR_IOC_RUN, &r, why);
	if (r.refusal != EGPR_REFUSED_NONE) {
		module_close(&m);
		return;
	}
	ok = ok && survives(m.fd, EGPR_IOC_BENCH, &b, why) &&
	     survives(m.fd, EGPR_IOC_CONTRACT, &c, why);
	r.half = c.half = EGPR_RUN_ENTRY;
	ok = ok && survives(m.fd, EGPR_IOC_RUN, &r, why) &&
	     survives(m.fd, EGPR_IOC_CONTRACT, &c, why);
	module_close(&m);
	if (!tap_ok(ok, "%s: and the ioctls that run its halves", s->id))
		tap_note("%s", why);
}

/* A control: what changes between is seen. */
static bool sees_a_change(void)
{
	static struct area in, out;
	size_t i;

	fill(&in);
	if (run(-1, 0, NULL, &in, &out) != -EBADF || differs(&in, &out) >= 0)
		return false;
	for (i = 0; i < EGPR_FX_XMM_BYTES; i++) {
		out.byte[EGPR_FX_XMM + i] ^= 1;
		if (differs(&in, &out) != (long)(EGPR_FX_XMM + i))
			return false;
		out.byte[EGPR_FX_XMM + i] ^= 1;
	}
	out.byte[EGPR_FX_MXCSR + 1] ^= 0x20;
	return differs(&in, &out) == EGPR_FX_MXCSR + 1;
}

int main(int argc, char **argv)
{
	unsigned long exits = argc == 3 ? strtoul(argv[2], NULL, 0) : 0, total = 0;
	const struct egpr_strategy *s;
	struct vmm_host host;
	struct vmm_error v;
	unsigned int i;

	if (exits < EGPR_NR_STRATEGIES) {
		fprintf(stderr, "usage: fpu DIR EXITS\n");
		return EGPR_USAGE;
	}
	if (vmm_host_probe(&host, NULL, &v)) {
		vmm_error_print(stderr, "fpu", &v);
		return EGPR_INTERNAL;
	}
	standin_probe(&st, EGPR_STAND_INS_ALL);
	mask = st.cpu.xcr0 & ~NOT_MARKED;
	for (i = 2; i < 64; i++) {
		if (i >= EGPR_XSAVE_COMPONENTS || !st.cpu.component[i].bytes ||
		    st.cpu.component[i].offset + st.cpu.component[i].bytes > EGPR_XSAVE_AREA_BYTES)
			mask &= ~(1ull << i);
	}
	if (!(mask & LEGACY)) {
		tap_skip("no XSAVE", "FPU state around KVM_RUN");
		return tap_done();
	}
	tap_ok(sees_a_change(), "a control: bytes that differ are seen");
	egpr_for_each_strategy(s)
		prove_ioctls(s);
	egpr_for_each_strategy(s) {
		if (s->family != EGPR_FAMILY_OWN) /* which nothing stands in for */
			prove(s, &host, argv[1], exits / EGPR_NR_STRATEGIES, &total);
	}
	tap_ok(total, "%lu switches in all, components 0x%llx", total, (unsigned long long)mask);
	return tap_done();
}
