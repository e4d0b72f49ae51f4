# SPDX-License-Identifier: GPL-2.0-only
# kmod/: egpr_switch.ko. Kbuild keeps its own dependencies, so kmod/build is always asked.

KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: kmod kmod-mutants dkms dkms-remove
kmod: $(B)/include/egpr/egpr-offsets.h
	$(Q)B='$(B)' V='$(V)' kmod/build '$(KDIR)'

# A module in which chosen strategies are wrong, for the tests that must notice.
kmod-mutants: $(B)/include/egpr/egpr-offsets.h
	$(Q)B='$(B)' V='$(V)' kmod/build '$(KDIR)' tests/bed/mutants

dkms:
	$(Q)kmod/dkms

dkms-remove:
	$(Q)kmod/dkms remove

# Without headers for the running kernel, `make` leaves the module out.
ifeq ($(MODULE)$(HAVE_KERNEL_HEADERS),yesy)
all: kmod
endif

# The part of the module that user space can try.
UNIT_TESTS += $(B)/tests/unit/btf
$(B)/tests/unit/btf: $(B)/kmod/btf.o

LINT_C += $(wildcard kmod/*.c kmod/*.h kmod/kvm/*.[ch])
LINT_SH += kmod/build kmod/probe kmod/dkms kmod/kvm/edit kmod/kvm/edit-operand kmod/kvm/edit-host-rip kmod/kvm/edit-uabi kmod/kvm/source

#: make kmod           build the module for the running kernel, or for KDIR=...
#: make dkms           hand the module to DKMS, which then builds it for every kernel
#: make dkms-remove    take it back

include tests/bed/bed.mk
