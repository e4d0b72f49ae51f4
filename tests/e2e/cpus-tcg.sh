#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Layers ring0 and kvm on CPU models of QEMU, with SVM: no crash, no hang, no skip without a reason.
# seconds: 40
# timeout: 800
# spare
set -u

cd "$(dirname "$0")/../.." || exit 70
bed=tcg layers='ring0 kvm' seconds=6
. tests/e2e/cpus-system.inc
