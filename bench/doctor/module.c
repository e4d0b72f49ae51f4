// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doctor: can the lab's kernel module be built and loaded here.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

#define MODULE_NAME "egpr_switch"
#define COST	    "layers ring0, kvm and world are skipped"

static int exists(const struct doctor *d, const char *format, const char *word)
{
	char path[4096];
	size_t root = strlen(d->root);

	snprintf(path, sizeof(path), "%s", d->root);
	snprintf(path + root, sizeof(path) - root, format, word);
	return !access(path, F_OK);
}

void doctor_module(struct doctor *d)
{
	const char *release = d->host.fact[EGPR_HOST_kernel_release];

	d->module = exists(d, "/sys/module/%s", MODULE_NAME);
	if (d->module) {
		doctor_say(d, "module", DOCTOR_FINE, "", "", MODULE_NAME " is loaded");
		return;
	}
	if (!exists(d, "/proc/%s", "modules")) {
		doctor_say(d, "module", DOCTOR_LACK, COST,
			   "boot a kernel with CONFIG_MODULES; scripts/boot runs the module in an "
			   "emulated machine meanwhile",
			   "this kernel (%s) cannot load modules", release);
		return;
	}
	if (!exists(d, "/lib/modules/%s/build/Makefile", release)) {
		doctor_say(d, "module", DOCTOR_MEND, COST,
			   "install the headers of the running kernel (Debian: linux-headers-"
			   "$(uname -r)), then make and load the module",
			   "kernel headers of %s are not installed, so the module cannot be built",
			   release);
		return;
	}
	doctor_say(d, "module", DOCTOR_MEND, COST,
		   "make, then as root: insmod build/kmod-$(uname -r)/" MODULE_NAME ".ko",
		   "headers of %s are installed; " MODULE_NAME " is not loaded", release);
}
