/* SPDX-License-Identifier: GPL-2.0-only */
/* uncond-mov with the host's XCR0 late, alone in its build: every other strategy is right. */
#include "../mutants/uncond-mov.S"
