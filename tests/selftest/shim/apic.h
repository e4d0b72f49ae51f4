/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's x86 apic.h, as far as apx_state_test.c goes. See shim.h. */
#ifndef SHIM_APIC_H
#define SHIM_APIC_H

#include "processor.h"

/* SDM vol. 3, 11.12; vol. 4 for the MSRs. */
#define MSR_APIC_BASE	0x1b
#define APIC_BASE_X2	0xc00 /* enabled, x2APIC */
#define X2APIC_BASE_MSR 0x800
#define APIC_SPIV	0xf0
#define APIC_SPIV_ON	0x1ff
#define APIC_LVTT	0x320
#define APIC_LVT_MASKED (1u << 16)

static inline void x2apic_write_reg(unsigned int reg, uint64_t value)
{
	wrmsr(X2APIC_BASE_MSR + (reg >> 4), value);
}

static inline void x2apic_enable(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_X2);
	x2apic_write_reg(APIC_SPIV, APIC_SPIV_ON);
}

#endif /* SHIM_APIC_H */
