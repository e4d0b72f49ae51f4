# SPDX-License-Identifier: GPL-2.0-only
# Guest payloads: runtime + one object each, linked at fixed addresses.
#
# asm/payload/*.S are the exit kinds, one per row of the table; egpr/ holds
# payloads that use r16..r31, test/ those that only tests run, most of which must end badly.

PAYLOAD_DIR := $(B)/payloads
KIND_ELF := $(patsubst asm/payload/%.S,$(PAYLOAD_DIR)/%.elf,$(wildcard asm/payload/*.S))
TEST_ELF := $(patsubst asm/payload/test/%,$(PAYLOAD_DIR)/test/%.elf, \
	$(basename $(wildcard asm/payload/test/*.[Sc])))
EGPR_ELF := $(if $(APX_CC),$(patsubst asm/payload/egpr/%,$(PAYLOAD_DIR)/%.elf, \
	$(basename $(wildcard asm/payload/egpr/*.[Sc]))))

# No prologue, no vector code, no instruction that an interpreting KVM does not know.
GUEST_CFLAGS := -std=gnu11 $(WARN) $(CPPFLAGS) -O2 -g -ffreestanding -mgeneral-regs-only \
	-mno-red-zone -fno-pic -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -MMD -MP
GUEST_LDFLAGS := -static -nostdlib --build-id=none -z noexecstack

$(B)/asm/payload/runtime/payload.ld: asm/payload/runtime/payload.ld include/egpr/guest.h
	@mkdir -p $(@D)
	$(call say,CPP,$@)$(CC) -E -P -x c $(CPPFLAGS) -D__ASSEMBLER__ $< -o $@

$(B)/asm/payload/test/%.o: asm/payload/test/%.c
	@mkdir -p $(@D)
	$(call say,GUESTCC,$@)$(CC) $(GUEST_CFLAGS) -c $< -o $@

# Only an assembler that knows APX can make these; without one they are left out.
$(B)/asm/payload/egpr/%.o: asm/payload/egpr/%.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,GUESTAS,$@)$(APX_CC) $(CPPFLAGS) -DEGPR_AS_APX -MMD -MP -c $< -o $@

$(B)/asm/payload/egpr/%.o: asm/payload/egpr/%.c
	@mkdir -p $(@D)
	$(call say,GUESTCC,$@)$(APX_CC) $(GUEST_CFLAGS) -mapxf -c $< -o $@

PAYLOAD_PARTS := $(B)/asm/payload/runtime/payload.ld $(B)/asm/payload/runtime/runtime.o
define payload_rule
$(1): $(2) $(PAYLOAD_PARTS)
	@mkdir -p $$(@D)
	$$(call say,GUESTLD,$$@)$(LD) $(GUEST_LDFLAGS) -T $(PAYLOAD_PARTS) $(2) -o $$@
endef
$(foreach f,$(KIND_ELF),$(eval $(call payload_rule,$(f),$(f:$(PAYLOAD_DIR)/%.elf=$(B)/asm/payload/%.o))))
$(foreach f,$(TEST_ELF),$(eval $(call payload_rule,$(f),$(f:$(PAYLOAD_DIR)/%.elf=$(B)/asm/payload/%.o))))
$(foreach f,$(EGPR_ELF),$(eval $(call payload_rule,$(f),$(f:$(PAYLOAD_DIR)/%.elf=$(B)/asm/payload/egpr/%.o))))
$(eval $(call payload_rule,$(PAYLOAD_DIR)/runtime/nops.elf,$(B)/asm/payload/runtime/nops.o))

PAYLOADS += $(KIND_ELF) $(TEST_ELF) $(EGPR_ELF)
