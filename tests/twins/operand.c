// SPDX-License-Identifier: GPL-2.0-only
/*
 * One operand as llvm-objdump writes it, in AT&T syntax.
 */
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "operand.h"

static int reg_number(const char *name, size_t len, bool *wide)
{
	static const char *const legacy[][2] = {
		{ "eax", "rax" }, { "ecx", "rcx" }, { "edx", "rdx" }, { "ebx", "rbx" },
		{ "esp", "rsp" }, { "ebp", "rbp" }, { "esi", "rsi" }, { "edi", "rdi" },
	};
	char *end;
	long n;

	for (int i = 0; i < 8; i++) {
		for (int w = 0; w < 2; w++) {
			*wide = w;
			if (len == 3 && !strncmp(name, legacy[i][w], 3))
				return i;
		}
	}
	n = strtol(name + 1, &end, 10);
	*wide = end == name + len;
	if (name[0] != 'r' || n < 8 || n >= NR_REGS ||
	    (!*wide && (*end != 'd' || end + 1 != name + len)))
		return -1;
	return (int)n;
}

const char *operand_parse(const char *text, struct operand *op)
{
	char *end;
	size_t len;
	bool wide;

	if (*text == '$') {
		op->kind = IMMEDIATE;
		op->value = strtoull(text + 1, &end, 0);
		return end;
	}
	if (*text == '%') {
		len = strcspn(text + 1, ",");
		op->kind = REGISTER;
		op->reg = reg_number(text + 1, len, &op->wide);
		return op->reg < 0 ? NULL : text + 1 + len;
	}
	op->kind = MEMORY;
	op->value = strtoull(text, &end, 0);
	len = strcspn(end, ")");
	if (end[0] != '(' || end[1] != '%' || !end[len])
		return NULL;
	op->reg = reg_number(end + 2, len - 2, &wide);
	return op->reg < 0 || !wide ? NULL : end + len + 1;
}
