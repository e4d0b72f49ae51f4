// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VM: device, capabilities, memory slots, payload, teardown.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "../emu/emu.h"

#define LARGE_PAGE    (2u << 20)
#define TSS_ADDRESS   0xfffbd000 /* below the BIOS; what KVM's API document suggests */
#define PAYLOAD_MAX   (64u << 20)
#define SLOT_MEMORY   0
#define SLOT_PAGE     1
#define FIRST_PATTERN 0x0101010101010101ULL

/* Why the device cannot be opened, with what mends it. */
static int explain_device(const char *path, int err, struct vmm_error *e)
{
	switch (err) {
	case ENOENT:
		return vmm_fail(e, EGPR_UNAVAILABLE, path,
				"load kvm_intel or kvm_amd; switch virtualization on in the "
				"firmware, or nested virtualization on in the hypervisor",
				"no such device: this kernel offers no KVM");
	case EACCES:
	case EPERM:
		return vmm_fail(e, EGPR_UNAVAILABLE, path,
				"add yourself to the group that owns it (usually kvm) and log in "
				"again",
				"no permission to open it");
	default:
		return vmm_fail(e, EGPR_UNAVAILABLE, path, NULL, "cannot open it: %s",
				strerror(err));
	}
}

int vmm_open_kvm(const char *path, struct vmm_error *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int version;

	if (fd < 0) {
		explain_device(path, errno, e);
		return -1;
	}
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version == KVM_API_VERSION)
		return fd;
	if (version < 0)
		vmm_fail(e, EGPR_UNAVAILABLE, path, "name the KVM device", "not a KVM device: %s",
			 strerror(errno));
	else
		vmm_fail(e, EGPR_UNAVAILABLE, path, NULL, "KVM API version %d, not %d", version,
			 KVM_API_VERSION);
	close(fd);
	return -1;
}

static int need_capability(const struct vmm *vm, int cap, const char *name, struct vmm_error *e)
{
	if (ioctl(vm->kvm, KVM_CHECK_EXTENSION, cap) > 0)
		return 0;
	return vmm_fail(e, EGPR_UNAVAILABLE, vm->o.kvm_path, "use a newer kernel",
			"this KVM lacks %s", name);
}

static int check_options(const struct vmm_options *o, struct vmm_error *e)
{
	if (o->cpl != 0 && o->cpl != 3)
		return vmm_fail(e, EGPR_USAGE, "privilege level", NULL, "%u is neither 0 nor 3",
				o->cpl);
	if (o->memory % LARGE_PAGE || o->memory < LARGE_PAGE || o->memory > EGPR_GUEST_WINDOW)
		return vmm_fail(e, EGPR_USAGE, "guest memory", NULL,
				"%zu bytes are not a multiple of 2 MiB below 1 GiB", o->memory);
	if (o->walk_bytes % LARGE_PAGE)
		return vmm_fail(e, EGPR_USAGE, "working set", NULL,
				"%zu bytes are not a multiple of 2 MiB", o->walk_bytes);
	if (!(o->timeout_s > 0))
		return vmm_fail(e, EGPR_USAGE, "timeout", NULL, "%g s is not above 0",
				o->timeout_s);
	if (o->page && ((uintptr_t)o->page % EGPR_PAGE_SIZE))
		return vmm_fail(e, EGPR_USAGE, "register file", NULL, "not on a page boundary");
	return 0;
}

static int map_slot(struct vmm *vm, uint32_t slot, uint64_t at, void *host, size_t size,
		    struct vmm_error *e)
{
	struct kvm_userspace_memory_region r = { .slot = slot,
						 .guest_phys_addr = at,
						 .memory_size = size,
						 .userspace_addr = (uintptr_t)host };

	if (!ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &r))
		return 0;
	return vmm_fail(e, EGPR_UNAVAILABLE, "guest memory", NULL,
			"KVM_SET_USER_MEMORY_REGION at 0x%llx: %s", (unsigned long long)at,
			strerror(errno));
}

static int map_pages(void **out, size_t size)
{
	*out = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (*out != MAP_FAILED)
		return 0;
	*out = NULL;
	return -1;
}

/*
 * Where there are working sets, memory lies as large pages can map it for guest and host: the
 * latency of a level is wanted, not that of a walk of page tables.
 */
static int make_memory(struct vmm *vm, struct vmm_error *e)
{
	vm->memory_map_size = vm->o.memory + (vm->o.walk_bytes ? LARGE_PAGE : 0);
	if (map_pages(&vm->memory_map, vm->memory_map_size))
		return vmm_fail(e, EGPR_UNAVAILABLE, "guest memory", NULL,
				"cannot map %zu bytes: %s", vm->memory_map_size, strerror(errno));
	vm->memory = vm->memory_map;
	if (vm->o.walk_bytes) {
		vm->memory = (char *)vm->memory + -(uintptr_t)vm->memory % LARGE_PAGE;
		madvise(vm->memory, vm->o.memory, MADV_HUGEPAGE); /* where there are any */
	}
	return map_slot(vm, SLOT_MEMORY, 0, vm->memory, vm->o.memory, e);
}

static int make_page(struct vmm *vm, struct vmm_error *e)
{
	vm->page = vm->o.page;
	if (!vm->page) {
		if (map_pages((void **)&vm->page, EGPR_PAGE_SIZE))
			return vmm_fail(e, EGPR_UNAVAILABLE, "register file", NULL,
					"cannot map a page: %s", strerror(errno));
		vm->own_page = true;
		vm->page->magic = EGPR_PAGE_MAGIC;
		vm->page->version = EGPR_PAGE_VERSION;
		emu_page_init(vm->page);
	}
	vm->guest_xcr0 = vm->page->xcr0;
	return map_slot(vm, SLOT_PAGE, EGPR_GUEST_EGPR, vm->page, EGPR_PAGE_SIZE, e);
}

/* KVM would patch the other vendor's hypercall instruction; have it raise #UD. */
static int forbid_hypercall_patch(struct vmm *vm, struct vmm_error *e)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_DISABLE_QUIRKS2,
				      .args = { KVM_X86_QUIRK_FIX_HYPERCALL_INSN } };

	if (!ioctl(vm->fd, KVM_ENABLE_CAP, &cap))
		return 0;
	return vmm_fail(e, EGPR_UNAVAILABLE, "hypercall patching", "use a newer kernel",
			"this KVM cannot leave it out: %s", strerror(errno));
}

static int make_vm(struct vmm *vm, struct vmm_error *e)
{
	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->o.kvm_path, NULL, "KVM_CREATE_VM: %s",
				strerror(errno));
	if (vm->o.no_hypercall_patch && forbid_hypercall_patch(vm, e))
		return e->status;
	if (ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_SET_TSS_ADDR) > 0 &&
	    ioctl(vm->fd, KVM_SET_TSS_ADDR, TSS_ADDRESS))
		return vmm_fail(e, EGPR_UNAVAILABLE, vm->o.kvm_path, NULL, "KVM_SET_TSS_ADDR: %s",
				strerror(errno));
	if (vm->o.irqchip && ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0))
		return vmm_fail(e, EGPR_UNAVAILABLE, "in-kernel irqchip", NULL,
				"KVM_CREATE_IRQCHIP: %s", strerror(errno));
	return 0;
}

void vmm_use_apx(struct vmm *vm, enum egpr_guest_state state)
{
	struct egpr_mailbox *m = mailbox(vm);
	unsigned int i;

	m->flags &= ~(uint64_t)(EGPR_GUEST_APX | EGPR_GUEST_FILL);
	memset(m->pattern, 0, sizeof(m->pattern));
	if (state == EGPR_STATE_OFF)
		return;
	m->flags |= EGPR_GUEST_APX;
	if (state != EGPR_STATE_DIRTY)
		return;
	m->flags |= EGPR_GUEST_FILL;
	for (i = 0; i < EGPR_COUNT; i++)
		m->pattern[i] = FIRST_PATTERN * (EGPR_FIRST + i);
}

static void init_mailbox(struct vmm *vm)
{
	struct egpr_mailbox *m = mailbox(vm);

	if (vm->o.cpl == 3)
		m->flags |= EGPR_GUEST_CPL3;
	if (vm->o.emulate) {
		m->flags |= EGPR_GUEST_EMULATE;
		m->egpr_page = EGPR_GUEST_EGPR;
	}
	if (vm->o.irqchip)
		m->flags |= EGPR_GUEST_X2APIC;
	vmm_use_apx(vm, vm->o.state);
}

void vmm_lend_apx(struct vmm *vm, enum egpr_guest_state state)
{
	vmm_use_apx(vm, state);
	if (!vm->page)
		return;
	vm->guest_xcr0 |= 1ull << EGPR_XFEATURE;
	vm->page->xcr0 |= 1ull << EGPR_XFEATURE;
}

int vmm_open(struct vmm **out, const struct vmm_options *o, struct vmm_error *e)
{
	struct vmm *vm;

	*out = NULL;
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return vmm_fail(e, EGPR_INTERNAL, "vmm_open", NULL, "out of memory");
	vm->o = *o;
	vm->kvm = vm->fd = vm->vcpu = vm->stats = -1;
	vm->o.kvm_path = o->kvm_path ? o->kvm_path : VMM_KVM_PATH;
	vm->o.memory = o->memory ? o->memory : VMM_MEMORY_DEFAULT;
	vm->o.timeout_s = o->timeout_s != 0 ? o->timeout_s : VMM_TIMEOUT_S;

	vm->payload_memory = vm->o.memory;
	vm->o.memory += o->walk_bytes;
	if (check_options(&vm->o, e))
		goto out_close;
	vm->kvm = vmm_open_kvm(vm->o.kvm_path, e);
	if (vm->kvm < 0)
		goto out_close;
	if (need_capability(vm, KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", e) ||
	    need_capability(vm, KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", e) ||
	    (vm->o.irqchip && need_capability(vm, KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP", e)) ||
	    (vm->o.emulate && need_capability(vm, KVM_CAP_SYNC_REGS, "KVM_CAP_SYNC_REGS", e)))
		goto out_close;
	if (make_vm(vm, e) || make_memory(vm, e) ||
	    (vm->o.emulate && (make_page(vm, e) || vmm_native_open(vm, e))))
		goto out_close;
	vmm_longmode_tables(vm->memory, vm->o.memory);
	init_mailbox(vm);
	if (vmm_vcpu_open(vm, e) || vmm_watchdog_open(vm, e))
		goto out_close;
	*out = vm;
	return 0;

out_close:
	vmm_close(vm);
	return e->status;
}

void vmm_close(struct vmm *vm)
{
	if (!vm)
		return;
	vmm_watchdog_close(vm);
	vmm_native_close(vm);
	vmm_vcpu_close(vm);
	if (vm->fd >= 0)
		close(vm->fd);
	free(vm->between);
	if (vm->own_page)
		munmap(vm->page, EGPR_PAGE_SIZE);
	if (vm->memory_map)
		munmap(vm->memory_map, vm->memory_map_size);
	if (vm->kvm >= 0)
		close(vm->kvm);
	free(vm);
}

int vmm_load_image(struct vmm *vm, const char *name, const void *image, size_t size,
		   struct vmm_error *e)
{
	struct kvm_regs regs = { .rflags = 2, .rsp = EGPR_GUEST_STACK };
	int ret;

	ret = vmm_elf_load(name, image, size, vm->memory, vm->payload_memory, &vm->entry, e);
	if (ret)
		return ret;
	snprintf(vm->payload, sizeof(vm->payload), "%s", name);
	regs.rip = vm->entry;
	if (ioctl(vm->vcpu, KVM_SET_REGS, &regs))
		return vmm_fail(e, EGPR_UNAVAILABLE, name, NULL, "KVM_SET_REGS: %s",
				strerror(errno));
	return 0;
}

int vmm_load(struct vmm *vm, const char *path, struct vmm_error *e)
{
	struct stat st;
	void *image;
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		ret = vmm_fail(e, errno == ENOENT ? EGPR_USAGE : EGPR_DATA, path,
			       "name a payload, such as build/payloads/cpuid.elf",
			       "cannot open it: %s", strerror(errno));
		goto out_close;
	}
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > PAYLOAD_MAX) {
		ret = vmm_fail(e, EGPR_DATA, path, NULL,
			       "not an ELF file: no regular file of 1 byte to 64 MiB");
		goto out_close;
	}
	image = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED) {
		ret = vmm_fail(e, EGPR_DATA, path, NULL, "cannot read it: %s", strerror(errno));
		goto out_close;
	}
	ret = vmm_load_image(vm, path, image, st.st_size, e);
	munmap(image, st.st_size);
out_close:
	if (fd >= 0)
		close(fd);
	return ret;
}

struct egpr_mailbox *vmm_mailbox(const struct vmm *vm)
{
	return mailbox(vm);
}

void *vmm_memory(const struct vmm *vm)
{
	return vm->memory;
}

struct egpr_page *vmm_page(const struct vmm *vm)
{
	return vm->page;
}
