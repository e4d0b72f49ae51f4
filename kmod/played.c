// SPDX-License-Identifier: GPL-2.0-only
/*
 * A test build can play a KVM that offers guests APX, on the virtual EGPR hardware: between the guest
 * and the probes it does what such a KVM would do before kvm_exit and after kvm_entry. Any other
 * build has nothing of this.
 */
#include <linux/module.h>
#include <linux/string.h>

#include "egpr_switch.h"

#ifdef EGPR_MUTANTS

/* What the KVM that is played does with the guest's registers. */
enum {
	OFFERS_NONE,
	CLEARS, /* saves, clears and loads them */
	KEEPS,	/* the same without clearing */
	LEAVES, /* nothing */
	LOSES,	/* clears them, once somebody looks */
	NR_MODES
};

static int kvm_own;

static int set(const char *value, const struct kernel_param *p)
{
	int old = kvm_own, err = param_set_int(value, p);

	if (!err && (kvm_own < 0 || kvm_own >= NR_MODES)) {
		kvm_own = old;
		err = -EINVAL;
	}
	if (!err)
		egpr_own_forget();
	return err;
}

static const struct kernel_param_ops ops = { .set = set, .get = param_get_int };
module_param_cb(kvm_own, &ops, &kvm_own, 0600);
MODULE_PARM_DESC(
	kvm_own,
	"In form trap play a KVM that offers APX and 1: switches, 2: switches without clearing, 3: leaves the registers alone, 4: loses them to whoever looks; 0: offers none");

static bool switches(void)
{
	return kvm_own == CLEARS || kvm_own == KEEPS;
}

bool egpr_played_offers(void)
{
	return egpr_emulate && kvm_own != OFFERS_NONE;
}

/* The guest has been out of it so far, and the KVM that is played has its registers. */
void egpr_played_attach(struct egpr_session *s)
{
	s->played_held = switches();
	memcpy(s->played, s->page->r, sizeof(s->played));
}

void egpr_played_fresh(struct egpr_session *s)
{
	memset(s->played, 0, sizeof(s->played));
}

void egpr_played_exit(struct egpr_session *s)
{
	if (switches()) {
		memcpy(s->played, s->page->r, sizeof(s->played));
		s->played_held = true;
	}
	if (kvm_own == CLEARS || (kvm_own == LOSES && s->looking))
		memset(s->page->r, 0, sizeof(s->page->r));
}

/* After an entry without an exit in between the guest's are still in place. */
void egpr_played_entry(struct egpr_session *s)
{
	if (!s->played_held)
		return;
	memcpy(s->page->r, s->played, sizeof(s->played));
	s->played_held = false;
}

/* Where the KVM that is played has the guest's registers; NULL where it has not. */
u64 *egpr_played_regs(struct egpr_session *s)
{
	return s->played_held ? s->played : NULL;
}

#endif
