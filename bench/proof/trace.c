// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracer: signals for who calls into the code of a cell, and for every instruction in it.
 *
 * All of it loses its permissions, so a call is a SIGSEGV at its first instruction, wherever it
 * comes from. From there on TF brings a SIGTRAP behind every instruction, until one lies elsewhere.
 * The code of the lab around it runs as always. Sequences borrow the stack pointer, so the handler has
 * a stack of its own (apart.c).
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <egpr/status.h>

#include "apart.h"
#include "trace.h"
#include "trace_kernel.h"

#define FLAGS_TF   0x100
#define TRIAL_SIZE 4096

/*
 * struct trace_shared - what the process apart leaves
 * @now: the arm that it traces
 * @status: it cannot trace at all; @why
 * @done: arms that it has traced
 * @arm: status and message of their batches
 */
struct trace_shared {
	const struct cell *c;
	void *run;
	unsigned int index;
	unsigned int now;
	int status;
	struct data_error why;
	struct {
		int status;
		struct data_error why;
	} arm[PLAN_MAX_ARMS];
	struct trace trace[PLAN_MAX_ARMS];
	struct trace_subject subject[PLAN_MAX_ARMS];
};

/* What the handler works on. */
static struct {
	struct trace *t;
	struct layer_image image;
	uint8_t flags;
	bool open;
	struct sigaction segv, trap, ill;
} now;

static bool is_inside(uint64_t ip)
{
	return ip - (uint64_t)(uintptr_t)now.image.memory < now.image.bytes;
}

/* A preparation may flush code from the caches, which takes the right to read it. */
static void allow(bool execute)
{
	int closed = layout_prepares(now.image.shape) ? PROT_READ : PROT_NONE;

	now.open = execute;
	mprotect(now.image.memory, now.image.bytes, execute ? PROT_READ | PROT_EXEC : closed);
}

static void record(const ucontext_t *uc, uint8_t flags)
{
	/* gregs[] in encoding order */
	static const int order[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
				       REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
				       REG_R12, REG_R13, REG_R14, REG_R15 };
	const greg_t *gregs = uc->uc_mcontext.gregs;
	struct trace_step *s;
	size_t room;
	int i;

	/* Nobody knows whether it ends; the trace says what went before. */
	if (now.t->nr == TRACE_STEPS) {
		now.t->lost = true;
		_exit(EGPR_DONE);
	}
	s = &now.t->step[now.t->nr++];
	s->away = 0;
	s->ip = (uint64_t)gregs[REG_RIP];
	s->flags = flags | now.flags;
	for (i = 0; i < 16; i++)
		s->gpr[i] = (uint64_t)gregs[order[i]];
	s->owner = TRACE_NO_OWNER;
	if (s->gpr[7] == (uint64_t)(uintptr_t)now.image.sw)
		s->owner = now.image.sw->owner;
	if (flags & TRACE_LEFT)
		return;
	room = now.image.bytes - (s->ip - (uint64_t)(uintptr_t)now.image.memory);
	memcpy(s->bytes, (const void *)(uintptr_t)s->ip, room < TRACE_BYTES ? room : TRACE_BYTES);
}

/* A fault that is none of the tracer's, to whom it belongs. */
static void pass_on(int sig, siginfo_t *info, void *context)
{
	const struct sigaction *old = sig == SIGSEGV   ? &now.segv
				      : sig == SIGTRAP ? &now.trap
						       : &now.ill;

	if (old->sa_flags & SA_SIGINFO && old->sa_sigaction) {
		old->sa_sigaction(sig, info, context);
		return;
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

/*
 * An instruction that somebody emulates (SIGILL) is over when his handler returns, and no SIGTRAP
 * follows it; or he goes on in code of his own, and comes back by a call. INT3 is no step: its
 * si_code is SI_KERNEL.
 *
 * Aligns its stack itself: user-mode QEMU (7.2) enters handlers eight bytes off.
 */
__attribute__((force_align_arg_pointer)) static void on_step(int sig, siginfo_t *info,
							     void *context)
{
	ucontext_t *uc = context;
	greg_t *flags = &uc->uc_mcontext.gregs[REG_EFL];
	uint64_t ip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
	bool entered = sig == SIGSEGV && !now.open && is_inside(ip) &&
		       (uint64_t)(uintptr_t)info->si_addr == ip;

	if (sig == SIGILL || (sig == SIGSEGV && !entered) ||
	    (sig == SIGTRAP && (!now.open || info->si_code == SI_KERNEL)))
		pass_on(sig, info, context);
	if (sig == SIGILL)
		ip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
	if (entered)
		allow(true);
	if (!now.open) {
		*flags &= ~(greg_t)FLAGS_TF;
		return;
	}
	if (is_inside(ip)) {
		record(uc, entered ? TRACE_ENTERED : 0);
		*flags |= FLAGS_TF;
		return;
	}
	if (sig != SIGILL)
		record(uc, TRACE_LEFT);
	*flags &= ~(greg_t)FLAGS_TF;
	allow(false);
}

/* A stop would make KVM_RUN return, and a run that goes on must not find an arm refused for it. */
static void block_stops(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGALRM };
	sigset_t stops;
	size_t i;

	sigemptyset(&stops);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&stops, signals[i]);
	sigprocmask(SIG_BLOCK, &stops, NULL);
}

static int take_signals(void)
{
	struct sigaction sa = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	return sigaction(SIGSEGV, &sa, &now.segv) | sigaction(SIGTRAP, &sa, &now.trap) |
	       sigaction(SIGILL, &sa, &now.ill);
}

static void begin(struct trace *t, const struct layer_image *image, uint8_t flags)
{
	now.t = t;
	now.image = *image;
	now.flags = flags;
	allow(false);
}

/* Does this machine stop behind every instruction? Some emulators do not. */
static bool steps_work(struct trace *t)
{
	static const uint8_t code[] = { 0x90, 0x90, 0xc3 }; /* nop; nop; ret */
	void *memory =
		mmap(NULL, TRIAL_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct layer_image image = { .bytes = TRIAL_SIZE };
	bool works;

	if (memory == MAP_FAILED)
		return false;
	image.memory = memory;
	memcpy(image.memory, code, sizeof(code));
	begin(t, &image, 0);
	((void (*)(void))image.memory)();
	works = t->nr == sizeof(code) + 1;
	munmap(image.memory, TRIAL_SIZE);
	memset(t, 0, offsetof(struct trace, step));
	return works;
}

static void trace_batch(struct trace_shared *s, struct layer_batch *b, uint8_t flags)
{
	const struct layer_ops *ops = s->c->ops;
	struct layer_image image;

	if (s->arm[s->now].status || !ops->image(s->run, s->now, s->index, &image))
		return;
	begin(&s->trace[s->now], &image, flags);
	s->arm[s->now].status = ops->batch(s->run, b, &s->arm[s->now].why);
	allow(true);
}

static void trace_arms(void *shared)
{
	struct trace_shared *s = shared;
	const struct layer_ops *ops = s->c->ops;
	uint64_t stamps[TRACE_STAMPED_EXITS];

	block_stops();
	if (ops->forked) {
		s->status = ops->forked(s->run, &s->why);
		if (s->status)
			return;
	}
	if (take_signals()) {
		s->status = data_fail(&s->why, EGPR_INTERNAL, "signals cannot be taken over");
		return;
	}
	if (!steps_work(&s->trace[s->now])) {
		s->status =
			data_fail(&s->why, EGPR_SKIPPED,
				  "this machine does not stop behind every instruction (TF), so "
				  "nothing can be traced");
		return;
	}
	for (; s->now < s->c->nr_arms; s->now++) {
		struct layer_batch plain = { .arm = s->now,
					     .layout = s->index,
					     .exits = TRACE_PLAIN_EXITS };
		struct layer_batch stamped = { .arm = s->now,
					       .layout = s->index,
					       .exits = TRACE_STAMPED_EXITS,
					       .stamps = stamps };

		apart_again();
		trace_batch(s, &plain, 0);
		trace_batch(s, &stamped, TRACE_IN_STAMPED);
	}
}

/* What its trace says, and what its batches said if the trace finds nothing. */
static void judge(struct trace_shared *s, unsigned int arm, struct traced_arm *out)
{
	struct trace_subject *subject = &s->subject[arm];

	if (!subject->in_kernel)
		s->c->ops->image(s->run, arm, s->index, &subject->image);
	trace_check(subject, &s->trace[arm], &out->r);
	if (out->r.failed == TRACE_NR)
		trace_check_sites(subject, s->run, s->index, &out->r);
	if (out->r.failed < TRACE_NR) {
		const struct trace_result r = out->r;

		out->status = EGPR_DATA;
		snprintf(out->reason, sizeof(out->reason), "%s: %s", trace_ids[r.failed], r.detail);
	} else if (s->arm[arm].status) {
		out->status = s->arm[arm].status;
		snprintf(out->reason, sizeof(out->reason), "%.*s", TRACE_REASON,
			 s->arm[arm].why.text);
	}
}

/* Process after process, each from behind the arm that ended the last. */
static int run_apart(struct trace_shared *s, struct traced *out, struct data_error *e)
{
	char how[APART_TEXT];
	int ret;

	for (s->now = 0; s->now < s->c->nr_arms; s->now++) {
		ret = apart_run(trace_arms, s, how);
		if (!ret && s->status)
			return data_fail(e, s->status, "%s", s->why.text);
		if (!ret)
			continue;
		if (ret != EGPR_CRASHED || s->now >= s->c->nr_arms)
			return data_fail(e, EGPR_INTERNAL, "%s", how);
		out->arm[s->now].status = ret;
		snprintf(out->arm[s->now].reason, sizeof(out->arm->reason), "%s, while traced",
			 how);
	}
	return 0;
}

static int run_in_kernel(struct trace_shared *s, struct data_error *e)
{
	unsigned int a;
	int ret = 0;

	for (a = 0; a < s->c->nr_arms && !ret; a++)
		ret = trace_in_kernel(&s->subject[a], s->run, &s->trace[a], &s->arm[a].status,
				      &s->arm[a].why, e);
	return ret;
}

int trace_cell(const struct cell *c, void *run, unsigned int index, struct traced *out,
	       struct data_error *e)
{
	struct layer_image image;
	struct trace_shared *s;
	unsigned int a;
	int ret;

	memset(out, 0, sizeof(*out));
	if (!c->ops->module && (!c->ops->image || !c->ops->image(run, 0, index, &image)))
		return data_fail(e, EGPR_SKIPPED, "no code of the lab runs for such an exit");
	s = out->shared = apart_alloc(sizeof(*s));
	if (!s)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	s->c = c;
	s->run = run;
	s->index = index;
	for (a = 0; a < c->nr_arms; a++) {
		s->subject[a].c = c;
		s->subject[a].arm = a;
	}
	ret = c->ops->module ? run_in_kernel(s, e) : run_apart(s, out, e);
	for (a = 0; a < c->nr_arms && !ret; a++) {
		if (!out->arm[a].status)
			judge(s, a, &out->arm[a]);
	}
	for (a = 0; a < c->nr_arms && !ret; a++) {
		if (out->arm[a].status)
			ret = data_fail(e, out->arm[a].status, "%s: %.400s", c->arms[a].id,
					out->arm[a].reason);
	}
	return ret;
}

bool trace_count_differs(bool loop, double counted, double base, unsigned int insns,
			 unsigned int base_insns)
{
	double off = counted - insns;

	if (!loop)
		off -= base - base_insns;
	return !(off >= -1 && off <= 1);
}

void trace_check_count(const struct cell *c, void *run, unsigned int arm, double counted,
		       double base, struct traced *out)
{
	struct traced_arm *a = &out->arm[arm];
	struct layer_image image;
	bool alone;

	if (c->ops->module || !c->ops->image(run, arm, 0, &image))
		return;
	/* Nothing but the loop runs; preparations count as well. */
	alone = image.loop && !layout_prepares(image.shape);
	if (!alone && isnan(base))
		return;
	a->r.tried[TRACE_COUNT]++;
	if (!trace_count_differs(alone, counted, base, a->r.insns, out->arm[0].r.insns))
		return;
	a->r.failed = TRACE_COUNT;
	a->status = EGPR_DATA;
	snprintf(a->reason, sizeof(a->reason),
		 "%s: the CPU counted %.1f instructions per round, the trace %u",
		 trace_ids[TRACE_COUNT], alone ? counted : counted - base,
		 alone ? a->r.insns : a->r.insns - out->arm[0].r.insns);
}

const struct trace_subject *trace_subject(const struct traced *out, unsigned int arm)
{
	return &out->shared->subject[arm];
}

const struct trace *trace_of(const struct traced *out, unsigned int arm)
{
	return &out->shared->trace[arm];
}

void trace_free(struct traced *out)
{
	apart_free(out->shared, sizeof(*out->shared));
	out->shared = NULL;
}
