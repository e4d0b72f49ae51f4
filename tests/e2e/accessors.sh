#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Handing RIP to an accessor of general-purpose registers does not compile where the type allows, and the
# refused design takes it.
# seconds: 3
set -u

B=${B:-build}
. tests/e2e/tap.inc

# compiles EXPRESSION: over one vCPU of each design.
compiles() {
	cat >"$dir/one.c" <<C
#include <bench/group/accessor.h>
uint64_t f(struct vcpu_regs32 *regs32, struct vcpu_renumbered *renumbered, struct vcpu_rip16 *rip16,
	   struct vcpu_live *live, struct vcpu_memory *memory);
uint64_t f(struct vcpu_regs32 *regs32, struct vcpu_renumbered *renumbered, struct vcpu_rip16 *rip16,
	   struct vcpu_live *live, struct vcpu_memory *memory)
{
	(void)regs32, (void)renumbered, (void)rip16, (void)live, (void)memory;
	return $1;
}
C
	"${CC:-gcc}" -std=gnu11 -Wall -Wextra -I. -Iinclude -I"$B/include" -c "$dir/one.c" -o "$dir/one.o"
}

# refused EXPRESSION: for the type of an argument, and nothing else.
refused() {
	compiles "$1" >"$dir/said" 2>&1 && return 1
	cat "$dir/said"
	[ "$(grep -c 'error:' "$dir/said")" = 1 ] &&
		grep -q 'error: incompatible type for argument 2\|error: passing .* incompatible type' "$dir/said"
}

for design in regs32 renumbered live memory; do
	check "$design: r16 by its number compiles" compiles "${design}_read($design, GPR(16))"
	check "$design: RIP does not" refused "${design}_read($design, GUEST_RIP)"
	check "$design: a plain number, which might be anybody's, does not" refused "${design}_read($design, 16)"
	check "$design: nor does RIP's number in either numbering" refused "${design}_read($design, RENUMBERED_RIP)"
done
check 'RIP has an accessor, which takes no register' refused 'regs32_rip(regs32, GPR(16))'
check 'and which compiles' compiles 'regs32_rip(regs32, GUEST_RIP)'
# The negative control: what the series was refused for.
check 'the refused design takes RIP for a register' compiles 'rip16_read(rip16, RIP16_INDEX)'
echo "1..$n"
