# SPDX-License-Identifier: GPL-2.0-only
# emu/: APX in software. One set of sources, two libraries: libegpremu.a for
# hosts with a libc and executable memory, libegpremu-free.a as guests and the
# kernel have to compile it.

EMU_CORE := $(filter-out emu/native.c,$(wildcard emu/*.c))
EMU_LIB := $(B)/libegpremu.a
EMU_FREE := $(B)/libegpremu-free.a
EMU_FREE_CFLAGS := -std=gnu11 $(WARN) -Iinclude -O2 -g -ffreestanding -mgeneral-regs-only \
	-mno-red-zone -fno-pic -fno-stack-protector -MMD -MP

$(EMU_LIB): $(EMU_CORE:%.c=$(B)/%.o) $(B)/emu/native.o $(B)/emu/native-call.o
$(B)/emu/free/%.o: emu/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(EMU_FREE_CFLAGS) -c $< -o $@
$(EMU_FREE): $(EMU_CORE:emu/%.c=$(B)/emu/free/%.o)

LINT_C += $(wildcard emu/*.c emu/*.h)
all: $(EMU_LIB) $(EMU_FREE)

# Proofs: the decoder against LLVM, execution against the CPU and against an oracle.
$(B)/tests/emu/decode-llvm: $(B)/tests/emu/decode-llvm.o $(EMU_LIB)
$(B)/tests/emu/diff-rex2: $(B)/tests/emu/diff-rex2.o $(B)/tests/emu/diff.o $(B)/tests/emu/machine.o \
	$(B)/tests/emu/ref.o $(EMU_LIB)
$(B)/tests/emu/diff-map4: $(B)/tests/emu/diff-map4.o $(B)/tests/emu/diff.o $(B)/tests/emu/machine.o $(EMU_LIB)
EMU_PROOFS := $(B)/tests/emu/decode-llvm $(B)/tests/emu/diff-rex2 $(B)/tests/emu/diff-map4
$(EMU_PROOFS):
	$(call say,LD,$@)$(CC) $(LDFLAGS) $^ -o $@
TEST_TOOLS += $(EMU_PROOFS)

# 10^8 random cases; prints the count it reached.
DIFF_CASES ?= 100000000
.PHONY: diff
diff: $(EMU_PROOFS)
	$(Q)$(B)/tests/emu/diff-rex2 --cases $(DIFF_CASES) --seed $(or $(SEED),1)
	$(Q)$(B)/tests/emu/diff-map4 --cases $(DIFF_CASES) --seed $(or $(SEED),1)

#: make diff           emulated against native execution and an oracle, 10^8 cases each

UNIT_TESTS += $(B)/tests/unit/emu $(B)/tests/unit/emu-xstate
$(B)/tests/unit/emu-xstate: $(B)/tests/unit/emu-xstate.o $(EMU_LIB)
$(B)/tests/unit/emu: $(B)/tests/unit/emu.o $(B)/tests/emu/machine.o $(EMU_LIB)

# libFuzzer on decoder and executor: bounded in `make check`, an hour in `make fuzz`.
FUZZ_SECONDS ?= 3600
FUZZ_FLAGS := -std=gnu11 -Iinclude -O1 -g -fsanitize=fuzzer$(,)address$(,)undefined \
	-fno-sanitize-recover=all
$(B)/tests/fuzz/emu: tests/fuzz/emu.c $(EMU_CORE) $(wildcard emu/*.h)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(APX_CC) $(FUZZ_FLAGS) $(filter %.c,$^) -o $@
ifneq ($(HAVE_FUZZER),)
TEST_TOOLS += $(B)/tests/fuzz/emu
endif

.PHONY: fuzz
fuzz: $(B)/tests/fuzz/emu
	$(Q)mkdir -p $(B)/fuzz/emu
	$(Q)$(B)/tests/fuzz/emu -max_total_time=$(FUZZ_SECONDS) -max_len=64 -print_final_stats=1 \
		$(B)/fuzz/emu tests/fuzz/corpus/emu

#: make fuzz           libFuzzer on the emulator core, FUZZ_SECONDS=3600; findings land here
