// SPDX-License-Identifier: GPL-2.0-only
/*
 * A test build answers for r16..r31 where KVM's own fastpath reads the source of a WRMSRNS with an immediate (a KVM
 * of `scripts/kvm-build --operand`): register n of the exit is taken for r(16 + n), and read where the strategy
 * keeps it at that moment. Any other build has nothing of this.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "egpr_switch.h"
#include "kvm/operand.h"

#ifdef EGPR_MUTANTS

static DEFINE_MUTEX(operand_lock);
static egpr_operand_fn *at; /* KVM's word, pinned while not NULL */

/* What KVM's accessor for a register in memory would do; what is kept nowhere is read from the hardware. */
static u64 answer(struct kvm_vcpu *vcpu, int reg, u64 value)
{
	const struct egpr_session *s = egpr_session_find(vcpu);
	unsigned int egpr = EGPR_FIRST + reg;

	if (!s || !s->armed || s->plan.form != EGPR_FORM_TRAP ||
	    !(s->ctx->sw.flags & EGPR_SWITCH_GUEST_APX))
		return value;
	if (s->plan.s->home == EGPR_HOME_HW)
		return s->page->r[egpr - EGPR_FIRST];
	return egpr_home_read(&s->ctx->sw, s->plan.s->home, egpr);
}

static void drop(void)
{
	if (!at)
		return;
	WRITE_ONCE(*at, NULL);
	synchronize_rcu(); /* it is called with interrupts off */
	symbol_put(egpr_operand);
	at = NULL;
}

void egpr_operand_drop(void)
{
	mutex_lock(&operand_lock);
	drop();
	mutex_unlock(&operand_lock);
}

static int set(const char *text, const struct kernel_param *p)
{
	bool on;
	int err = kstrtobool(text, &on);

	if (err)
		return err;
	mutex_lock(&operand_lock);
	drop();
	if (on) {
		at = symbol_get(egpr_operand);
		if (at)
			WRITE_ONCE(*at, answer);
		else
			err = -ENODEV;
	}
	mutex_unlock(&operand_lock);
	return err;
}

static int get(char *buffer, const struct kernel_param *p)
{
	return sysfs_emit(buffer, "%d\n", !!at);
}

static const struct kernel_param_ops ops = { .set = set, .get = get };
module_param_cb(operand, &ops, NULL, 0600);
MODULE_PARM_DESC(
	operand,
	"Answer for r16..r31 in the fastpath of WRMSRNS with an immediate, in a KVM of kvm-build --operand (default: no)");

#endif
