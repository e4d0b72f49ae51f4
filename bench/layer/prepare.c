// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bringing the switch's data, code or branches to where a context wants them. See prepare.h.
 *
 * Runs between halves of the XSAVE family, so prepare_half() touches no vector register.
 */
#include <cpuid.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bench/stats/stats.h>
#include <vmm-mini/cache.h>
#include "prepare.h"

#define LINE		64
#define PAGE		4096
#define HUGE_PAGE	(2ul << 20)
#define MAX_LINES	32
#define XSAVE_HEADER	512 /* of an XSAVE area; behind it the compacted components begin */
#define XSAVE_COMPACTED 576
#define L1_TURNS	2     /* replacement is no exact LRU */
#define L1_FACTOR	4     /* lines per way */
#define L2_FACTOR	2     /* sizes of L2 that are walked */
#define CODE_PAGES	2560  /* more than any TLB of Intel's has for code */
#define JUMPS		12288 /* more than any branch target buffer remembers */
#define JUMP_BYTES	16
#define LEAF_L2_TLB	0x80000006
#define DITHER_TURNS	251 /* cycles: some steps of any TSC */
#define DITHER_STEP	97
#define SPARE_LINE	(XSAVE_HEADER - LINE) /* of the XSAVE area: no half reads it */

#define NO_VECTORS __attribute__((target("general-regs-only")))

struct lines {
	unsigned int nr;
	const volatile uint8_t *at[MAX_LINES];
};

/*
 * struct prepare - one preparation
 * @cold: lines that go to the level
 * @warm: lines that are in L1 whatever the level
 * @spare: a line beside them, for the TLB
 * @code: of the halves
 * @loop: of the loop, part of which runs within the time
 * @pages: of @pusher, one line of each per line that is pushed out; of @walk, where it is pages
 * @jumps: a walk of branches
 * @turn: halves that were prepared
 */
struct prepare {
	enum prepare_level level;
	struct lines cold;
	struct lines warm;
	const volatile uint8_t *spare;
	struct lines code;
	struct lines loop;
	uint8_t *pusher;
	size_t pusher_bytes;
	unsigned int pages;
	unsigned int turns;
	uint8_t *walk;
	size_t walk_bytes;
	unsigned int turn;
};

static void add_lines(struct lines *l, const void *from, size_t bytes)
{
	uintptr_t line = (uintptr_t)from & ~(uintptr_t)(LINE - 1);

	for (; line < (uintptr_t)from + bytes && l->nr < MAX_LINES; line += LINE)
		l->at[l->nr++] = (const volatile uint8_t *)line;
}

void prepare_data(struct prepare *p, struct egpr_switch *sw, const struct standin *s)
{
	bool legacy = p->level == PREPARE_LEGACY_WARM;
	struct lines *kvm = legacy ? &p->warm : &p->cold;
	unsigned int i;

	p->cold.nr = p->warm.nr = 0;
	add_lines(&p->cold, sw->regs, sizeof(sw->regs));
	add_lines(kvm, &sw->flags, LINE);
	/* Elsewhere they stay alone: prefetchers fetch what lies behind lines that are touched in turn. */
	if (legacy)
		add_lines(&p->warm, (const uint8_t *)sw - PREPARE_LEGACY_BYTES,
			  PREPARE_LEGACY_BYTES);
	add_lines(&p->cold, sw->xsave, LINE);
	add_lines(&p->cold, sw->xsave + XSAVE_HEADER, XSAVE_COMPACTED - XSAVE_HEADER + LINE);
	for (i = 0; i < EGPR_XSAVE_COMPONENTS; i++) {
		const struct egpr_xsave_component *c = &s->cpu.component[i];

		if (sw->rfbm & (1ULL << i) && c->bytes && c->offset + c->bytes <= sizeof(sw->xsave))
			add_lines(&p->cold, sw->xsave + c->offset, c->bytes);
	}
	p->spare = sw->xsave + SPARE_LINE;
}

void prepare_code(struct prepare *p, const struct layout_site *site)
{
	p->code.nr = p->loop.nr = 0;
	add_lines(&p->code, (const void *)site->seq.exit, site->exit_bytes);
	add_lines(&p->code, (const void *)site->seq.entry, site->entry_bytes);
	add_lines(&p->loop, (const void *)site->halves, site->loop_bytes);
}

static NO_VECTORS void touch(const struct lines *l)
{
	unsigned int i;

	for (i = 0; i < l->nr; i++)
		(void)*l->at[i];
}

static NO_VECTORS void flush(const struct lines *l)
{
	unsigned int i;

	for (i = 0; i < l->nr; i++)
		__asm__ volatile("clflush %0" : : "m"(*l->at[i]) : "memory");
	__asm__ volatile("mfence" : : : "memory");
}

/* Out of L2: whatever else fits there, for which of its sets a line is in depends on all of the address. */
static NO_VECTORS void push_all_out(const struct prepare *p)
{
	size_t at;

	for (at = 0; at < p->pusher_bytes; at += LINE)
		(void)*(const volatile uint8_t *)(p->pusher + at);
}

/* Out of L1: other lines of the same sets, which are those of the same offset in a page. */
static NO_VECTORS void push_out(const struct prepare *p)
{
	unsigned int turn, i, k;

	for (turn = 0; turn < p->turns; turn++) {
		for (i = 0; i < p->cold.nr; i++) {
			const volatile uint8_t *at =
				p->pusher + ((uintptr_t)p->cold.at[i] & (PAGE - 1));

			for (k = 0; k < p->pages; k++)
				(void)at[(size_t)k * PAGE];
		}
	}
}

/* What KVM does with the legacy registers before it comes to these. */
static NO_VECTORS void write_legacy(const struct lines *l)
{
	unsigned int i;

	for (i = 0; i < l->nr; i++) {
		volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)l->at[i];

		const uint8_t byte = *at;

		*at = byte;
	}
}

static NO_VECTORS void walk_pages(const struct prepare *p)
{
	unsigned int k;

	for (k = 0; k < p->pages; k++)
		((void (*)(void))(p->walk + (size_t)k * PAGE))();
}

/* The TSC may tick in steps of tens: rounds start anywhere within one. */
static NO_VECTORS void dither(unsigned int round)
{
	unsigned int i;

	for (i = round * DITHER_STEP % DITHER_TURNS; i; i--)
		__asm__ volatile("" : : : "memory");
}

NO_VECTORS void prepare_half(void *prepare, unsigned long half)
{
	struct prepare *p = prepare;

	(void)half;
	dither(p->turn++);
	if (p->level == PREPARE_BTB_COLD)
		((void (*)(void))p->walk)();
	if (p->level == PREPARE_CODE_COLD)
		walk_pages(p);
	if (p->level == PREPARE_DRAM || p->level == PREPARE_LEGACY_WARM)
		flush(&p->cold);
	else
		touch(&p->cold);
	if (p->level == PREPARE_CODE_COLD)
		flush(&p->code);
	if (p->level == PREPARE_L2)
		push_out(p);
	if (p->level == PREPARE_LLC)
		push_all_out(p);
	/* The lab's own lines are cold now; to L2 with them. */
	if (p->level == PREPARE_LLC || p->level == PREPARE_BTB_COLD) {
		touch(&p->code);
		touch(&p->loop);
	}
	write_legacy(&p->warm);
	(void)*p->spare;
}

/* Lines to push others out with; physically apart, in huge pages where there are any. */
static int open_pusher(struct prepare *p, unsigned int pages, unsigned int turns,
		       struct data_error *e)
{
	size_t bytes = ((size_t)pages * PAGE + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);

	p->pages = pages;
	p->turns = turns;
	p->pusher_bytes = bytes;
	p->pusher = aligned_alloc(HUGE_PAGE, bytes);
	if (!p->pusher)
		return data_fail(e, EGPR_UNAVAILABLE, "no memory to push lines out of caches");
	madvise(p->pusher, bytes, MADV_HUGEPAGE);
	memset(p->pusher, 1, bytes);
	return 0;
}

static int no_walk(struct prepare *p, struct data_error *e)
{
	p->walk = NULL;
	return data_fail(e, EGPR_UNAVAILABLE, "no memory for code to walk through: %s",
			 strerror(errno));
}

/* Entries of the TLB for code and some more: AMD says how many (APM 3, leaf 0x80000006). */
static unsigned int code_pages(void)
{
	unsigned int eax, ebx, ecx, edx, entries = 0;

	if (__get_cpuid(LEAF_L2_TLB, &eax, &ebx, &ecx, &edx))
		entries = ebx & 0xfff;
	return entries ? entries + entries / 4 : CODE_PAGES;
}

/* One page of a return, at many addresses: entries of the TLB, and one line of the cache. */
static int open_pages(struct prepare *p, struct data_error *e)
{
	static const uint8_t ret = 0xc3;
	int fd = memfd_create("egprlab-code", MFD_CLOEXEC);
	unsigned int k;

	p->pages = code_pages();
	p->walk_bytes = (size_t)p->pages * PAGE;
	if (fd < 0 || ftruncate(fd, PAGE) || pwrite(fd, &ret, 1, 0) != 1)
		goto out_close;
	p->walk = mmap(NULL, p->walk_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->walk == MAP_FAILED)
		goto out_close;
	for (k = 0; k < p->pages; k++) {
		const void *page = mmap(p->walk + (size_t)k * PAGE, PAGE, PROT_READ | PROT_EXEC,
					MAP_SHARED | MAP_FIXED, fd, 0);

		if (page == MAP_FAILED) {
			munmap(p->walk, p->walk_bytes);
			goto out_close;
		}
	}
	close(fd);
	return 0;
out_close:
	if (fd >= 0)
		close(fd);
	return no_walk(p, e);
}

/* Jumps, each to the next, and a return. */
static int open_jumps(struct prepare *p, struct data_error *e)
{
	static const uint8_t jump[] = { 0xeb, JUMP_BYTES - 2 };
	unsigned int i;

	p->walk_bytes = (size_t)(JUMPS + 1) * JUMP_BYTES;
	p->walk = mmap(NULL, p->walk_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	if (p->walk == MAP_FAILED)
		return no_walk(p, e);
	for (i = 0; i < JUMPS; i++)
		memcpy(p->walk + (size_t)i * JUMP_BYTES, jump, sizeof(jump));
	p->walk[(size_t)JUMPS * JUMP_BYTES] = 0xc3;
	if (!mprotect(p->walk, p->walk_bytes, PROT_READ | PROT_EXEC))
		return 0;
	munmap(p->walk, p->walk_bytes);
	return no_walk(p, e);
}

/* Sizes of the caches, where a level depends on them. Return: 0 or EGPR_SKIPPED. */
static int find_caches(enum prepare_level level, struct vmm_caches *c, struct data_error *e)
{
	struct vmm_error v;

	if (level != PREPARE_L2 && level != PREPARE_LLC)
		return 0;
	if (vmm_caches_read(c, "", sched_getcpu(), &v))
		return data_fail(e, EGPR_SKIPPED, "%s", v.reason);
	if (level == PREPARE_LLC && !c->llc)
		return data_fail(e, EGPR_SKIPPED, "no cache behind L2, as %s says", c->source);
	return 0;
}

struct prepare *prepare_open(enum prepare_level level, int *status, struct data_error *e)
{
	struct prepare *p = calloc(1, sizeof(*p));
	struct vmm_caches c = { 0 };

	if (!p) {
		*status = data_fail(e, EGPR_INTERNAL, "out of memory");
		return NULL;
	}
	p->level = level;
	*status = find_caches(level, &c, e);
	if (!*status && level == PREPARE_L2)
		*status = open_pusher(p, L1_FACTOR * (unsigned int)((c.l1d + PAGE - 1) / PAGE),
				      L1_TURNS, e);
	else if (!*status && level == PREPARE_LLC)
		*status = open_pusher(p, (unsigned int)(L2_FACTOR * c.l2 / PAGE), 1, e);
	else if (level == PREPARE_CODE_COLD)
		*status = open_pages(p, e);
	else if (level == PREPARE_BTB_COLD)
		*status = open_jumps(p, e);
	if (!*status)
		return p;
	prepare_close(p);
	return NULL;
}

void prepare_close(struct prepare *p)
{
	if (!p)
		return;
	free(p->pusher);
	if (p->walk)
		munmap(p->walk, p->walk_bytes);
	free(p);
}

/*
 * A walk through the cold lines, each load behind the one before it, between two stamps; nothing in the time
 * but the walk depends on how many there are.
 */
static NO_VECTORS uint64_t timed_walk(const void *first, unsigned int loads)
{
	uint64_t start, end;

	__asm__ volatile("mfence\n\tlfence\n\trdtsc\n\tlfence\n\t"
			 "shl $32, %%rdx\n\tor %%rdx, %%rax\n\tmov %%rax, %0\n"
			 "1:\n\tmov (%2), %2\n\tdec %3\n\tjnz 1b\n\t"
			 "lfence\n\trdtsc\n\t"
			 "shl $32, %%rdx\n\tor %%rdx, %%rax\n\tmov %%rax, %1"
			 : "=&r"(start), "=&r"(end), "+&r"(first), "+&r"(loads)
			 :
			 : "rax", "rdx", "memory", "cc");
	return end - start;
}

static bool have_common_divisor(unsigned int a, unsigned int b)
{
	unsigned int rest;

	for (; b; a = b, b = rest)
		rest = a % b;
	return a > 1;
}

/* Lines in an order that no prefetcher knows; the last leads back. */
static void link_lines(const struct lines *l)
{
	unsigned int i, at = 0, step = l->nr / 2 + 1, next;

	while (have_common_divisor(step, l->nr))
		step++;

	for (i = 0; i < l->nr; i++, at = next) {
		next = (at + step) % l->nr;
		*(const void **)(uintptr_t)l->at[at] = (const void *)(uintptr_t)l->at[next];
	}
}

double prepare_latency(struct prepare *p, unsigned int rounds, double *ticks)
{
	unsigned int i;

	link_lines(&p->cold);
	for (i = 0; i < rounds; i++) {
		prepare_half(p, 0);
		ticks[i] = (double)timed_walk((const void *)(uintptr_t)p->cold.at[0], p->cold.nr) /
			   p->cold.nr;
	}
	stats_sort(ticks, rounds);
	return stats_midmean(ticks, rounds);
}
