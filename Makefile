# SPDX-License-Identifier: GPL-2.0-only
# egpr-lab: `make bench` measures, `make check` tests, `make help` lists the rest.
#
# Each room has a room.mk that adds its objects to the variables below; nothing
# is built outside $(B). V=1 shows commands, SAN=1 builds with ASan and UBSan
# into $(B)/san, MODULE=no leaves the kernel module out.

B ?= build
V ?= 0
MODULE ?= yes
TOP_B := $(B)
override B := $(B)$(if $(SAN),/san)

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' '$(1)' '$(patsubst $(B)/%,%,$(2))';)

, := ,
CC ?= gcc
CXX ?= g++
AR ?= ar
, := ,
WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wundef -Wvla
SANFLAGS := $(if $(SAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
CPPFLAGS := -Iinclude -I$(B)/include -D_GNU_SOURCE
CFLAGS ?= -O2 -g
LAB_CFLAGS := -std=gnu11 $(WARN) $(CPPFLAGS) $(CFLAGS) $(SANFLAGS) -MMD -MP
LAB_CXXFLAGS := -std=c++17 -Wall -Wextra -Werror $(CPPFLAGS) $(CFLAGS) $(SANFLAGS) -MMD -MP
LAB_ASFLAGS := $(CPPFLAGS) -g -MMD -MP
LDFLAGS += $(SANFLAGS)

# What the rooms add to:
PROGRAMS :=# executables, $(B)/...
PAYLOADS :=# guest ELF files, $(B)/payloads/...
UNIT_TESTS :=# cmocka executables, $(B)/tests/unit/...
TEST_TOOLS :=# other executables that tests run
LINT_C :=# C sources for clang-format, clang-tidy and cppcheck
LINT_SH :=# shell sources for shellcheck

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# Feature probes. Remade whenever the probes or the installed packages change.
$(B)/config.mk: scripts/probe $(wildcard $(TOP_B)/deps-*.stamp)
	@mkdir -p $(@D)
	@CC='$(CC)' scripts/probe >$@.$$$$ && mv $@.$$$$ $@

GOALS := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out help clean bench check first-day,$(GOALS)),)
include $(B)/config.mk
endif
include $(sort $(wildcard */room.mk */*/room.mk))

.PHONY: all
all: $(PROGRAMS) $(PAYLOADS)

.PHONY: build-tests
build-tests: all $(UNIT_TESTS) $(TEST_TOOLS)

$(B)/%.o: %.c | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(LAB_CFLAGS) $(CFLAGS_$<) -c $< -o $@

$(B)/%.o: %.cc
	@mkdir -p $(@D)
	$(call say,CXX,$@)$(CXX) $(LAB_CXXFLAGS) -c $< -o $@

$(B)/%.o: %.S | $(B)/include/egpr/egpr-offsets.h
	@mkdir -p $(@D)
	$(call say,AS,$@)$(CC) $(LAB_ASFLAGS) $(CFLAGS_$<) -c $< -o $@

$(B)/%.a:
	@mkdir -p $(@D)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# Libraries beyond the archives: LIBS_<name>. Archives stand twice for their cycles.
$(UNIT_TESTS): $(B)/tests/unit/%: $(B)/tests/unit/%.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(filter %.a,$^) -o $@ -lcmocka $(LIBS_$*)

-include $(shell find $(B) \( -path '$(B)/san' -o -path '$(B)/kmod-*' -o -path '$(B)/kvm-*' -o -path '$(B)/fresh' -o -path '$(B)/suite' \) -prune -o -type f -name '*.d' -print 2>/dev/null)

# The goals that start from a bare machine: first the packages, then a make that
# probes what is there by then.
PARALLEL = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: bench check first-day lint lint-files
first-day:
	@BUILD_DIR=$(TOP_B) scripts/deps bench
	@$(MAKE) --no-print-directory $(PARALLEL) $@-after-deps
check: export CHECK_STARTED := $(shell date +%s)
bench check:
	@BUILD_DIR=$(TOP_B) scripts/deps $@
	@$(MAKE) --no-print-directory $(PARALLEL) $@-after-deps

.PHONY: bench-after-deps
bench-after-deps: all
	@B=$(B) MODULE=$(MODULE) scripts/bench

# The programs that are compiled with -mapxf are among the test tools.
.PHONY: first-day-after-deps
first-day-after-deps: all $(APX_PROGRAMS)
	@B=$(B) MODULE=$(MODULE) scripts/first-day

.PHONY: check-after-deps unit-tests
check-after-deps: build-tests
	@$(MAKE) --no-print-directory SAN=1 unit-tests
	@B=$(B) tests/run $(UNIT_TESTS) $(UNIT_TESTS:$(B)/%=$(B)/san/%) $(E2E_TESTS)

unit-tests: $(UNIT_TESTS)
	@:

lint: all
	@B=$(B) scripts/lint

# `c FILE FLAGS...` and `sh FILE`, for scripts/lint.
lint-files:
	@:
	$(foreach f,$(sort $(LINT_C)),$(info c $(f) $(filter -I% -D%,$(LAB_CFLAGS)) $(CFLAGS_$(f))))
	$(foreach f,$(sort $(LINT_SH)),$(info sh $(f)))

.PHONY: clean
clean:
	$(Q)rm -rf $(B)

.PHONY: help
help:
	@sed -n 's/^#: \{0,1\}//p' $(MAKEFILE_LIST)

#: make bench          install what is missing, build, measure, plot, report
#: make check          install what is missing, build, run every test that can run here;
#:                     CHECK_MINUTES=N: what is spare must end by then (20; 0: no end)
#: make first-day      on a CPU with APX: prove, measure, hold the stand-ins against it, one archive; DRY=1 rehearses
#: make                build everything that this host has the tools for
#: make lint           clang-format, clang-tidy, cppcheck, shellcheck, house rules, arrows between rooms
#: make clean          remove the build directory
#: make help           this list
#:
#: V=1  show commands      SAN=1  ASan and UBSan      B=DIR  build elsewhere      MODULE=no  no kernel module
