// SPDX-License-Identifier: GPL-2.0-only
/*
 * Working sets: a chain is one cycle over all its lines, what a walk must count is what walking it
 * here counts, and a guest that walks otherwise is found out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include <egpr/guest.h>

#include "../../vmm-mini/footprint.h"
#include "../../vmm-mini/vmm.h"
#include "fake_root.h"

#define LINES 257 /* a prime: no walk length divides it */
#define BYTES ((size_t)LINES * EGPR_GUEST_LINE)
#define SEED  7
#define EXITS 12
#define ROOM  (2u << 20)
#define KIB   1024u

static const struct vmm_walk shapes[] = {
	{ VMM_WALK_LINEAR, BYTES, 0, SEED },
	{ VMM_WALK_LINEAR, BYTES, 100 * EGPR_GUEST_LINE, SEED },
	{ VMM_WALK_RANDOM, BYTES, 0, SEED },
	{ VMM_WALK_RANDOM, BYTES, 200 * EGPR_GUEST_LINE, SEED + 1 },
	{ VMM_WALK_CODE, BYTES, 0, SEED },
	{ VMM_WALK_RANDOM, EGPR_GUEST_LINE, 0, SEED },
};

#define NR_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static uint64_t word(const void *at)
{
	uint64_t w;

	memcpy(&w, at, sizeof(w));
	return w;
}

/* Code is called, as the guest calls it; nothing here knows how a line is encoded. */
static void call_code(uint64_t at, uint64_t *count, uint64_t *sum)
{
	uint64_t lines = 0, keys = 0;

	__asm__ volatile("lea -128(%%rsp), %%rsp\n\t" /* the red zone */
			 "call *%2\n\t"
			 "lea 128(%%rsp), %%rsp"
			 : "+c"(lines), "+b"(keys)
			 : "r"(at)
			 : "cc", "memory");
	*count += lines;
	*sum += keys;
}

/* Below 2 GiB and at the same address for both sides, so that a chain can be walked right here. */
static void *low_memory(void)
{
	void *m = mmap(NULL, BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	assert_true(m != MAP_FAILED);
	return m;
}

/* Walks as the payload does, and says where it stands then. */
static uint64_t walk(uint64_t at, uint64_t lines, uint64_t *count, uint64_t *sum)
{
	while (lines--) {
		*sum += word((void *)(uintptr_t)(at + EGPR_GUEST_LINE_KEY));
		at = word((void *)(uintptr_t)at);
		(*count)++;
	}
	return at;
}

static void test_expected_is_what_walking_gives(void **state)
{
	uint64_t at, count, sum, walked, wanted;
	struct vmm_chain c;
	unsigned int i, batch;
	char *m = low_memory();

	(void)state;
	for (i = 0; i < NR_SHAPES; i++) {
		assert_int_equal(vmm_chain_lay(&c, &shapes[i], m, (uintptr_t)m), 0);
		at = c.first_at;
		for (batch = 0; batch < 5; batch++) {
			uint64_t walks = 3 * batch + 1, n;

			count = sum = 0;
			for (n = 0; n < walks; n++) {
				if (shapes[i].kind == VMM_WALK_CODE)
					call_code(at, &count, &sum);
				else
					at = walk(at, c.per_walk, &count, &sum);
			}
			vmm_chain_advance(&c, walks, &walked, &wanted);
			assert_int_equal(count, walked);
			assert_true(sum == wanted);
			if (shapes[i].kind != VMM_WALK_CODE)
				assert_true(word((void *)(uintptr_t)(at + EGPR_GUEST_LINE_KEY)) ==
					    vmm_chain_key(&c, c.position));
		}
	}
	munmap(m, BYTES);
}

static void test_one_cycle_of_all_lines(void **state)
{
	unsigned int i, neighbours, seen[LINES];
	struct vmm_chain c;
	char *m = low_memory();

	(void)state;
	for (i = 0; i < NR_SHAPES; i++) {
		uint64_t at, line, before = 0, n;

		if (shapes[i].kind == VMM_WALK_CODE || shapes[i].bytes != BYTES)
			continue;
		assert_int_equal(vmm_chain_lay(&c, &shapes[i], m, (uintptr_t)m), 0);
		memset(seen, 0, sizeof(seen));
		neighbours = 0;
		at = c.first_at;
		for (n = 0; n < c.lines; n++) {
			line = (at - (uintptr_t)m) / EGPR_GUEST_LINE;
			assert_true(line < LINES);
			seen[line]++;
			neighbours += n && line == before + 1;
			before = line;
			at = word((void *)(uintptr_t)at);
		}
		assert_true(at == c.first_at);
		for (n = 0; n < LINES; n++)
			assert_int_equal(seen[n], 1);
		if (shapes[i].kind == VMM_WALK_LINEAR)
			assert_int_equal(neighbours, LINES - 1);
		else
			assert_true(neighbours < LINES / 16);
	}
	munmap(m, BYTES);
}

static void test_seed_is_the_order(void **state)
{
	struct vmm_walk w = shapes[2];
	char *m = low_memory(), first[BYTES];
	struct vmm_chain c;

	(void)state;
	assert_int_equal(vmm_chain_lay(&c, &w, m, 0), 0);
	memcpy(first, m, BYTES);
	assert_int_equal(vmm_chain_lay(&c, &w, m, 0), 0);
	assert_memory_equal(first, m, BYTES);
	w.seed++;
	assert_int_equal(vmm_chain_lay(&c, &w, m, 0), 0);
	assert_memory_not_equal(first, m, BYTES);
	munmap(m, BYTES);
}

static void fake_cache(const struct fake_root *r, unsigned int index, const char *level,
		       const char *type, const char *size)
{
	const char *const names[] = { "level", "type", "size" };
	const char *const texts[] = { level, type, size };
	char path[128];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu3/cache/index%u/%s", index,
			 names[i]);
		fake_file(r, path, texts[i]);
	}
}

static void test_caches(void **state)
{
	const struct fake_root *r = *state;
	struct vmm_caches c;
	struct vmm_walk w;
	struct vmm_error e;

	assert_int_equal(vmm_caches_read(&c, r->path, 3, &e), EGPR_UNAVAILABLE);
	assert_non_null(strstr(e.reason, "CPU 3"));
	fake_cache(r, 0, "1\n", "Data\n", "48K\n");
	fake_cache(r, 1, "1\n", "Instruction\n", "32K\n");
	fake_cache(r, 2, "2\n", "Unified\n", "2048K\n");
	assert_int_equal(vmm_caches_read(&c, r->path, 3, &e), 0);
	assert_int_equal(c.llc, 0);
	assert_int_equal(vmm_footprint_walk(&w, &c, VMM_FOOTPRINT_LLC, VMM_WALK_RANDOM, 0, &e),
			 EGPR_SKIPPED);
	assert_int_equal(vmm_footprint_walk(&w, &c, VMM_FOOTPRINT_DRAM, VMM_WALK_RANDOM, 0, &e), 0);
	assert_int_equal(w.bytes, 8192 * KIB);
	fake_cache(r, 3, "3\n", "Unified\n", "32M\n");
	assert_int_equal(vmm_caches_read(&c, r->path, 3, &e), 0);
	assert_string_equal(c.source, "sysfs");
	assert_int_equal(c.l1d, 48 * KIB);
	assert_int_equal(c.l1i, 32 * KIB);
	assert_int_equal(c.l2, 2048 * KIB);
	assert_int_equal(c.llc, 32768 * KIB);
}

static void test_sizes(void **state)
{
	static const struct {
		enum vmm_footprint f;
		enum vmm_walk_kind kind;
		size_t bytes, per_walk, room;
	} rows[] = {
		{ VMM_FOOTPRINT_L1, VMM_WALK_LINEAR, 36 * KIB, 0, 2048 * KIB },
		{ VMM_FOOTPRINT_L1, VMM_WALK_CODE, 24 * KIB, 0, 2048 * KIB },
		{ VMM_FOOTPRINT_L2, VMM_WALK_RANDOM, 1536 * KIB, 0, 4096 * KIB },
		{ VMM_FOOTPRINT_LLC, VMM_WALK_LINEAR, 4096 * KIB, 0, 131072 * KIB },
		{ VMM_FOOTPRINT_DRAM, VMM_WALK_LINEAR, 131072 * KIB, 40960 * KIB, 131072 * KIB },
		{ VMM_FOOTPRINT_DRAM, VMM_WALK_RANDOM, 131072 * KIB, 4096 * KIB, 131072 * KIB },
		{ VMM_FOOTPRINT_DRAM, VMM_WALK_CODE, 131072 * KIB, 0, 131072 * KIB },
	};
	const struct vmm_caches c = { 48 * KIB, 32 * KIB, 2048 * KIB, 32768 * KIB, "test" };
	const struct vmm_caches huge = { 48 * KIB, 32 * KIB, 2048 * KIB, (size_t)504 << 20,
					 "test" };
	const struct vmm_caches small = { 48 * KIB, 32 * KIB, 2048 * KIB, 3072 * KIB, "test" };
	struct vmm_walk w;
	struct vmm_error e;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(vmm_footprint_walk(&w, &c, rows[i].f, rows[i].kind, SEED, &e), 0);
		assert_int_equal(w.kind, rows[i].kind);
		assert_int_equal(w.bytes, rows[i].bytes);
		assert_int_equal(w.per_walk, rows[i].per_walk);
		assert_int_equal(vmm_footprint_room(&c, rows[i].f, rows[i].kind), rows[i].room);
	}
	assert_int_equal(vmm_footprint_walk(&w, &c, VMM_FOOTPRINT_0, VMM_WALK_LINEAR, SEED, &e), 0);
	assert_int_equal(w.kind, VMM_WALK_NONE);
	assert_int_equal(vmm_footprint_room(&c, VMM_FOOTPRINT_0, VMM_WALK_LINEAR), 0);
	assert_int_equal(vmm_footprint_walk(&w, &huge, VMM_FOOTPRINT_DRAM, VMM_WALK_LINEAR, 0, &e),
			 0);
	assert_int_equal(w.bytes, VMM_WALK_MAX);
	assert_int_equal(w.per_walk, (size_t)630 << 20);
	assert_int_equal(vmm_footprint_walk(&w, &small, VMM_FOOTPRINT_LLC, VMM_WALK_LINEAR, 0, &e),
			 0);
	assert_int_equal(w.bytes, 2304 * KIB);
}

static void test_confirmed_or_not(void **state)
{
	const struct vmm_ladder good = { { 0, 4, 14, 50, 300 } };
	const struct vmm_ladder flat = { { 0, 4, 14, 16, 300 } };
	const struct vmm_ladder slow = { { 0, 4, 14, 290, 300 } };
	const struct vmm_ladder none = { { 0 } };
	struct vmm_error e;
	unsigned int f;

	(void)state;
	for (f = 0; f < VMM_NR_FOOTPRINTS; f++)
		assert_int_equal(vmm_footprint_confirm(&good, f, &e), 0);
	assert_int_equal(vmm_footprint_confirm(&flat, VMM_FOOTPRINT_LLC, &e), EGPR_SKIPPED);
	assert_non_null(strstr(e.reason, "a line of llc costs 16.0 TSC ticks and one of l2 14.0"));
	assert_int_equal(vmm_footprint_confirm(&flat, VMM_FOOTPRINT_L2, &e), EGPR_SKIPPED);
	assert_int_equal(vmm_footprint_confirm(&slow, VMM_FOOTPRINT_LLC, &e), EGPR_SKIPPED);
	assert_int_equal(vmm_footprint_confirm(&none, VMM_FOOTPRINT_L1, &e), EGPR_SKIPPED);
}

static struct vmm *guest(const char *payload, unsigned int cpl)
{
	struct vmm_options o = { .walk_bytes = ROOM, .cpl = cpl };
	const char *b = getenv("B");
	struct vmm_error e = { 0 };
	char path[256];
	struct vmm *vm;

	snprintf(path, sizeof(path), "%s/payloads/%s.elf", b ? b : "build", payload);
	if (vmm_open(&vm, &o, &e) || vmm_load(vm, path, &e) || vmm_start(vm, &e))
		fail_msg("%s: %s", e.thing, e.reason);
	return vm;
}

static void need_kvm(void)
{
	if (access(VMM_KVM_PATH, R_OK | W_OK))
		skip();
}

/* Every shape around an exit for the VMM and one for KVM: as many walks as exits, exactly. */
static void test_guest_walks(void **state)
{
	static const char *const payloads[] = { "pio-out", "cpuid", "ud-in-guest" };
	const struct vmm_walk nothing = { .kind = VMM_WALK_NONE };
	uint64_t stamps[EXITS] = { 0 }, sum;
	struct vmm_error e = { 0 };
	unsigned int p, i, round;
	struct vmm *vm;

	(void)state;
	need_kvm();
	for (p = 0; p < 3; p++) {
		vm = guest(payloads[p], p == 1 ? 3 : 0);
		for (i = 0; i < NR_SHAPES; i++) {
			struct vmm_batch b = { .exits = EXITS };
			uint64_t lines =
				(shapes[i].per_walk ? shapes[i].per_walk : shapes[i].bytes) /
				EGPR_GUEST_LINE;

			assert_int_equal(vmm_walk_set(vm, &shapes[i], &e), 0);
			for (round = 0; round < 3; round++) {
				b.guest_stamps = round == 2 ? stamps : NULL;
				if (vmm_batch(vm, &b, &e))
					fail_msg("%s: %s", payloads[p], e.reason);
				assert_int_equal(b.done, EXITS);
				assert_int_equal(b.walks, EXITS);
				assert_int_equal(b.walked, EXITS * lines);
				assert_true(b.walk_cycles && b.exit_cycles);
				assert_true(b.exit_cycles + b.walk_cycles < b.guest_cycles);
			}
			for (sum = 0, round = 0; round < EXITS; round++)
				sum += stamps[round];
			assert_true(sum == b.exit_cycles);
			b = (struct vmm_batch){ .exits = 3, .no_exit = true };
			assert_int_equal(vmm_batch(vm, &b, &e), 0);
			assert_int_equal(b.walked, 3 * lines);
			assert_int_equal(b.runs, 1); /* the doorbell */
			assert_int_equal(b.exit_cycles, 0);
		}
		assert_int_equal(vmm_walk_set(vm, &nothing, &e), 0);
		for (round = 0; round < 2; round++) {
			struct vmm_batch b = { .exits = EXITS };

			assert_int_equal(vmm_batch(vm, &b, &e), 0);
			assert_int_equal(b.walks, 0);
			assert_int_equal(b.exit_cycles, 0);
		}
		vmm_close(vm);
	}
}

/* Each fault of one round among twelve. */
static void test_faults_are_found(void **state)
{
	static const struct {
		const char *payload, *text;
	} faults[] = {
		{ "test/walk-skipped", "11 walks of together 2827 lines" },
		{ "test/walk-short", "12 walks of together 3083 lines" },
		{ "test/walk-empty", "12 walks of together 2570 lines" },
		{ "test/walk-elsewhere", "others were touched" },
	};
	struct vmm_walk w = shapes[3];
	struct vmm_error e;
	unsigned int i;

	(void)state;
	need_kvm();
	w.per_walk = 0;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct vmm_batch b = { .exits = EXITS };
		struct vmm *vm = guest(faults[i].payload, 0);

		if (!strcmp(faults[i].payload, "test/walk-elsewhere"))
			w.per_walk = 100 * EGPR_GUEST_LINE;
		assert_int_equal(vmm_walk_set(vm, &w, &e), 0);
		assert_int_equal(vmm_batch(vm, &b, &e), EGPR_DATA);
		if (!strstr(e.reason, faults[i].text))
			fail_msg("%s: %s", faults[i].payload, e.reason);
		assert_int_equal(b.runs,
				 EXITS); /* the exits were all there: only the walk was not */
		vmm_close(vm);
	}
}

/* An arm whose walk has another length is not what was asked for, whoever changed it. */
static void test_length_changed_between_batches(void **state)
{
	struct vmm_batch b = { .exits = EXITS };
	struct vmm_error e;
	struct vmm *vm;

	(void)state;
	need_kvm();
	vm = guest("pio-out", 0);
	assert_int_equal(vmm_walk_set(vm, &shapes[2], &e), 0);
	assert_int_equal(vmm_batch(vm, &b, &e), 0);
	/* The line that the next walk begins with leads to itself: as many loads, of one line. */
	memcpy((char *)vmm_memory(vm) + vmm_mailbox(vm)->walk_at, &vmm_mailbox(vm)->walk_at, 8);
	assert_int_equal(vmm_batch(vm, &b, &e), EGPR_DATA);
	assert_non_null(strstr(e.reason, "others were touched"));
	vmm_close(vm);
}

static void test_refused(void **state)
{
	static const struct vmm_walk wrong[] = {
		{ VMM_WALK_LINEAR, 0, 0, 0 },	  { VMM_WALK_LINEAR, 100, 0, 0 },
		{ VMM_WALK_LINEAR, 128, 192, 0 }, { VMM_WALK_LINEAR, 128, 1, 0 },
		{ VMM_WALK_CODE, 128, 64, 0 },	  { VMM_WALK_RANDOM, ROOM + EGPR_GUEST_LINE, 0, 0 },
	};
	struct vmm_options o = { .walk_bytes = 4096 };
	struct vmm_error e;
	struct vmm *vm;
	unsigned int i;

	(void)state;
	assert_int_equal(vmm_open(&vm, &o, &e), EGPR_USAGE);
	o.walk_bytes = (size_t)1 << 30;
	assert_int_equal(vmm_open(&vm, &o, &e), EGPR_USAGE);
	need_kvm();
	vm = guest("pio-out", 0);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		e.reason[0] = 0;
		assert_int_equal(vmm_walk_set(vm, &wrong[i], &e), EGPR_USAGE);
		assert_true(e.reason[0]);
	}
	vmm_close(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expected_is_what_walking_gives),
		cmocka_unit_test(test_one_cycle_of_all_lines),
		cmocka_unit_test(test_seed_is_the_order),
		cmocka_unit_test_setup_teardown(test_caches, fake_root_setup, fake_root_teardown),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_confirmed_or_not),
		cmocka_unit_test(test_guest_walks),
		cmocka_unit_test(test_faults_are_found),
		cmocka_unit_test(test_length_changed_between_batches),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
