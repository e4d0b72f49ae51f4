# SPDX-License-Identifier: GPL-2.0-only
BENCH_TESTS += group/accessors group/uabi group/uabi-ioctl
# Kernels with retpolines have no jump tables: sixteen cases are chosen by halves.
CFLAGS_bench/group/accessor.c += -fno-jump-tables
