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
