# SPDX-License-Identifier: GPL-2.0-only
# vmm-mini/: the VMM as library and command, and the payloads it runs.

include asm/payload/payload.mk

# Objects lie under vmm/: the command itself is $(B)/vmm-mini.
VMM_COMMAND_OBJ := $(B)/vmm/main.o $(B)/vmm/command.o
VMM_OBJ := $(filter-out $(VMM_COMMAND_OBJ),$(patsubst vmm-mini/%.c,$(B)/vmm/%.o,$(wildcard vmm-mini/*.c)))
VMM_LIB := $(B)/libvmm.a

$(B)/vmm/%.o: vmm-mini/%.c | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(LAB_CFLAGS) -c $< -o $@

$(B)/vmm/nops-image.o: vmm-mini/nops-image.S $(PAYLOAD_DIR)/runtime/nops.elf
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) -DNOPS_ELF='"$(PAYLOAD_DIR)/runtime/nops.elf"' -c $< -o $@

$(VMM_LIB): $(VMM_OBJ) $(B)/vmm/nops-image.o

$(B)/vmm-mini: $(VMM_COMMAND_OBJ) $(VMM_LIB) $(EMU_LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@

PROGRAMS += $(B)/vmm-mini
LINT_C += $(wildcard vmm-mini/*.[ch] asm/payload/*/*.c)

VMM_TESTS := $(B)/tests/unit/vmm-elf $(B)/tests/unit/vmm-kinds $(B)/tests/unit/vmm-emulate $(B)/tests/unit/vmm-walk $(B)/tests/unit/vmm-apx
UNIT_TESTS += $(VMM_TESTS)
$(VMM_TESTS): $(VMM_LIB) $(EMU_LIB) $(ASM_LIB)
$(VMM_TESTS): | $(PAYLOADS)

# libFuzzer on the guest host's fault path: bounded in `make check`, long in `make fuzz-guest`.
GUEST_FUZZ := $(B)/tests/fuzz/guest-host
GUEST_FUZZ_FLAGS := -std=gnu11 -D_GNU_SOURCE -Iinclude -O1 -g \
	-fsanitize=fuzzer$(,)address$(,)undefined -fno-sanitize-recover=all
$(GUEST_FUZZ): tests/fuzz/guest-host.c $(addprefix vmm-mini/,emulate.c native.c error.c) \
		$(EMU_CORE) emu/native.c emu/native-call.S $(wildcard vmm-mini/*.h emu/*.h include/egpr/*.h)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(APX_CC) $(GUEST_FUZZ_FLAGS) $(filter %.c %.S,$^) -o $@
ifneq ($(HAVE_FUZZER),)
TEST_TOOLS += $(GUEST_FUZZ)
endif

# The faults of native execution belong to the guest: libFuzzer must leave them alone.
.PHONY: fuzz-guest
fuzz-guest: $(GUEST_FUZZ)
	$(Q)mkdir -p $(B)/fuzz/guest-host
	$(Q)$(GUEST_FUZZ) -handle_ill=0 -handle_segv=0 -handle_fpe=0 -handle_bus=0 -max_len=144 \
		-max_total_time=$(or $(FUZZ_SECONDS),3600) $(B)/fuzz/guest-host tests/fuzz/corpus/guest-host

#: make fuzz-guest     libFuzzer on the emulator's guest host, FUZZ_SECONDS=3600
