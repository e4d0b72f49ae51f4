// SPDX-License-Identifier: GPL-2.0-only
/*
 * egpr_switch: load, unload, and /dev/egpr_switch.
 *
 * The device is for root alone: it can make the kernel spend time with interrupts off,
 * and lend a vCPU a register file. Arguments are copied in and checked before anything
 * looks at them; what is not zero where it must be is refused.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "egpr_switch.h"

#define DEVICE_NAME "egpr_switch"
#define DEVICE_MODE 0600

static u32 features(void)
{
	u32 f = egpr_backend();

	if (egpr_probes_available())
		f |= EGPR_HAS_KVM;
	if (egpr_xgetbv() & BIT_ULL(EGPR_XFEATURE))
		f |= EGPR_HAS_APX;
	if (egpr_emulate)
		f |= EGPR_HAS_EMULATE;
	if (egpr_preemptible())
		f |= EGPR_HAS_PREEMPTION;
#ifdef EGPR_MUTANTS
	f |= EGPR_HAS_MUTANTS;
#endif
	if (egpr_played_offers())
		f |= EGPR_HAS_PLAYED_KVM;
	if (egpr_place_there())
		f |= EGPR_HAS_PLACE;
	return f;
}

static int dev_open(struct inode *inode, struct file *file)
{
	struct egpr_session *s;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	s = egpr_session_open();
	if (!s)
		return -ENOMEM;
	file->private_data = s;
	return 0;
}

static int dev_release(struct inode *inode, struct file *file)
{
	egpr_session_close(file->private_data);
	return 0;
}

static int dev_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct egpr_session *s = file->private_data;

	if (vma->vm_pgoff || vma->vm_end - vma->vm_start != EGPR_PAGE_SIZE)
		return -EINVAL;
	return remap_vmalloc_range(vma, s->page, 0);
}

static int query(struct egpr_query *q)
{
	struct egpr_stand_in stand_in = egpr_stand_in(0);
	const struct egpr_strategy *s;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(q->reserved); i++) {
		if (q->reserved[i])
			return -EINVAL;
	}
	q->features = features();
	q->tables = egpr_tables_sum();
	q->sessions = egpr_sessions_attached();
	q->xcr0 = egpr_xgetbv();
	q->stand_in = stand_in.rfbm;
	q->stand_in_bytes = stand_in.bytes;
	q->strategies_ok = 0;
	egpr_for_each_strategy(s) {
		if (egpr_strategy_refusal(s, EGPR_FORM_PROXY, &stand_in) == EGPR_REFUSED_NONE)
			q->strategies_ok |= BIT_ULL(s - egpr_strategies);
	}
	return 0;
}

/* Every argument of the ABI, all starting with the ABI version. */
union argument {
	u32 abi;
	struct egpr_query query;
	struct egpr_attach attach;
	struct egpr_configure configure;
	struct egpr_counters counters;
	struct egpr_bench bench;
	struct egpr_run run;
	struct egpr_contract contract;
	struct egpr_guest_regs regs;
	struct egpr_look look;
	struct egpr_steps steps;
	struct egpr_xstate xstate;
};

static int dispatch(struct egpr_session *s, unsigned int cmd, union argument *a)
{
	switch (cmd) {
	case EGPR_IOC_QUERY:
		return query(&a->query);
	case EGPR_IOC_ATTACH:
		return a->attach.reserved ? -EINVAL : egpr_session_attach(s, &a->attach);
	case EGPR_IOC_CONFIGURE:
		return egpr_session_configure(s, &a->configure);
	case EGPR_IOC_COUNTERS:
		return egpr_session_counters(s, &a->counters);
	case EGPR_IOC_BENCH:
		return egpr_bench(s, &a->bench);
	case EGPR_IOC_RUN:
		return egpr_session_run(s, &a->run);
	case EGPR_IOC_CONTRACT:
		return egpr_contract(s, &a->contract);
	case EGPR_IOC_GET_REGS:
		return egpr_session_regs(s, &a->regs, false);
	case EGPR_IOC_SET_REGS:
		return egpr_session_regs(s, &a->regs, true);
	case EGPR_IOC_LOOK:
		return egpr_look(s, &a->look);
	case EGPR_IOC_STEPS:
		return egpr_steps(s, &a->steps);
	case EGPR_IOC_XSTATE:
		return egpr_xstate(&a->xstate);
	}
	return -ENOTTY;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct egpr_session *s = file->private_data;
	unsigned int size = _IOC_SIZE(cmd);
	union argument *a;
	long err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (_IOC_TYPE(cmd) != EGPR_IOC_MAGIC)
		return -ENOTTY;
	if (cmd == EGPR_IOC_DETACH) {
		if (mutex_lock_interruptible(&s->lock))
			return -EINTR;
		err = egpr_session_detach(s);
		mutex_unlock(&s->lock);
		return err;
	}
	if (size < sizeof(a->abi) || size > sizeof(*a))
		return -ENOTTY;
	a = egpr_fallible(kzalloc(sizeof(*a), GFP_KERNEL));
	if (!a)
		return -ENOMEM;
	err = -EFAULT;
	if (copy_from_user(a, (void __user *)arg, size))
		goto out;
	err = -EINVAL;
	if (a->abi != EGPR_ABI_VERSION)
		goto out;
	err = -EINTR;
	if (mutex_lock_interruptible(&s->lock))
		goto out;
	err = dispatch(s, cmd, a);
	mutex_unlock(&s->lock);
	/* The reason of a refusal goes back beside the errno. */
	if (err != -ENOTTY && copy_to_user((void __user *)arg, a, size))
		err = -EFAULT;
out:
	kfree(a);
	return err;
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.unlocked_ioctl = dev_ioctl,
	.mmap = dev_mmap,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = DEVICE_NAME,
	.fops = &dev_fops,
	.mode = DEVICE_MODE,
};

static int __init egpr_init(void)
{
	int err;

#ifdef __APX_F__
	pr_err("egpr_switch: this kernel is built with -mapxf and uses r16..r31 itself; nothing can be switched under it\n");
	return -EOPNOTSUPP;
#endif
	if (egpr_emulate && !(egpr_xgetbv() & BIT_ULL(EGPR_XFEATURE)) && !egpr_rex2_traps()) {
		pr_err("egpr_switch: emulate=1: this CPU executes the REX2 prefix (QEMU's before 11 does, as AAD), so nothing would trap; use QEMU 11, or load without emulate\n");
		return -ENXIO;
	}
	err = egpr_fails_now() ? -ENOMEM : egpr_virtual_init();
	if (err)
		return err;
	err = egpr_fails_now() ? -ENOMEM : egpr_prototype_init();
	if (err)
		goto out_virtual;
	err = egpr_fails_now() ? -ENOMEM : misc_register(&device);
	if (err)
		goto out_prototype;
	pr_info("egpr_switch: loaded%s; touches vCPUs that attach through /dev/%s and no others\n",
		egpr_emulate ? " with virtual EGPR hardware" : "", DEVICE_NAME);
	return 0;

out_prototype:
	egpr_prototype_exit();
out_virtual:
	egpr_virtual_exit();
	return err;
}

static void __exit egpr_exit(void)
{
	misc_deregister(&device);
	egpr_operand_drop();
	egpr_sessions_exit();
	egpr_prototype_exit();
	egpr_virtual_exit();
	rcu_barrier();
	pr_info("egpr_switch: unloaded\n");
}

module_init(egpr_init);
module_exit(egpr_exit);

MODULE_DESCRIPTION("Switch strategies for r16..r31 at KVM's entry and exit, for measuring them");
MODULE_LICENSE("GPL");
MODULE_VERSION(__stringify(EGPR_ABI_VERSION));
