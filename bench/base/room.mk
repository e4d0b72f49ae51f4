# SPDX-License-Identifier: GPL-2.0-only
CFLAGS_bench/base/share.c += -DEGPR_SOURCE_DIR='"$(CURDIR)"'
