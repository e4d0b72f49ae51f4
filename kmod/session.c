// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: which vCPU belongs to which open file, what it runs, and how it is let go.
 *
 * vcpu->mutex, which KVM holds for the whole of KVM_RUN, is what keeps a plan from
 * changing under a running vCPU. Letting go needs it too, because XCR0[19] may be lent
 * and registers may rest in the context; so a file that is closed while its vCPU runs leaves a
 * dying session behind, which goes on switching until the vCPU is next outside KVM_RUN.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>

#include "egpr_switch.h"

#define SESSION_HASH_BITS 6
#define REAP_INTERVAL_MS  10
#define VCPU_FILE_NAME	  "kvm-vcpu:" /* virt/kvm/kvm_main.c, create_vcpu_fd() */

static DEFINE_HASHTABLE(sessions, SESSION_HASH_BITS);
static DEFINE_SPINLOCK(sessions_lock); /* of the table and of dying_sessions */
static LIST_HEAD(dying_sessions);
static atomic_t nr_attached = ATOMIC_INIT(0);

static void reap(struct work_struct *work);
static DECLARE_DELAYED_WORK(reaper, reap);

/* Called in the probes, which are RCU read-side sections of the tracepoint. */
struct egpr_session *egpr_session_find(const struct kvm_vcpu *vcpu)
{
	struct egpr_session *s;

	hash_for_each_possible_rcu_notrace(sessions, s, node, (unsigned long)vcpu)
	{
		if (s->vcpu == vcpu)
			return s;
	}
	return NULL;
}

u32 egpr_sessions_attached(void)
{
	return atomic_read(&nr_attached);
}

struct egpr_session *egpr_session_open(void)
{
	struct egpr_session *s = egpr_fallible(kzalloc(sizeof(*s), GFP_KERNEL));

	if (!s)
		return NULL;
	s->ctx = egpr_fallible(vzalloc(sizeof(*s->ctx)));
	if (!s->ctx)
		goto out_session;
	s->page = egpr_fallible(vmalloc_user(sizeof(*s->page)));
	if (!s->page)
		goto out_ctx;
	s->page->magic = EGPR_PAGE_MAGIC;
	s->page->version = EGPR_PAGE_VERSION;
	s->page->xcr0 = egpr_xgetbv();
	s->plan.s = &egpr_strategies[EGPR_STRATEGY_none];
	s->plan.form = EGPR_FORM_PROXY;
	s->last = -1;
	mutex_init(&s->lock);
	INIT_LIST_HEAD(&s->dying);
	return s;

out_ctx:
	vfree(s->ctx);
out_session:
	kfree(s);
	return NULL;
}

static void session_free(struct egpr_session *s)
{
	egpr_steps_drop(s);
	vfree(s->page);
	vfree(s->ctx);
	kfree_rcu(s, rcu);
}

/* The file's own word for it: an anonymous inode that KVM named. */
static bool is_vcpu(const struct file *file)
{
	const struct dentry *d = file->f_path.dentry;

	return d->d_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       !strncmp(d->d_name.name, VCPU_FILE_NAME, strlen(VCPU_FILE_NAME)) &&
	       file->private_data;
}

int egpr_session_attach(struct egpr_session *s, struct egpr_attach *a)
{
	struct egpr_session *other;
	struct file *file;
	int err;

	a->refusal = EGPR_REFUSED_TAKEN;
	if (s->vcpu)
		return -EBUSY;
	file = fget(a->vcpu_fd);
	if (!file)
		return -EBADF;
	a->refusal = EGPR_REFUSED_NOT_VCPU;
	err = -EINVAL;
	if (!is_vcpu(file))
		goto out_file;

	err = egpr_probes_get(&a->refusal);
	if (err)
		goto out_file;

	memset(&s->counters, 0, sizeof(s->counters));
	memset(s->stays, 0, sizeof(s->stays));
	s->armed = s->observed = s->in_guest = s->stayed = s->primed = false;
	s->lent = s->open_entry = s->looking = false;
	s->last = -1;
	s->task = current;
	s->probes_xcr0 = EGPR_XCR0_UNTOLD;
	s->host_xcr0 = egpr_xgetbv();
	s->plan.s = &egpr_strategies[EGPR_STRATEGY_none];
	s->plan.form = EGPR_FORM_PROXY;
	s->plan.flags = 0;
	egpr_played_attach(s);

	a->refusal = EGPR_REFUSED_TAKEN;
	err = -EBUSY;
	spin_lock(&sessions_lock);
	other = egpr_session_find(file->private_data);
	if (!other) {
		s->vcpu_file = file;
		s->vcpu = file->private_data;
		hash_add_rcu(sessions, &s->node, (unsigned long)s->vcpu);
		atomic_inc(&nr_attached);
	}
	spin_unlock(&sessions_lock);
	if (other)
		goto out_probes;
	a->refusal = EGPR_REFUSED_NONE;
	return 0;

out_probes:
	egpr_probes_put();
out_file:
	fput(file);
	return err;
}

/*
 * What is lent, and in which form. A test build lends AVX in form proxy: a bit that its CPUs
 * have, so that each way of taking it back can be seen without APX.
 */
#ifdef EGPR_MUTANTS
#define LENT	  XFEATURE_MASK_YMM
#define LENT_FORM EGPR_FORM_PROXY
#else
#define LENT	  BIT_ULL(EGPR_XFEATURE)
#define LENT_FORM EGPR_FORM_HW
#endif

static void lend(struct egpr_session *s, bool on)
{
	if (on == s->lent)
		return;
	if (on && (s->vcpu->arch.xcr0 & LENT))
		return; /* KVM offers it by itself: nothing to lend */
	if (on && !(egpr_xgetbv() & LENT))
		return; /* never a bit that this CPU has not enabled */
	if (on)
		s->vcpu->arch.xcr0 |= LENT;
	else
		s->vcpu->arch.xcr0 &= ~LENT;
	s->lent = on;
}

/*
 * The registers go home, if they are not: after an entry that never became a guest
 * (KVM_EXIT_FAIL_ENTRY), or an exit that was taken for one that stays in KVM's inner loop. The
 * caller holds vcpu->mutex, so no probe of this vCPU runs.
 *
 * On real registers it is too late for the exit half: KVM's FPU switch has brought the caller's own,
 * and an XSAVE would take those for the guest's. A guest that never ran has left nothing behind that
 * its home does not have; one that did run has its registers in its fpstate, which is KVM's. A
 * stand-in is saved anew before it is restored again.
 */
static void settle(struct egpr_session *s)
{
	unsigned long flags;

	s->open_entry = false; /* of an entry that failed: no exit went unseen */
	if (!s->in_guest)
		return;
	if (s->plan.form != EGPR_FORM_TRAP) {
		if (s->plan.form == EGPR_FORM_HW && s->stayed &&
		    s->counters.refusal == EGPR_REFUSED_NONE)
			s->counters.refusal = EGPR_REFUSED_LOST;
		s->in_guest = s->stayed = s->primed = false;
		s->counters.switched_out++;
		return;
	}
	local_irq_save(flags);
	egpr_switch_out(s);
	local_irq_restore(flags);
}

/**
 * egpr_session_disarm - stop switching
 * @s: a session whose vCPU is out; the caller holds vcpu->mutex
 */
void egpr_session_disarm(struct egpr_session *s)
{
	settle(s);
	s->armed = false;
	egpr_place_give(s);
	lend(s, false);
}

/* The caller holds vcpu->mutex and gives it back here, before the vCPU may go. */
static void let_go(struct egpr_session *s)
{
	struct file *file = s->vcpu_file;

	egpr_session_disarm(s);
	spin_lock(&sessions_lock);
	hash_del_rcu(&s->node);
	spin_unlock(&sessions_lock);
	mutex_unlock(&s->vcpu->mutex);
	/* A probe of another vCPU may still walk over this node. */
	synchronize_rcu();
	s->vcpu = NULL;
	s->vcpu_file = NULL;
	atomic_dec(&nr_attached);
	fput(file);
	egpr_place_release();
	egpr_probes_put();
}

int egpr_session_detach(struct egpr_session *s)
{
	if (!s->vcpu)
		return -ENOTCONN;
	if (!mutex_trylock(&s->vcpu->mutex))
		return -EBUSY;
	let_go(s);
	return 0;
}

static void reap(struct work_struct *work)
{
	struct egpr_session *s, *next;
	LIST_HEAD(gone);

	spin_lock(&sessions_lock);
	list_for_each_entry_safe(s, next, &dying_sessions, dying)
	{
		if (mutex_trylock(&s->vcpu->mutex))
			list_move(&s->dying, &gone);
	}
	if (!list_empty(&dying_sessions))
		schedule_delayed_work(&reaper, msecs_to_jiffies(REAP_INTERVAL_MS));
	spin_unlock(&sessions_lock);

	list_for_each_entry_safe(s, next, &gone, dying)
	{
		let_go(s);
		session_free(s);
		module_put(THIS_MODULE);
	}
}

void egpr_session_close(struct egpr_session *s)
{
	if (!s->vcpu) {
		session_free(s);
		return;
	}
	if (mutex_trylock(&s->vcpu->mutex)) {
		let_go(s);
		session_free(s);
		return;
	}
	/* The vCPU runs on without its file. The module must outlive it. */
	__module_get(THIS_MODULE);
	spin_lock(&sessions_lock);
	list_add(&s->dying, &dying_sessions);
	spin_unlock(&sessions_lock);
	schedule_delayed_work(&reaper, msecs_to_jiffies(REAP_INTERVAL_MS));
}

void egpr_sessions_exit(void)
{
	cancel_delayed_work_sync(&reaper);
}

static u64 guest_xcr0(const struct egpr_session *s)
{
	return s->vcpu ? s->vcpu->arch.xcr0 : egpr_xgetbv();
}

int egpr_session_configure(struct egpr_session *s, struct egpr_configure *c)
{
	struct egpr_plan p;
	int err;

	c->refusal = EGPR_REFUSED_NONE;
	err = egpr_plan_make(&p, c->strategy, c->form, c->guest_state, c->delay, c->flags,
			     c->no_stand_in, &c->refusal);
	if (err)
		return err;
	c->refusal = egpr_plan_guest_refusal(&p);
	if (c->refusal != EGPR_REFUSED_NONE)
		return -EOPNOTSUPP;
	if (!s->vcpu)
		return -ENOTCONN;
	c->refusal = EGPR_REFUSED_BUSY;
	if (!mutex_trylock(&s->vcpu->mutex))
		return -EBUSY;

	err = -EOPNOTSUPP;
	c->refusal = s->counters.refusal;
	if (c->refusal != EGPR_REFUSED_NONE)
		goto out_unlock;
	c->refusal = EGPR_REFUSED_UNOBSERVED;
	err = -EAGAIN;
	if (!s->observed)
		goto out_unlock;
	c->refusal = egpr_own_refusal(s, &p);
	err = -EOPNOTSUPP;
	if (c->refusal != EGPR_REFUSED_NONE)
		goto out_unlock;

	s->looking = false;
	egpr_session_disarm(s);
	c->refusal = s->counters.refusal;
	err = -EOPNOTSUPP;
	if (c->refusal != EGPR_REFUSED_NONE)
		goto out_unlock;
	egpr_plan_context(&p, &s->ctx->sw, guest_xcr0(s));
	c->refusal = EGPR_REFUSED_PROBE_XCR0;
	err = -EOPNOTSUPP;
	if (egpr_lacks_component(s, &p))
		goto out_unlock;
	if (p.flags & EGPR_CONF_PLACE) {
		c->refusal = egpr_place_take(s, &p, egpr_probe_edge, egpr_probe_xcr0);
		if (c->refusal != EGPR_REFUSED_NONE)
			goto out_unlock;
		/* KVM has loaded the guest's XCR0 by then. */
		if (p.form == EGPR_FORM_TRAP)
			p.flags |= EGPR_CONF_GUEST_XCR0;
	}
	if ((p.flags & EGPR_CONF_FRESH) || p.s->home != s->plan.s->home || p.form != s->plan.form)
		egpr_plan_forget(&p, &s->ctx->sw);
	if (p.flags & EGPR_CONF_FRESH)
		egpr_played_fresh(s);
	s->plan = p;
	if (p.form == EGPR_FORM_TRAP)
		egpr_host_values(s);
	s->primed = false;
	lend(s, p.form == LENT_FORM && p.state != EGPR_STATE_OFF);
	s->armed = true;
	c->refusal = EGPR_REFUSED_NONE;
	err = 0;
out_unlock:
	mutex_unlock(&s->vcpu->mutex);
	return err;
}

int egpr_session_counters(struct egpr_session *s, struct egpr_counters *c)
{
	u32 flags = c->flags;
	enum egpr_refusal refusal;

	if (flags & ~EGPR_COUNT_RESET)
		return -EINVAL;
	if (s->vcpu && !mutex_trylock(&s->vcpu->mutex))
		return -EBUSY;
	refusal = s->counters.refusal;
	*c = s->counters;
	c->abi = EGPR_ABI_VERSION;
	c->flags = flags;
	if (flags & EGPR_COUNT_RESET) {
		memset(&s->counters, 0, sizeof(s->counters));
		memset(s->stays, 0, sizeof(s->stays));
		s->counters.refusal = refusal;
		s->last = -1;
	}
	if (s->vcpu)
		mutex_unlock(&s->vcpu->mutex);
	return 0;
}

/**
 * egpr_session_take - make a plan the session's own for halves without a guest
 * @s: the session
 * @p: the plan
 * @xcr0_guest: as egpr_plan_context()
 *
 * Return: 0; -EBUSY while a vCPU uses the context; -EINVAL for halves at KVM's place.
 */
int egpr_session_take(struct egpr_session *s, const struct egpr_plan *p, u64 xcr0_guest)
{
	if (p->flags & EGPR_CONF_PLACE)
		return -EINVAL;
	if (s->armed)
		return -EBUSY;
	egpr_plan_context(p, &s->ctx->sw, xcr0_guest);
	if ((p->flags & EGPR_CONF_FRESH) || p->s->home != s->plan.s->home ||
	    p->form != s->plan.form)
		egpr_plan_forget(p, &s->ctx->sw);
	s->plan = *p;
	return 0;
}

/* One half on this session's context, for proofs: not while a vCPU uses it. */
int egpr_session_run(struct egpr_session *s, struct egpr_run *r)
{
	struct egpr_plan p;
	unsigned long flags;
	int err;

	r->refusal = EGPR_REFUSED_NONE;
	if (r->reserved || (r->half != EGPR_RUN_EXIT && r->half != EGPR_RUN_ENTRY))
		return -EINVAL;
	err = egpr_plan_make(&p, r->strategy, r->form, r->guest_state, 0, r->flags, 0, &r->refusal);
	if (err)
		return err;
	err = egpr_session_take(s, &p, guest_xcr0(s));
	if (err)
		return err;
	kernel_fpu_begin();
	local_irq_save(flags);
	egpr_half(s, &p, r->half == EGPR_RUN_EXIT ? p.fn.exit : p.fn.entry);
	if (p.form != EGPR_FORM_TRAP && (p.s->needs & EGPR_NEEDS_XSETBV))
		egpr_xsetbv(s->ctx->sw.xcr0_host);
	local_irq_restore(flags);
	kernel_fpu_end();
	return 0;
}

/* Are the guest's registers in memory of ours while it is out? */
static bool reachable(const struct egpr_plan *p)
{
	if (p->s->home == EGPR_HOME_KVM)
		return false;
	if (p->s->home == EGPR_HOME_HW)
		return egpr_emulate;
	if (p->form == EGPR_FORM_HW)
		return p->s->home != EGPR_HOME_FPSTATE;
	/* A proxy's home holds stand-ins, and its XSAVE area must stay what the CPU wrote. */
	return p->form == EGPR_FORM_TRAP;
}

int egpr_session_regs(struct egpr_session *s, struct egpr_guest_regs *g, bool set)
{
	enum egpr_home home = s->plan.s->home;
	u64 *played = egpr_played_regs(s);
	unsigned int i;
	int err = 0;

	if (!played && !reachable(&s->plan))
		return -ENODATA;
	if (s->vcpu && !mutex_trylock(&s->vcpu->mutex))
		return -EBUSY;
	settle(s);
	g->home = home;
	if (played)
		memcpy(set ? played : g->r, set ? g->r : played, sizeof(g->r));
	else if (s->counters.refusal == EGPR_REFUSED_LOST)
		err = -ENODATA;
	else if (home == EGPR_HOME_HW && set)
		memcpy(s->page->r, g->r, sizeof(g->r));
	else if (home == EGPR_HOME_HW)
		memcpy(g->r, s->page->r, sizeof(g->r));
	else if (set)
		egpr_home_write(&s->ctx->sw, home, g->r);
	for (i = 0; !err && !set && !played && home != EGPR_HOME_HW && i < EGPR_COUNT; i++)
		g->r[i] = egpr_home_read(&s->ctx->sw, home, EGPR_FIRST + i);
	if (s->vcpu)
		mutex_unlock(&s->vcpu->mutex);
	return err;
}

/* A vCPU that never runs, for timing the probes; its session is found as any other's. */
struct bench_vcpu {
	struct kvm_vcpu vcpu;
	void *no_vmcb; /* where kvm_amd keeps its VMCB: none */
	struct egpr_session *s;
};

int egpr_bench_vcpu(struct kvm_vcpu **vcpu, bool attached)
{
	struct bench_vcpu *bv = egpr_fallible(vzalloc(sizeof(*bv)));
	struct egpr_plan *p;

	if (!bv)
		return -ENOMEM;
	*vcpu = &bv->vcpu;
	if (!attached)
		return 0;
	bv->s = egpr_session_open();
	if (!bv->s) {
		vfree(bv);
		return -ENOMEM;
	}
	bv->s->vcpu = &bv->vcpu;
	bv->s->task = current;
	bv->s->armed = bv->s->observed = true;
	p = &bv->s->plan;
	p->fn = egpr_sequence_bind(p->s, p->form, 0);
	spin_lock(&sessions_lock);
	hash_add_rcu(sessions, &bv->s->node, (unsigned long)bv->s->vcpu);
	spin_unlock(&sessions_lock);
	return 0;
}

void egpr_bench_vcpu_free(struct kvm_vcpu *vcpu)
{
	struct bench_vcpu *bv = container_of(vcpu, struct bench_vcpu, vcpu);

	if (bv->s) {
		spin_lock(&sessions_lock);
		hash_del_rcu(&bv->s->node);
		spin_unlock(&sessions_lock);
		synchronize_rcu();
		session_free(bv->s);
	}
	vfree(bv);
}
