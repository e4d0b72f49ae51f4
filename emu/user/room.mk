# SPDX-License-Identifier: GPL-2.0-only
# emu/user/: the user-mode host, linked (libegpruser.a) and preloaded (libegpr-exec.so).

USER_LINKED := $(filter-out $(addprefix emu/user/,interpose.c next.c play.c preload.c),$(wildcard emu/user/*.c))
USER_PRELOADED := $(filter-out emu/user/libc.c emu/user/played.c,$(wildcard emu/user/*.c)) $(wildcard emu/*.c)
USER_LIB := $(B)/libegpruser.a
EXEC_SO := $(B)/libegpr-exec.so

$(USER_LIB): $(USER_LINKED:%.c=$(B)/%.o) $(B)/emu/user/access.o

$(B)/pic/%.o: %.c | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(filter-out -fsanitize=%,$(LAB_CFLAGS)) $(CFLAGS_$<) \
		-fPIC -fvisibility=hidden -c $< -o $@

$(B)/pic/%.o: %.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) -fPIC -c $< -o $@

# initfirst: a library of the program may run APX code in its constructor.
$(EXEC_SO): $(USER_PRELOADED:%.c=$(B)/pic/%.o) $(patsubst %.S,$(B)/pic/%.o,$(wildcard emu/*.S emu/user/*.S))
	$(call say,LD,$@)$(CC) -shared -Wl,-z,initfirst -Wl,-z,defs -Wl,-z,noexecstack $^ -o $@ -lpthread -ldl

LINT_C += $(wildcard emu/user/*.c emu/user/*.h)
all: $(USER_LIB) $(EXEC_SO)

UNIT_TESTS += $(B)/tests/unit/user-flags
$(B)/tests/unit/user-flags: $(B)/tests/unit/user-flags.o $(USER_LIB) $(EMU_LIB)
