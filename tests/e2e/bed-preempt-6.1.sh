#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A fully preemptible 6.1 kernel on SVM: kvm_exit has interrupts on, so the module must refuse.
# seconds: 10
# timeout: 900
# spare
set -u
. tests/e2e/bed.inc
export CPUS=2 APPEND=preempt=full
bed tcg 6.1 preempt
