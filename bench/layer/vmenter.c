// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layer vmenter: the strategies inside KVM's own __vmx_vcpu_run and __svm_vcpu_run, in a KVM that
 * scripts/kvm-build has built with a place for them.
 *
 * Everything else is as in layer kvm: the same guest, the same probes, which here only count and say
 * whose turn it is. The edited KVM is loaded when the layer is first asked whether it can run, and
 * whenever a cell of it is opened; a cell of another layer has the distribution's loaded again.
 */
#include <stdlib.h>

#include "edited.h"
#include "kvm.h"

static int vmenter_probe(const struct layer_env *env, void **host, struct data_error *e)
{
	int ret = edited_kvm_use(true, e);

	return ret ? ret : layer_kvm_probe(env, host, e);
}

static void vmenter_release(void *host)
{
	struct data_error e;

	free(host);
	if (edited_kvm_use(false, &e))
		fprintf(stderr, "egprlab: %s\n", e.text);
}

const struct layer_ops layer_vmenter_ops = {
	.layer = EGPR_LAYER_VMENTER,
	.guest = true,
	.probe = vmenter_probe,
	.check_cell = layer_kvm_check_cell,
	.check_arm = layer_kvm_check_arm,
	.check_own = layer_kvm_check_own,
	.open = layer_kvm_open,
	.batch = layer_kvm_batch,
	.close = layer_kvm_close,
	.release = vmenter_release,
};
