# SPDX-License-Identifier: GPL-2.0-only
# tests/selftest/: the program for the kernel's KVM selftests, built here against a library of ours.

SELFTEST := $(B)/tests/selftest/apx_state_test
SELFTEST_OBJ := $(SELFTEST).o $(patsubst %.c,$(B)/%.o,$(wildcard tests/selftest/shim/*.c))

# Its guests are functions of it: code that a KVM which interprets the guest knows, and no calls of the libc.
CFLAGS_tests/selftest/apx_state_test.c := -Itests/selftest/shim -Wno-missing-prototypes -Wno-unused-parameter \
	-Wno-missing-field-initializers -fcf-protection=none -fno-pic -fno-stack-protector \
	-mgeneral-regs-only -mno-red-zone -minline-all-stringops
SELFTEST_SHIM := $(wildcard tests/selftest/shim/*.c)
$(foreach f,$(SELFTEST_SHIM),$(eval CFLAGS_$(f) := -fno-pic))

# At fixed addresses: a guest finds everything where it is here.
$(SELFTEST): $(SELFTEST_OBJ) $(B)/bench/group/uabi_model.o $$(VMM_LIB) $$(USER_LIB) $$(EMU_LIB) $$(ASM_LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -static -no-pie -Wl,--wrap=syscall $^ $(filter %.a,$^) -o $@ -lpthread
$(SELFTEST): | $(PAYLOADS)
ifeq ($(SAN),)
TEST_TOOLS += $(SELFTEST)
endif
LINT_C += $(wildcard tests/selftest/*.c tests/selftest/shim/*.[ch])
