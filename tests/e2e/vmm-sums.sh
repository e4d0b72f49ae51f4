#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Sums in vector and x87 registers of the VMM's thread and of its guest are exact over many exits, with every
# strategy around KVM_RUN. tests/bed/run runs the same program in the beds.
# seconds: 2
set -u
cd "$(dirname "$0")/../.." || exit 70
export B="${B:-build}"
exec "$B/tests/bed/sums"
