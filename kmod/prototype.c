// SPDX-License-Identifier: GPL-2.0-only
/*
 * Are kvm_entry and kvm_exit called as this module's probes want it? BTF tells.
 *
 * A tracepoint takes any function for a probe, and KVM changes its prototypes as it likes. The
 * kernel's types are read from /sys/kernel/btf, because the kernel exports no way to ask it. The
 * answer holds until a kvm.ko comes or goes.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "btf.h"
#include "egpr_switch.h"

#define KVM_NAME       "kvm"
#define BTF_DIR	       "/sys/kernel/btf/"
#define BTF_BYTES_MAX  (64 << 20) /* vmlinux's are 4 to 6 MB */
#define PARAMS_ANY     16
#define PARAMS_OF_OURS 2

static bool known; /* of the kvm.ko that is loaded now */

static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *m = data;

	if (!strcmp(m->name, KVM_NAME)) {
		WRITE_ONCE(known, false);
		egpr_own_forget();
	}
	return NOTIFY_DONE;
}

static struct notifier_block module_block = { .notifier_call = on_module };

int egpr_prototype_init(void)
{
	return register_module_notifier(&module_block);
}

void egpr_prototype_exit(void)
{
	unregister_module_notifier(&module_block);
}

/* A whole file, which the caller frees with vfree(); NULL if it cannot be had, with *@why. */
static void *read_whole(const char *path, size_t *size, enum egpr_refusal *why)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	void *data = NULL;
	loff_t len, at = 0;
	ssize_t n = 0;

	if (IS_ERR(file))
		return NULL;
	len = i_size_read(file_inode(file));
	if (len > 0 && len <= BTF_BYTES_MAX) {
		data = egpr_fallible(vmalloc(len));
		if (!data)
			*why = EGPR_REFUSED_NO_MEMORY;
	}
	if (!data)
		goto out;
	do {
		n = kernel_read(file, data + at, len - at, &at);
	} while (n > 0 && at < len);
	*size = at;
out:
	fput(file);
	if (n < 0) {
		vfree(data);
		data = NULL;
	}
	return data;
}

/*
 * Where the kernel checks indirect calls by their type, a probe must take what is passed to it.
 * Elsewhere the rest of the registers may hold what they like.
 */
static unsigned int params_max(void)
{
	return IS_ENABLED(CONFIG_CFI) || IS_ENABLED(CONFIG_CFI_CLANG) ? PARAMS_OF_OURS : PARAMS_ANY;
}

static enum egpr_refusal refusal(const struct egpr_btf *b)
{
	static const char *const names[] = { "btf_trace_kvm_entry", "btf_trace_kvm_exit" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		switch (egpr_btf_prototype(b, names[i], "kvm_vcpu", params_max())) {
		case EGPR_BTF_KNOWN:
			continue;
		case EGPR_BTF_OTHER:
			return EGPR_REFUSED_PROTOTYPE;
		case EGPR_BTF_ABSENT:
			return EGPR_REFUSED_NO_BTF;
		}
	}
	return EGPR_REFUSED_NONE;
}

/**
 * egpr_prototype_refusal - why the probes may not be registered
 *
 * The caller has pinned kvm and serialises calls. Return: EGPR_REFUSED_NONE, or the reason.
 */
enum egpr_refusal egpr_prototype_refusal(void)
{
	enum egpr_refusal why = EGPR_REFUSED_NO_BTF;
	struct egpr_btf kernel, kvm;
	size_t kernel_size, kvm_size;
	void *kernel_data, *kvm_data;

	if (READ_ONCE(known))
		return EGPR_REFUSED_NONE;
	/* No BTF is made for it, but kmod/kvm/edit has read its tracepoints. */
	if (egpr_place_there()) {
		WRITE_ONCE(known, true);
		return EGPR_REFUSED_NONE;
	}
	kernel_data = read_whole(BTF_DIR "vmlinux", &kernel_size, &why);
	kvm_data = read_whole(BTF_DIR KVM_NAME, &kvm_size, &why);
	if (why != EGPR_REFUSED_NO_MEMORY && kernel_data &&
	    egpr_btf_open(&kernel, NULL, kernel_data, kernel_size)) {
		if (!kvm_data)
			why = refusal(&kernel); /* KVM may be built in */
		else if (egpr_btf_open(&kvm, &kernel, kvm_data, kvm_size))
			why = refusal(&kvm);
	}
	vfree(kvm_data);
	vfree(kernel_data);
	WRITE_ONCE(known, why == EGPR_REFUSED_NONE);
	return why;
}
