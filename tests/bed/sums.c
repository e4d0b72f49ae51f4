// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums that live in vector and x87 registers come out exact on both sides of an exit: those of the
 * thread that runs the VMM, with every strategy's halves around KVM_RUN as in layer boundary, and
 * those of the guest. Each side has control words of its own, so one that reaches the other
 * makes other sums.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <egpr/guest.h>

#include <bench/layer/layer.h>
#include <bench/plan/axis.h>
#include <vmm-mini/vmm.h>

#include "../../asm/payload/test/sse-sum.h"
#include "sums.h"
#include "tap.h"

#define EXITS	      1000
#define FEW	      10 /* of a batch with a fault in it */
#define MXCSR_CONTROL 0xffc0u

/* The thread's own, different from the payload's: towards -infinity, denormals flushed. */
#define HOST_FIRST 0x3fc4d1e3f5a7b9c2
#define HOST_MORE  0x0002b4d6f8a1c3e7
#define HOST_X87   0x3fe1c3e5a7b9d1f4
#define HOST_MXCSR 0xbf80u
#define HOST_CW	   0x077fu

/* What the payload leaves. */
struct left {
	uint64_t lane[SSE_SUM_LANES];
	unsigned char x87[16];
	uint32_t mxcsr;
	uint16_t cw;
};

static struct vmm *vm;
static struct sums host, host_alone, guest_alone;
static char wrong[256];
static const char *b_dir;

static bool say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static bool say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(wrong, sizeof(wrong), fmt, ap);
	va_end(ap);
	return false;
}

static void start(struct sums *f, uint64_t first, uint64_t more, uint64_t x87, uint32_t mxcsr,
		  uint16_t cw)
{
	unsigned int i;

	memset(f, 0, sizeof(*f));
	for (i = 0; i < SSE_SUM_LANES; i++)
		f->increment[i] = first + i * more;
	f->x87_increment = x87;
	f->mxcsr = mxcsr;
	f->cw = cw;
}

/* A VM at its first doorbell, and all sums zero. */
static bool begin(void)
{
	struct vmm_options o = { .cpl = 3 };
	struct vmm_error e;
	char path[256];

	snprintf(path, sizeof(path), "%s/payloads/test/sse-sum.elf", b_dir);
	start(&host, HOST_FIRST, HOST_MORE, HOST_X87, HOST_MXCSR, HOST_CW);
	host_alone = host;
	start(&guest_alone, SSE_SUM_FIRST, SSE_SUM_MORE, SSE_SUM_X87, SSE_SUM_MXCSR, SSE_SUM_CW);
	vmm_close(vm);
	if (vmm_open(&vm, &o, &e) || vmm_load(vm, path, &e) || vmm_start(vm, &e))
		return say("%s: %s", e.thing, e.reason);
	return true;
}

static bool same_sums(const struct sums *f, const uint64_t *lane, const unsigned char *x87,
		      const char *whose)
{
	unsigned int i;

	for (i = 0; i < SSE_SUM_LANES; i++) {
		if (lane[i] != f->sum[i])
			return say("%s xmm%u has the sum %#llx, should be %#llx", whose, i / 2,
				   (unsigned long long)lane[i], (unsigned long long)f->sum[i]);
	}
	if (memcmp(x87, f->x87, 10))
		return say("%s x87 sum differs", whose);
	return true;
}

static bool check_host(void)
{
	if ((host.mxcsr_seen & MXCSR_CONTROL) != (host.mxcsr & MXCSR_CONTROL))
		return say("the thread's MXCSR is %#x, was %#x", host.mxcsr_seen, host.mxcsr);
	if (host.cw_seen != host.cw)
		return say("the thread's x87 control word is %#x, was %#x", host.cw_seen, host.cw);
	return same_sums(&host_alone, host.sum, host.x87, "the thread's");
}

static bool check_guest(void)
{
	const struct egpr_mailbox *m = vmm_mailbox(vm);
	const struct left *s =
		(const void *)((const char *)m - EGPR_GUEST_MAILBOX + EGPR_GUEST_STAMPS);

	if (m->status)
		return say("the guest's %s is %#llx, should be %#llx",
			   m->failed == SSE_SUM_STEP_MXCSR ? "MXCSR" : "x87 control word",
			   (unsigned long long)m->got, (unsigned long long)m->expected);
	return same_sums(&guest_alone, s->lane, s->x87, "the guest's");
}

/* One KVM_RUN, with its step of both sums; the host's alone where the guest is only told to end. */
static bool one_exit(const struct egpr_sequence *seq, struct egpr_switch *sw, bool *done)
{
	const struct kvm_run *run = vmm_run_page(vm);
	long ret;

	do
		ret = sums_step(&host, seq->entry, seq->exit, sw, vmm_vcpu_fd(vm));
	while (ret == -EINTR || ret == -EAGAIN);
	if (ret)
		return say("KVM_RUN: %s", strerror((int)-ret));
	sums_step(&host_alone, NULL, NULL, NULL, -1);
	if (run->exit_reason != KVM_EXIT_IO ||
	    (run->io.port != EGPR_PORT_TEST && run->io.port != EGPR_PORT_DOORBELL))
		return say("the guest left with %s", vmm_exit_name(run->exit_reason));
	*done = run->io.port == EGPR_PORT_DOORBELL;
	if (!*done)
		sums_step(&guest_alone, NULL, NULL, NULL, -1);
	return check_host();
}

/* @meddle: called between two exits in the middle, NULL for nothing. */
static bool batch(const struct egpr_sequence *seq, struct egpr_switch *sw, unsigned int exits,
		  void (*meddle)(void))
{
	struct egpr_mailbox *m = vmm_mailbox(vm);
	bool done = false;
	unsigned int n;

	m->iterations = exits;
	m->status = m->done = 0;
	for (n = 0; !done; n++) {
		if (!one_exit(seq, sw, &done))
			return false;
		if (meddle && n == exits / 2)
			meddle();
	}
	return check_guest();
}

/* An entry half loads what an exit half has saved, MXCSR along with some components: so one first. */
static void first_exit(const struct egpr_sequence *seq, struct egpr_switch *sw)
{
	sums_step(&host, NULL, seq->exit, sw, -1);
	sums_step(&host_alone, NULL, NULL, NULL, -1);
}

static void strategies(const struct layer_env *env)
{
	static struct egpr_switch sw;
	const struct egpr_strategy *s;
	struct data_error why;
	int state;

	egpr_for_each_strategy(s) {
		for (state = 0; state < EGPR_NR_STATES; state++) {
			const struct plan_arm arm = { .strategy = s, .delay = 3 };
			struct egpr_sequence seq =
				egpr_sequence_bind(s, env->form, state != EGPR_STATE_OFF);
			const char *where = egpr_guest_states[state].id;

			if (layer_check_strategy(env, (enum egpr_guest_state)state, &arm, false,
						 &why)) {
				tap_skip(why.text, "%s, %s", s->id, where);
				continue;
			}
			standin_context(&sw, &env->standin, env->form,
					(enum egpr_guest_state)state);
			sw.delay = arm.delay;
			first_exit(&seq, &sw);
			if (!tap_ok(batch(&seq, &sw, EXITS, NULL),
				    "%s, %s: all sums are exact over %u exits", s->id, where,
				    EXITS)) {
				tap_note("%s", wrong);
				if (!begin()) {
					tap_note("%s", wrong);
					return;
				}
			}
		}
	}
}

/* Faults of a half, by what they do to the thread. */

static void nothing(struct egpr_switch *sw)
{
	(void)sw;
}

static void sets_mxcsr(struct egpr_switch *sw)
{
	const uint32_t usual = 0x1f80;

	(void)sw;
	__asm__ volatile("ldmxcsr %0" : : "m"(usual));
}

static void sets_cw(struct egpr_switch *sw)
{
	const uint16_t usual = 0x37f;

	(void)sw;
	__asm__ volatile("fldcw %0" : : "m"(usual));
}

static void clears_xmm(struct egpr_switch *sw)
{
	(void)sw;
	__asm__ volatile("pxor %%xmm9, %%xmm9" : : : "xmm9");
}

static void negates_x87(struct egpr_switch *sw)
{
	(void)sw;
	__asm__ volatile("fchs" : : : "st");
}

/* Faults of a host that does not keep the guest's. */

/* KVM_SET_FPU leaves MXCSR as it is. */
static void change_guest(unsigned int word, uint32_t bits)
{
	struct kvm_xsave x;

	if (ioctl(vmm_vcpu_fd(vm), KVM_GET_XSAVE, &x))
		return;
	x.region[word] ^= bits;
	ioctl(vmm_vcpu_fd(vm), KVM_SET_XSAVE, &x);
}

/* Words of an FXSAVE image (SDM vol. 1, table 10-2): all rounding bits, one bit of a lane. */

static void guest_cw(void)
{
	change_guest(0, 0xc00);
}

static void guest_mxcsr(void)
{
	change_guest(6, 0x6000);
}

static void guest_xmm(void)
{
	change_guest(40 + 15 * 4 + 1, 1u << 12);
}

/* Each is seen, and as what it is. */
static void faults(void)
{
	static const struct {
		const char *name;
		void (*half)(struct egpr_switch *sw);
		void (*meddle)(void);
		const char *seen;
	} all[] = {
		{ "a half that sets MXCSR", sets_mxcsr, NULL, "the thread's MXCSR is 0x1f80" },
		{ "a half that sets the x87 control word", sets_cw, NULL,
		  "the thread's x87 control word is 0x37f" },
		{ "a half that clears xmm9", clears_xmm, NULL, "the thread's xmm9" },
		{ "a half that negates the x87 sum", negates_x87, NULL, "the thread's x87 sum" },
		{ "another MXCSR in the guest", nothing, guest_mxcsr, "the guest's MXCSR" },
		{ "another x87 control word in the guest", nothing, guest_cw,
		  "the guest's x87 control word" },
		{ "one bit of the guest's xmm15", nothing, guest_xmm, "the guest's xmm15" },
	};
	static struct egpr_switch sw;
	unsigned int i, entry;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		for (entry = 0; entry < (all[i].meddle ? 1u : 2u); entry++) {
			const struct egpr_sequence seq = { .exit = entry ? nothing : all[i].half,
							   .entry = entry ? all[i].half : nothing };

			strcpy(wrong, "nothing was seen");
			if (!begin() || batch(&seq, &sw, FEW, all[i].meddle) ||
			    !strstr(wrong, all[i].seen)) {
				tap_ok(false, "%s is seen", all[i].name);
				tap_note("%s", wrong);
			} else {
				tap_ok(true, "%s is seen%s", all[i].name,
				       entry ? ", before the guest too" : "");
			}
		}
	}
}

int main(void)
{
	struct layer_env env = { .provenance = EGPR_PROV_PROXY, .form = EGPR_FORM_PROXY };
	struct vmm_host h;
	struct vmm_error v;

	b_dir = getenv("B") ? getenv("B") : "build";
	if (vmm_host_probe(&h, NULL, &v)) {
		printf("1..0 # SKIP %s\n", v.reason);
		return 0;
	}
	standin_probe(&env.standin, EGPR_STAND_INS_ALL);
	if (env.standin.apx) {
		env.provenance = EGPR_PROV_HW;
		env.form = EGPR_FORM_HW;
	}
	if (!tap_ok(begin(), "a guest by %s", h.backend)) {
		tap_note("%s", wrong);
		return tap_done();
	}
	strategies(&env);
	faults();
	vmm_close(vm);
	return tap_done();
}
