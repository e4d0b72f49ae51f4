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

VMM_TESTS := $(B)/tests/unit/vmm-elf $(B)/tests/unit/vmm-kinds $(B)/tests/unit/vmm-emulate
UNIT_TESTS += $(VMM_TESTS)
$(VMM_TESTS): $(VMM_LIB) $(EMU_LIB) $(ASM_LIB)
$(VMM_TESTS): | $(PAYLOADS)
