// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doctor: can the lab's kernel module be built and loaded here.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include <bench/host/sysfile.h>

#define MODULE_NAME "egpr_switch"
#define COST	    "layers ring0, kvm and vmenter are skipped"

static int exists(const struct doctor *d, const char *format, const char *word)
{
	char path[4096];
	size_t root = strlen(d->root);

	snprintf(path, sizeof(path), "%s", d->root);
	snprintf(path + root, sizeof(path) - root, format, word);
	return !access(path, F_OK);
}

/* EFI's variable: four bytes of attributes, then 1 where the firmware checks what boots. */
static int secure_boot(const struct doctor *d)
{
	char value[8];

	return egpr_sysfile_read(d->root, value, sizeof(value),
				 "/sys/firmware/efi/efivars/"
				 "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c") == 5 &&
	       value[4] == 1;
}

/* Does this kernel refuse modules without a signature that it knows, and by what? */
static int wants_signature(const struct doctor *d, char *by, size_t size)
{
	char lockdown[64], enforce[8];

	egpr_sysfile_read(d->root, lockdown, sizeof(lockdown), "/sys/kernel/security/lockdown");
	egpr_sysfile_choice(lockdown);
	egpr_sysfile_read(d->root, enforce, sizeof(enforce),
			  "/sys/module/module/parameters/sig_enforce");
	if (*lockdown && strcmp(lockdown, "none"))
		snprintf(by, size, "the kernel is locked down (%s%s)", lockdown,
			 secure_boot(d) ? "; Secure Boot is on" : "");
	else if (*enforce == 'Y')
		snprintf(by, size, "the kernel enforces signatures (module.sig_enforce)");
	else
		return 0;
	return 1;
}

void doctor_module(struct doctor *d)
{
	const char *release = d->host.fact[EGPR_HOST_kernel_release];
	char by[160];

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
	if (wants_signature(d, by, sizeof(by))) {
		doctor_say(d, "module", DOCTOR_MEND, COST,
			   "sign " MODULE_NAME ".ko with a key that the machine trusts (mokutil "
			   "--import, kmodsign), or turn Secure Boot off; scripts/boot runs the "
			   "module in an emulated machine meanwhile",
			   "%s and takes no unsigned module; " MODULE_NAME " is not loaded", by);
		return;
	}
	doctor_say(d, "module", DOCTOR_MEND, COST,
		   "make, then as root: insmod build/kmod-$(uname -r)/" MODULE_NAME ".ko",
		   "headers of %s are installed; " MODULE_NAME " is not loaded", release);
}
