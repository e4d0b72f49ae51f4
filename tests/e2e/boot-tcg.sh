#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The QEMU machines: a command's status, output and files come back, KVM is
# loaded, and a machine that ends without a status is never a success.
# seconds: 12
# timeout: 900
bed=tcg
. tests/e2e/boot.inc
