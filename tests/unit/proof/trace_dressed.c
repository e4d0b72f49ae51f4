// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trace as the module brings it: marks of the kernel's build, returns through a thunk, and XCR0 by the
 * context. Made of what layer prim executes, for the module itself is tried in the beds.
 */
#include "trace_cell.h"

#define ENDBR_BYTES 4
#define THUNK_INSNS 3

static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
static struct trace_subject subject;
static struct trace plain, dressed;
static struct traced out;

static struct trace_step *add_step(const struct trace_step *s)
{
	struct trace_step *to = &dressed.step[dressed.nr++];

	assert_in_range(dressed.nr, 1, TRACE_STEPS);
	*to = *s;
	return to;
}

/* ENDBR64 in front of the loop and of the halves, and `jmp thunk` in place of `ret`. */
static void dress(void)
{
	struct layout_site *site = &subject.site;
	const uint64_t starts[] = { (uint64_t)(uintptr_t)site->loop,
				    (uint64_t)(uintptr_t)site->seq.exit,
				    (uint64_t)(uintptr_t)site->seq.entry };
	unsigned int i, k;

	memset(&dressed, 0, sizeof(dressed));
	for (i = 0; i < plain.nr; i++) {
		const struct trace_step *s = &plain.step[i];
		struct trace_step *to;

		for (k = 0; k < 3 && !(s->flags & TRACE_LEFT); k++) {
			if (s->ip != starts[k])
				continue;
			to = add_step(s);
			to->ip -= ENDBR_BYTES;
			memcpy(to->bytes, endbr, sizeof(endbr));
		}
		to = add_step(s);
		if (!(s->flags & TRACE_LEFT) && *s->bytes == 0xc3) {
			*to->bytes = 0xe9;
			to->away = THUNK_INSNS;
		}
	}
	site->loop = (layout_loop_fn)((uintptr_t)site->loop - ENDBR_BYTES);
	site->seq.exit = (egpr_switch_fn)((uintptr_t)site->seq.exit - ENDBR_BYTES);
	site->seq.entry = (egpr_switch_fn)((uintptr_t)site->seq.entry - ENDBR_BYTES);
}

/* The trace of an arm of layer prim, in the kernel's dress. Return: whether there is one. */
static bool make(const char *strategy)
{
	struct data_error e = { "" };
	int ret;

	make_cell(EGPR_FORM_PROXY, EGPR_STATE_DIRTY);
	add_arm("none");
	add_arm(strategy);
	open_cell(&cell);
	ret = trace_cell(&cell, run, 0, &out, &e);
	if (ret == EGPR_SKIPPED) {
		ops.close(run);
		return false;
	}
	if (ret)
		fail_msg("%s", e.text);
	subject = *trace_subject(&out, ARM);
	subject.site = *subject.image.site;
	subject.image.site = &subject.site;
	subject.in_kernel = true;
	subject.xcr0_host = subject.xcr0_guest = env.standin.cpu.xcr0;
	plain = *trace_of(&out, ARM);
	dress();
	return true;
}

static void done(void)
{
	trace_free(&out);
	ops.close(run);
}

static struct trace_step *find(uint8_t first)
{
	unsigned int i;

	for (i = 0; i < dressed.nr; i++) {
		if (*dressed.step[i].bytes == first)
			return &dressed.step[i];
	}
	fail_msg("no step begins with %02x", first);
	return NULL;
}

/* In each round the halves' marks, and what the thunks execute, are counted; nothing else differs. */
static void test_dressed(void **unused)
{
	struct trace_result r = { 0 };

	(void)unused;
	if (!make("gated-mov"))
		skip();
	trace_check(&subject, &dressed, &r);
	if (r.failed != TRACE_NR)
		fail_msg("%s: %s", trace_ids[r.failed], r.detail);
	assert_int_equal(r.rounds, TRACE_PLAIN_EXITS + TRACE_STAMPED_EXITS);
	assert_int_equal(r.insns, out.arm[ARM].r.insns + 2 * (1 + THUNK_INSNS));
	done();
}

/* A jump that leads nowhere else is no return, */
static void test_jump(void **unused)
{
	struct trace_result r = { 0 };

	(void)unused;
	if (!make("gated-mov"))
		skip();
	find(0xe9)->away = 0;
	trace_check(&subject, &dressed, &r);
	assert_int_equal(r.failed, TRACE_REST);
	done();
}

/* a store that the thunk hides is missed, */
static void test_missing(void **unused)
{
	struct trace_result r = { 0 };
	uint64_t exit;
	unsigned int i;

	(void)unused;
	if (!make("gated-mov"))
		skip();
	exit = (uint64_t)(uintptr_t)subject.site.seq.exit;
	for (i = 0; i < dressed.nr &&
		    (dressed.step[i].ip - exit > LAYOUT_LINE || dressed.step[i].bytes[2] != 0x89);
	     i++)
		;
	assert_in_range(i, 1, dressed.nr - 2);
	memmove(&dressed.step[i], &dressed.step[i + 1],
		(--dressed.nr - i) * sizeof(dressed.step[0]));
	trace_check(&subject, &dressed, &r);
	assert_in_range(r.failed, 0, TRACE_NR - 1);
	done();
}

/* and XCR0 that guest and host do not share must be written. */
static void test_xcr0(void **unused)
{
	struct trace_result r = { 0 };

	(void)unused;
	if (!make("uncond-mov"))
		skip();
	trace_check(&subject, &dressed, &r);
	assert_int_equal(r.failed, TRACE_NR);
	subject.xcr0_guest ^= 4;
	trace_check(&subject, &dressed, &r);
	assert_int_equal(r.failed, TRACE_XCR0);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dressed),
		cmocka_unit_test(test_jump),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_xcr0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
