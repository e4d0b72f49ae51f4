# SPDX-License-Identifier: GPL-2.0-only
# Programs and payloads that run inside the beds, started by tests/bed/run.

BED_PAYLOADS := $(patsubst asm/payload/%.S,$(B)/payloads/state/%.elf,$(wildcard asm/payload/*.S))
BED_PROGRAMS := $(addprefix $(B)/tests/bed/,proof prototype hard fuzz pathlen exits contract fpu fallible own immediate uabi xstate planted)

$(B)/asm/payload/state/%.o: asm/payload/%.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) -DPAYLOAD_STATE -c $< -o $@
$(BED_PAYLOADS): $(B)/payloads/state/%.elf: $(B)/asm/payload/state/%.o $$(PAYLOAD_PARTS)
	@mkdir -p $(@D)
	$(call say,GUESTLD,$@)$(LD) $(GUEST_LDFLAGS) -T $(PAYLOAD_PARTS) $< -o $@

$(BED_PROGRAMS): $(B)/tests/bed/%: $(B)/tests/bed/%.o $(B)/tests/bed/tap.o $(addprefix $(B)/bench/layer/,edited.o module_guest.o module.o look.o own.o) $(B)/bench/base/error.o \
		$(B)/bench/plan/axis.o $(B)/bench/plan/context.o $$(VMM_LIB) $$(EMU_LIB) $(ASM_LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@ -lpthread

$(B)/tests/bed/contract: $(addprefix $(B)/bench/,proof/contract.o proof/contract_module.o layer/standin.o base/cpuid.o base/share.o) $(B)/asm/contract-call.o
$(B)/tests/bed/uabi: $(B)/bench/group/uabi_kvm.o
$(B)/tests/bed/fpu: $(addprefix $(B)/bench/,layer/standin.o base/cpuid.o)

# Also run where no bed is: tests/e2e/vmm-sums.sh.
$(B)/tests/bed/sums: $(B)/tests/bed/sums.o $(B)/tests/bed/sums-step.o $(B)/tests/bed/tap.o $(BENCH_LINK)
	$(call say,LD,$@)$(CXX) $(LDFLAGS) $^ -o $@ $(BENCH_LIBS)
TEST_TOOLS += $(B)/tests/bed/sums

# Layer kvm itself, as the command has it.
$(B)/tests/bed/walks: $(B)/tests/bed/walks.o $(B)/tests/bed/tap.o $(BENCH_LINK)
	$(call say,LD,$@)$(CXX) $(LDFLAGS) $^ -o $@ $(BENCH_LIBS)
TEST_TOOLS += $(B)/tests/bed/walks

# Under the name of the exit kind that it is opened as.
OPERAND_ELF := $(B)/payloads/operand/wrmsrns-imm-tsc-deadline-vex.elf
$(OPERAND_ELF): $(B)/asm/payload/test/operand.o $$(PAYLOAD_PARTS)
	@mkdir -p $(@D)
	$(call say,GUESTLD,$@)$(LD) $(GUEST_LDFLAGS) -T $(PAYLOAD_PARTS) $< -o $@
PAYLOADS += $(OPERAND_ELF)

TURNS_ELF := $(B)/payloads/turns/xsetbv.elf
$(TURNS_ELF): $(B)/asm/payload/test/xcr0-turns.o $$(PAYLOAD_PARTS)
	@mkdir -p $(@D)
	$(call say,GUESTLD,$@)$(LD) $(GUEST_LDFLAGS) -T $(PAYLOAD_PARTS) $< -o $@
PAYLOADS += $(TURNS_ELF)

# egprlab proves layer kvm with these payloads too.
PAYLOADS += $(BED_PAYLOADS)
TEST_TOOLS += $(BED_PROGRAMS)
LINT_C += $(wildcard tests/bed/*.c tests/bed/*.h tests/bed/*/*.h tests/bed/planted/*.c)
LINT_SH += tests/bed/run tests/bed/uabi-edited tests/bed/vmenter.inc tests/bed/immediate.inc tests/bed/check-path
