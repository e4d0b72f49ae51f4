// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that a test build plants around the place in KVM's vmenter.S:
 *
 *   fail_entry	1: the next entry fails for a field of the host's state, 2: for a control field (VMX)
 *   nmis	1: an NMI comes whenever KVM has given XCR0 to the guest and before it takes it back, and its
 *		handler uses r16, as a kernel built with APX might
 *
 * nmi_seen tells, since `nmis` was written last: NMIs behind the switch to the guest's XCR0, those that would
 * have faulted, and the same between VM exit and the switch back. Where the global interrupt flag is clear (SVM) they come when it
 * is set again.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <asm/apic.h>
#include <asm/desc.h>
#include <asm/ibt.h>
#include <asm/nmi.h>
#include <asm/special_insns.h>
#include <asm/trapnr.h>

#include "egpr_switch.h"

#define HOST_CS_SELECTOR 0x0c02
#define CR3_TARGET_COUNT 0x400a
#define TOO_MANY_TARGETS 0xffff
#define PATIENCE	 1000	     /* turns until an NMI counts as held back */
#define CR4_FRED	 BIT_ULL(32) /* events go by no IDT */

static int fail_entry;
module_param(fail_entry, int, 0600);
MODULE_PARM_DESC(fail_entry, "Let the next VM entry fail: 1 host state, 2 control field");

/* What an entry was made to fail with, until the next one. */
static unsigned long broken_field, broken_value;

static unsigned long vmread(unsigned long field)
{
	unsigned long value;

	asm volatile("vmread %1, %0" : "=r"(value) : "r"(field) : "cc");
	return value;
}

static void vmwrite(unsigned long field, unsigned long value)
{
	asm volatile("vmwrite %1, %0" : : "r"(field), "r"(value) : "cc");
}

/* Behind kvm_entry: this vCPU's VMCS is the current one. */
void egpr_planted_entry(struct egpr_session *s)
{
	if (egpr_backend() != EGPR_HAS_VMX)
		return;
	if (broken_field)
		vmwrite(broken_field, broken_value);
	broken_field = 0;
	if (!fail_entry || !s->armed)
		return;
	broken_field = fail_entry == 1 ? HOST_CS_SELECTOR : CR3_TARGET_COUNT;
	broken_value = vmread(broken_field);
	vmwrite(broken_field, fail_entry == 1 ? 0 : TOO_MANY_TARGETS);
	fail_entry = 0;
}

/* Of the one vCPU that a test runs. */
static struct {
	struct egpr_session *s; /* while its XCR0 is the guest's */
	bool behind_exit;
	unsigned int entries;
	unsigned int came[2], faults[2];
} storm;
static int nmis, mcs;

/* The handler, with whatever XCR0 the CPU has. */
static void use_r16(struct egpr_session *s)
{
	u64 ud = s->counters.ud, emulated = s->counters.emulated, value;

	egpr_virtual_enter(s);
	asm volatile(".byte 0xd5, 0x48, 0x89, 0xc0" : "=a"(value)); /* mov %r16, %rax */
	if (s->counters.ud != ud)
		storm.faults[storm.behind_exit]++;
	if (s->counters.ud != ud || s->counters.emulated != emulated)
		storm.came[storm.behind_exit]++;
	s->counters.ud = ud;
	s->counters.emulated = emulated;
}

static int on_nmi(unsigned int cmd, struct pt_regs *regs)
{
	struct egpr_session *s = storm.s;

	if (!nmis || !s)
		return NMI_DONE;
	use_r16(s);
	return NMI_HANDLED;
}

void egpr_planted_mc(void);
void egpr_planted_at_mc(void);

void egpr_planted_at_mc(void)
{
	use_r16(storm.s);
}

/* What the gate leads to: the CPU has pushed five words on a stack of 16 bytes' alignment. */
asm(".pushsection .text\n"
    ".type egpr_planted_mc, @function\n"
    "egpr_planted_mc:\n\t" ASM_ENDBR "push %rax; push %rcx; push %rdx; push %rsi; push %rdi\n\t"
    "push %r8; push %r9; push %r10; push %r11\n\t"
    "cld\n\t"
    "call egpr_planted_at_mc\n\t"
    "pop %r11; pop %r10; pop %r9; pop %r8\n\t"
    "pop %rdi; pop %rsi; pop %rdx; pop %rcx; pop %rax\n\t"
    "iretq\n"
    ".size egpr_planted_mc, . - egpr_planted_mc\n"
    ".popsection");
STACK_FRAME_NON_STANDARD(egpr_planted_mc);

// cppcheck-suppress syntaxError ; it does not see the kernel's headers
static gate_desc idt[IDT_ENTRIES] __aligned(PAGE_SIZE);

/* By an IDT that is the CPU's but for where that one gate leads. Interrupts are off. */
static void machine_check(void)
{
	struct desc_ptr own = { .size = sizeof(idt) - 1, .address = (unsigned long)idt };
	unsigned long to = (unsigned long)egpr_planted_mc;
	gate_desc *gate = &idt[X86_TRAP_MC];
	struct desc_ptr cpu;

	asm volatile("sidt %0" : "=m"(cpu));
	memcpy(idt, (const void *)cpu.address, min_t(size_t, cpu.size + 1, sizeof(idt)));
	gate->offset_low = (u16)to;
	gate->offset_middle = (u16)(to >> 16);
	gate->offset_high = (u32)(to >> 32);
	asm volatile("lidt %0\n\tint %2\n\tlidt %1"
		     :
		     : "m"(own), "m"(cpu), "i"(X86_TRAP_MC)
		     : "memory");
}

/* Interrupts are off. Behind KVM's switch to the guest's XCR0, before that to the host's. */
void egpr_planted_xcr0(struct egpr_session *s, bool guest)
{
	unsigned int turns = 0, before;

	/* At each entry none would come far: on SVM an NMI that waits ends the guest at once. */
	if ((!nmis && !mcs) || (guest && storm.entries++ % 2))
		return;
	storm.s = s;
	storm.behind_exit = !guest;
	if (mcs) {
		machine_check();
		return;
	}
	before = storm.came[!guest];
	apic->send_IPI(raw_smp_processor_id(), NMI_VECTOR);
	while (READ_ONCE(storm.came[!guest]) == before && turns++ < PATIENCE)
		cpu_relax();
}

static int set_nmis(const char *value, const struct kernel_param *p)
{
	int old = nmis, err = param_set_int(value, p);

	if (err)
		return err;
	if (nmis && !old) {
		memset(&storm, 0, sizeof(storm));
		return register_nmi_handler(NMI_LOCAL, on_nmi, 0, "egpr_planted");
	}
	if (!nmis && old)
		unregister_nmi_handler(NMI_LOCAL, "egpr_planted");
	return 0;
}

static const struct kernel_param_ops nmis_ops = { .set = set_nmis, .get = param_get_int };
module_param_cb(nmis, &nmis_ops, &nmis, 0600);
MODULE_PARM_DESC(nmis, "Send NMIs while XCR0 is the guest's");

static int set_mcs(const char *value, const struct kernel_param *p)
{
	if (egpr_backend() != EGPR_HAS_VMX || (native_read_cr4() & CR4_FRED))
		return -ENODEV;
	memset(&storm, 0, sizeof(storm));
	return param_set_int(value, p);
}

static const struct kernel_param_ops mcs_ops = { .set = set_mcs, .get = param_get_int };
module_param_cb(mcs, &mcs_ops, &mcs, 0600);
MODULE_PARM_DESC(mcs, "Raise #MC while XCR0 is the guest's");

static int get_seen(char *buffer, const struct kernel_param *p)
{
	return sysfs_emit(buffer, "%u %u %u %u\n", storm.came[0], storm.faults[0], storm.came[1],
			  storm.faults[1]);
}

static const struct kernel_param_ops seen_ops = { .get = get_seen };
module_param_cb(seen, &seen_ops, NULL, 0400);
MODULE_PARM_DESC(seen, "What came, and faults: behind the switch to the guest's XCR0, and VM exit");
