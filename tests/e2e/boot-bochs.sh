#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The Bochs machines: a command's status, output and files come back, KVM is
# loaded, and a machine that ends without a status is never a success.
# seconds: 60
# timeout: 900
# spare
bed=bochs
. tests/e2e/boot.inc
