// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doctor: what all findings come to.
 */
#include "doctor.h"

const char *doctor_verdict(const struct doctor *d)
{
	if (d->played)
		return "egprlab exec plays a CPU with APX: form hw can be proved, nothing can be timed";
	if (d->kvm_error.status)
		return d->apx ? "sequence costs can be measured here on real APX; no guest runs "
				"here, so exits cannot be measured"
			      : "sequence costs can be measured here, on stand-ins for APX; no guest "
				"runs here, so neither exits nor state proofs can be had";
	if (!d->kvm.representative)
		return d->apx ? "sequence costs can be measured here on real APX; exits can be run "
				"but say nothing about hardware, because this KVM interprets guest "
				"code"
			      : "sequence costs can be measured here, on stand-ins for APX; exits can "
				"be run but say nothing about hardware, because this KVM interprets "
				"guest code";
	if (!d->apx)
		return "sequences, and exits of real hardware, can be measured here, with stand-ins "
		       "for APX";
	return "everything can be measured here, on real APX";
}
