// SPDX-License-Identifier: GPL-2.0-only
/*
 * Payload loader: static x86-64 ELF executables, and a reason for everything else.
 *
 * Payloads come from this tree, but a file can be damaged, and a wrong byte in
 * guest memory would show as a wrong measurement. So every header is checked before
 * the first byte is copied.
 */
#include <elf.h>
#include <string.h>

#include "internal.h"

#define FIX_REBUILD "build it again: make"

struct elf {
	const char *name;
	const unsigned char *image;
	size_t size;
	size_t memory_size;
	struct vmm_error *e;
};

static int bad(const struct elf *f, const char *why)
{
	return vmm_fail(f->e, EGPR_DATA, f->name, FIX_REBUILD, "%s", why);
}

static int check_header(const struct elf *f, Elf64_Ehdr *h)
{
	if (f->size < EI_NIDENT || memcmp(f->image, ELFMAG, SELFMAG))
		return bad(f, "not an ELF file");
	if (f->image[EI_CLASS] != ELFCLASS64)
		return bad(f, "a 32-bit ELF file, and payloads are 64-bit");
	if (f->image[EI_DATA] != ELFDATA2LSB)
		return bad(f, "a big-endian ELF file");
	if (f->size < sizeof(*h))
		return bad(f, "truncated within its ELF header");
	memcpy(h, f->image, sizeof(*h));
	if (h->e_machine != EM_X86_64)
		return bad(f, "not for x86-64");
	if (h->e_type != ET_EXEC)
		return bad(f, "not a static executable at fixed addresses (ET_EXEC)");
	if (h->e_phnum == 0)
		return bad(f, "no program headers");
	if (h->e_phentsize != sizeof(Elf64_Phdr))
		return bad(f, "program headers of unknown size");
	if (h->e_phoff > f->size || f->size - h->e_phoff < h->e_phnum * sizeof(Elf64_Phdr))
		return bad(f, "truncated: program headers lie beyond its end");
	return 0;
}

static void get_segment(const struct elf *f, const Elf64_Ehdr *h, unsigned int i, Elf64_Phdr *p)
{
	memcpy(p, f->image + h->e_phoff + i * sizeof(*p), sizeof(*p));
}

static int check_segment(const struct elf *f, const Elf64_Phdr *p, unsigned int i)
{
	if (p->p_filesz > p->p_memsz)
		return bad(f, "a segment has more bytes in the file than in memory");
	if (p->p_offset > f->size || f->size - p->p_offset < p->p_filesz)
		return vmm_fail(f->e, EGPR_DATA, f->name, FIX_REBUILD,
				"truncated: segment %u lies beyond the end of the file", i);
	if (p->p_vaddr < EGPR_GUEST_LOAD || p->p_vaddr > f->memory_size ||
	    f->memory_size - p->p_vaddr < p->p_memsz)
		return vmm_fail(f->e, EGPR_DATA, f->name,
				"link it within guest memory, or give the guest more memory",
				"segment %u at 0x%llx, 0x%llx bytes, lies outside guest memory "
				"0x%x..0x%zx",
				i, (unsigned long long)p->p_vaddr, (unsigned long long)p->p_memsz,
				EGPR_GUEST_LOAD, f->memory_size);
	return 0;
}

static bool overlap(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
	return a->p_vaddr < b->p_vaddr + b->p_memsz && b->p_vaddr < a->p_vaddr + a->p_memsz;
}

/* Every loadable segment against the file, guest memory and the segments before it. */
static int check_segments(const struct elf *f, const Elf64_Ehdr *h)
{
	Elf64_Phdr p, other;
	bool entry_found = false;
	unsigned int i, j;

	for (i = 0; i < h->e_phnum; i++) {
		get_segment(f, h, i, &p);
		if (p.p_type == PT_INTERP)
			return bad(f, "dynamically linked");
		if (p.p_type != PT_LOAD || !p.p_memsz)
			continue;
		if (check_segment(f, &p, i))
			return EGPR_DATA;
		for (j = 0; j < i; j++) {
			get_segment(f, h, j, &other);
			if (other.p_type == PT_LOAD && overlap(&p, &other))
				return vmm_fail(f->e, EGPR_DATA, f->name, FIX_REBUILD,
						"segments %u and %u overlap", j, i);
		}
		if ((p.p_flags & PF_X) && h->e_entry >= p.p_vaddr &&
		    h->e_entry - p.p_vaddr < p.p_memsz)
			entry_found = true;
	}
	if (!entry_found)
		return vmm_fail(f->e, EGPR_DATA, f->name, FIX_REBUILD,
				"its entry point 0x%llx is in no executable segment",
				(unsigned long long)h->e_entry);
	return 0;
}

int vmm_elf_load(const char *name, const void *image, size_t size, void *memory, size_t memory_size,
		 uint64_t *entry, struct vmm_error *e)
{
	struct elf f = { name, image, size, memory_size, e };
	Elf64_Ehdr h = { 0 };
	Elf64_Phdr p;
	unsigned int i;

	if (check_header(&f, &h) || check_segments(&f, &h))
		return EGPR_DATA;
	for (i = 0; i < h.e_phnum; i++) {
		get_segment(&f, &h, i, &p);
		if (p.p_type == PT_LOAD && p.p_memsz)
			memcpy((char *)memory + p.p_vaddr, f.image + p.p_offset, p.p_filesz);
	}
	*entry = h.e_entry;
	return 0;
}
