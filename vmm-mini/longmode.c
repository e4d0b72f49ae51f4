// SPDX-License-Identifier: GPL-2.0-only
/*
 * 64-bit mode without a boot: page tables, GDT and TSS made in guest memory, and the
 * system registers set as if a kernel had loaded them.
 *
 * The first GiB is identity-mapped by 2 MiB pages, but only where there is memory and
 * in the window at its end; a stray address faults. Everything is reachable from
 * CPL 3: the guest has nothing to protect from itself.
 */
#include <string.h>

#include "internal.h"

/* Page-table entry bits (SDM vol. 3, 4.5.4). */
#define PTE_P  (1ULL << 0)
#define PTE_W  (1ULL << 1)
#define PTE_U  (1ULL << 2)
#define PTE_A  (1ULL << 5)
#define PTE_D  (1ULL << 6)
#define PTE_PS (1ULL << 7)
#define TABLE  (PTE_P | PTE_W | PTE_U | PTE_A)
#define LARGE  (TABLE | PTE_D | PTE_PS)

#define LARGE_PAGE (2u << 20)

/* Control registers (SDM vol. 3, 2.5). */
#define CR0_PE	       (1u << 0)
#define CR0_MP	       (1u << 1)
#define CR0_ET	       (1u << 4)
#define CR0_NE	       (1u << 5)
#define CR0_WP	       (1u << 16)
#define CR0_AM	       (1u << 18)
#define CR0_PG	       (1u << 31)
#define CR4_PAE	       (1u << 5)
#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_OSXSAVE    (1u << 18)
#define EFER_SCE       (1u << 0)
#define EFER_LME       (1u << 8)
#define EFER_LMA       (1u << 10)

/* Descriptor types (SDM vol. 3, 3.4.5.1 and 3.5). */
#define TYPE_CODE     11 /* execute, read, accessed */
#define TYPE_DATA     3	 /* read, write, accessed */
#define TYPE_TSS_BUSY 11
#define TSS_IOMAP_AT  104 /* right behind the TSS proper: ports 0..255, all allowed */
#define TSS_IOMAP_LEN (256 / 8)
#define TSS_SIZE      (TSS_IOMAP_AT + TSS_IOMAP_LEN + 1) /* the last byte is all ones */
#define TSS_RSP0      4					 /* offset of RSP0 in a 64-bit TSS */
#define TSS_IOMAP     102				 /* offset of the I/O map's offset */

static struct kvm_segment segment(uint16_t selector, uint8_t type, uint8_t dpl)
{
	struct kvm_segment s = { .limit = 0xffffffff, .selector = selector, .type = type };

	s.present = 1;
	s.s = 1;
	s.g = 1;
	s.dpl = dpl;
	if (type == TYPE_CODE)
		s.l = 1;
	else
		s.db = 1;
	return s;
}

/* The 8 bytes of a descriptor (SDM vol. 3, figure 3-8). */
static uint64_t descriptor(const struct kvm_segment *s)
{
	uint64_t limit = s->g ? s->limit >> 12 : s->limit;

	return (limit & 0xffff) | (s->base & 0xffffff) << 16 | (uint64_t)s->type << 40 |
	       (uint64_t)s->s << 44 | (uint64_t)s->dpl << 45 | (uint64_t)s->present << 47 |
	       (limit >> 16 & 0xf) << 48 | (uint64_t)s->l << 53 | (uint64_t)s->db << 54 |
	       (uint64_t)s->g << 55 | (s->base >> 24 & 0xff) << 56;
}

static struct kvm_segment task_segment(void)
{
	struct kvm_segment s = { .base = EGPR_GUEST_TSS,
				 .limit = TSS_SIZE - 1,
				 .selector = EGPR_GUEST_TR,
				 .type = TYPE_TSS_BUSY };

	s.present = 1;
	return s;
}

void vmm_longmode_tables(void *memory, size_t size)
{
	char *base = memory;
	uint64_t *pd = (uint64_t *)(base + EGPR_GUEST_PD);
	uint64_t *gdt = (uint64_t *)(base + EGPR_GUEST_GDT);
	uint64_t rsp0 = EGPR_GUEST_TRAP_STACK;
	uint16_t iomap = TSS_IOMAP_AT;
	struct kvm_segment s;
	uint64_t at;

	*(uint64_t *)(base + EGPR_GUEST_PML4) = EGPR_GUEST_PDPT | TABLE;
	*(uint64_t *)(base + EGPR_GUEST_PDPT) = EGPR_GUEST_PD | TABLE;
	for (at = 0; at < size; at += LARGE_PAGE)
		pd[at / LARGE_PAGE] = at | LARGE;
	pd[EGPR_GUEST_WINDOW / LARGE_PAGE] = EGPR_GUEST_WINDOW | LARGE;

	s = segment(EGPR_GUEST_CS0, TYPE_CODE, 0);
	gdt[EGPR_GUEST_CS0 / 8] = descriptor(&s);
	s = segment(EGPR_GUEST_SS0, TYPE_DATA, 0);
	gdt[EGPR_GUEST_SS0 / 8] = descriptor(&s);
	s = segment(EGPR_GUEST_SS3, TYPE_DATA, 3);
	gdt[EGPR_GUEST_SS3 / 8] = descriptor(&s);
	s = segment(EGPR_GUEST_CS3, TYPE_CODE, 3);
	gdt[EGPR_GUEST_CS3 / 8] = descriptor(&s);
	s = task_segment();
	gdt[EGPR_GUEST_TR / 8] = descriptor(&s);
	gdt[EGPR_GUEST_TR / 8 + 1] = s.base >> 32;

	memcpy(base + EGPR_GUEST_TSS + TSS_RSP0, &rsp0, sizeof(rsp0));
	memcpy(base + EGPR_GUEST_TSS + TSS_IOMAP, &iomap, sizeof(iomap));
	base[EGPR_GUEST_TSS + TSS_SIZE - 1] = -1;
}

void vmm_longmode_sregs(struct kvm_sregs *s)
{
	s->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
	s->cr3 = EGPR_GUEST_PML4;
	s->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
	s->efer = EFER_SCE | EFER_LME | EFER_LMA;
	s->cs = segment(EGPR_GUEST_CS0, TYPE_CODE, 0);
	s->ss = segment(EGPR_GUEST_SS0, TYPE_DATA, 0);
	s->ds = s->es = s->fs = s->gs = s->ss;
	s->tr = task_segment();
	s->gdt.base = EGPR_GUEST_GDT;
	s->gdt.limit = EGPR_GUEST_TR + 16 - 1;
	s->idt.base = 0;
	s->idt.limit = 0;
}
