// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random ioctls with random buffers on /dev/egpr_switch, with and without a vCPU attached.
 *
 * usage: fuzz DIR CALLS [SEED]: state payloads in DIR
 *
 * Nothing is expected of a call but that it returns. Afterwards a proof must still hold, no
 * memory of the module may be left, and the kernel log must be clean (tests/bed/run looks).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <egpr/contract.h>
#include <egpr/standin.h>
#include <egpr/status.h>

#include <bench/layer/module_guest.h>
#include "tap.h"

#define SEED_DEFAULT	     20261120ull
#define BUFFER_BYTES	     4096 /* more than any argument */
#define SMALL		     40	  /* values that are often within a table */
#define CALLS_BETWEEN_GUESTS 2000

static uint64_t state;
static unsigned long ran; /* halves with marks */

/* xorshift64* (Vigna 2016): the seed in the log repeats the run. */
static uint64_t draw(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}

static bool one_in(unsigned int n)
{
	return !(draw() % n);
}

static const unsigned long commands[] = {
	EGPR_IOC_QUERY, EGPR_IOC_ATTACH,   EGPR_IOC_CONFIGURE, EGPR_IOC_COUNTERS, EGPR_IOC_BENCH,
	EGPR_IOC_RUN,	EGPR_IOC_GET_REGS, EGPR_IOC_SET_REGS,  EGPR_IOC_DETACH,	  EGPR_IOC_CONTRACT,
	EGPR_IOC_LOOK,	EGPR_IOC_STEPS,	   EGPR_IOC_XSTATE,
};

/* Mostly a valid number with another size or direction now and then, sometimes anything. */
static unsigned long command(void)
{
	unsigned long c = commands[draw() % (sizeof(commands) / sizeof(*commands))];

	if (one_in(20))
		return (unsigned long)(uint32_t)draw();
	if (one_in(10))
		return _IOC(draw() & 3, EGPR_IOC_MAGIC, _IOC_NR(c), draw() & 0x3fff);
	return c;
}

/* Words that are often small, often zero, and begin with the ABI's version. */
static void fill(uint32_t *w)
{
	bool dense = one_in(4);
	size_t i;

	for (i = 0; i < BUFFER_BYTES / sizeof(*w); i++) {
		w[i] = one_in(3) || dense ? (uint32_t)(draw() % SMALL) : 0;
		if (one_in(50))
			w[i] = (uint32_t)draw();
	}
	if (!one_in(20))
		w[0] = EGPR_ABI_VERSION;
}

/* A benchmark that is mostly valid, for random words hardly ever are. */
static void fill_bench(struct egpr_bench *b, uint64_t *out)
{
	memset(b, 0, sizeof(*b));
	b->abi = EGPR_ABI_VERSION;
	b->op = draw() % (EGPR_NR_BENCH_OPS + 1);
	b->strategy = draw() % (EGPR_NR_STRATEGIES + 1);
	b->form = draw() % EGPR_NR_FORMS;
	b->guest_state = draw() % EGPR_NR_STATES;
	b->samples = draw() % 6;
	b->rounds = draw() % 4;
	b->reg = EGPR_FIRST + draw() % (EGPR_COUNT + 1);
	b->buffer = one_in(10) ? draw() : (uintptr_t)out;
}

/* Likewise a half with marks; the control words of @im are right, wrong or as the last call left them. */
static void fill_contract(struct egpr_contract *c, struct egpr_contract_image *im)
{
	struct egpr_contract_state *s = &im->state;
	uint64_t *words = (uint64_t *)s;
	unsigned int i;

	memset(c, 0, sizeof(*c));
	c->abi = EGPR_ABI_VERSION;
	c->strategy = draw() % (EGPR_NR_STRATEGIES + 1);
	c->form = draw() % EGPR_NR_FORMS;
	c->guest_state = draw() % EGPR_NR_STATES;
	c->half = draw() % 4;
	c->flags = draw() % 4;
	c->no_stand_in = one_in(3) ? (uint32_t)draw() & EGPR_STAND_INS_ALL : 0;
	c->image = one_in(10) ? draw() : (uintptr_t)im;
	for (i = 0; i < sizeof(*s) / sizeof(*words); i += 1 + draw() % 64)
		words[i] = draw();
	if (one_in(4))
		return;
	memset(s->fx_in, 0, EGPR_FX_XMM);
	memset(s->fx_in + EGPR_FX_XMM_END, 0, EGPR_FX_BYTES - EGPR_FX_XMM_END);
	*(uint16_t *)(s->fx_in + EGPR_FX_CW) =
		(uint16_t)(EGPR_CW_DEFAULT ^ (draw() & EGPR_CW_ROUNDING));
	*(uint32_t *)(s->fx_in + EGPR_FX_MXCSR) = EGPR_MXCSR_DEFAULT |
						  ((uint32_t)draw() & EGPR_MXCSR_ROUNDING);
}

/* Stepping begins and ends. */
static void fill_steps(struct egpr_steps *s, void *out)
{
	memset(s, 0, sizeof(*s));
	s->abi = EGPR_ABI_VERSION;
	s->what = draw() % 4;
	if (s->what != EGPR_STEPS_BEGIN)
		s->buffer = one_in(10) ? draw() : (uintptr_t)out;
}

static void fill_xstate(struct egpr_xstate *x)
{
	*x = (struct egpr_xstate){ .abi = EGPR_ABI_VERSION,
				   .component = draw() % 20,
				   .variant = draw() % (EGPR_NR_XSTATE_VARIANTS + 1),
				   .flags = draw() % 5,
				   .rounds = draw() % 64 };
}

static void call(struct guest *g, void *buffer, uint64_t *out)
{
	static struct egpr_contract_image image;
	static struct egpr_step steps[EGPR_STEPS_MAX];
	unsigned long c = command();
	void *argument = one_in(30) ? (void *)(uintptr_t)draw() : buffer;

	fill(buffer);
	if (c == EGPR_IOC_BENCH && !one_in(8))
		fill_bench(buffer, out);
	if (c == EGPR_IOC_STEPS && !one_in(8))
		fill_steps(buffer, steps);
	if (c == EGPR_IOC_XSTATE && !one_in(8))
		fill_xstate(buffer);
	if (c == EGPR_IOC_CONTRACT && !one_in(8))
		fill_contract(buffer, &image);
	if (c == EGPR_IOC_ATTACH && g->vm && one_in(3))
		((struct egpr_attach *)buffer)->vcpu_fd = vmm_vcpu_fd(g->vm);
	ran += !ioctl(g->module.fd, c, argument) && c == EGPR_IOC_CONTRACT;
}

/* Lines of /proc/vmallocinfo that this module asked for. */
static unsigned int allocations(void)
{
	FILE *f = fopen("/proc/vmallocinfo", "r");
	unsigned int n = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "[egpr_switch]") && strstr(line, "egpr_session_open");
	if (f)
		fclose(f);
	return n;
}

static long unreclaimable_kb(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[256];
	long kb = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "SUnreclaim: %ld kB", &kb);
	if (f)
		fclose(f);
	return kb;
}

static bool still_sound(const struct vmm_host *h, const char *dir, char *why, size_t size)
{
	struct guest g;
	bool ok;

	ok = !guest_open(&g, h, "cpuid", dir, true) &&
	     guest_configure(&g, egpr_strategy_find("gated-mov", NULL), EGPR_STATE_DIRTY, 0,
			     true) &&
	     guest_batch(&g, CALLS_BETWEEN_GUESTS / 100);
	snprintf(why, size, "%s", g.why);
	guest_close(&g);
	return ok;
}

#define LEAK_KB 2048 /* what the kernel's own caches may grow by meanwhile */

int main(int argc, char **argv)
{
	unsigned long calls, i;
	struct vmm_host host;
	struct vmm_error v;
	struct guest g = { .module.fd = -1 };
	char why[1200];
	void *buffer;
	uint64_t out[16];
	long before;

	if (argc < 3) {
		fprintf(stderr, "usage: fuzz DIR CALLS [SEED]\n");
		return EGPR_USAGE;
	}
	calls = strtoul(argv[2], NULL, 0);
	state = argc > 3 ? strtoull(argv[3], NULL, 0) : SEED_DEFAULT;
	tap_note("seed %llu", (unsigned long long)state);
	if (vmm_host_probe(&host, NULL, &v)) {
		vmm_error_print(stderr, "fuzz", &v);
		return EGPR_INTERNAL;
	}
	buffer = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (buffer == MAP_FAILED)
		return EGPR_INTERNAL;
	still_sound(&host, argv[1], why, sizeof(why)); /* warms the kernel's caches */
	before = unreclaimable_kb();
	for (i = 0; i < calls; i++) {
		if (!(i % CALLS_BETWEEN_GUESTS)) {
			guest_close(&g);
			if (guest_open(&g, &host, "cpuid", argv[1], one_in(2)))
				break;
		}
		call(&g, buffer, out);
	}
	guest_close(&g);
	tap_ok(ran > calls / 1000, "%lu of them ran a half with marks", ran);
	tap_ok(i == calls, "%lu of %lu random ioctls returned", i, calls);
	if (!tap_ok(still_sound(&host, argv[1], why, sizeof(why)), "a proof holds afterwards"))
		tap_note("%s", why);
	tap_ok(!allocations(), "no session of the module is left in memory");
	tap_ok(unreclaimable_kb() - before < LEAK_KB, "unreclaimable slab grew by %ld kB",
	       unreclaimable_kb() - before);
	return tap_done();
}
