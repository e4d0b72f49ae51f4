// SPDX-License-Identifier: GPL-2.0-only
/*
 * The KVM that is played around a strategy, in KVM's order: the host's registers away, XCR0 the guest's, the
 * entry half last; the exit half first, XCR0 the host's, the host's registers back. NMIs come where
 * the guest's XCR0 is loaded and the host runs, while the test holds a counter open.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <egpr/home.h>
#include <emu/emu.h>
#include <emu/user/user.h>

#include "shim.h"

#define XCR0_APX    (1ull << EGPR_XFEATURE)
#define RUN_SECONDS 20.0

enum shim_fault shim_fault;
const struct egpr_strategy *shim_strategy;
struct egpr_page *shim_page;

static struct egpr_page page;
static uint64_t host_xcr0, host[EGPR_COUNT], shared[EGPR_COUNT];
static int nmi_watch = -1; /* the other end of what the test closes */

static const char *chosen(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value && *value ? value : fallback;
}

static enum shim_fault find_fault(const char *id)
{
#define FAULT_ID(sym, name, text) name,
	static const char *const ids[] = { SHIM_FAULTS(FAULT_ID) };
	unsigned int i;

	for (i = 0; i < NR_FAULTS; i++) {
		if (!strcmp(ids[i], id))
			return (enum shim_fault)i;
	}
	fprintf(stderr, "apx_state_test: SHIM_FAULT=%s: no such fault\nfix: shim.h lists them\n",
		id);
	exit(EGPR_USAGE);
}

static void skip(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	exit(SHIM_SKIP);
}

void shim_start(void)
{
	struct vmm_error e;
	int kvm;

	if (shim_page)
		return;
	shim_fault = find_fault(chosen("SHIM_FAULT", "none"));
	shim_strategy = egpr_strategy_find(chosen("SHIM_STRATEGY", "gated-mov"), NULL);
	if (!shim_strategy) {
		fputs("apx_state_test: SHIM_STRATEGY: no such strategy\n"
		      "fix: build/egprlab list strategies has them\n",
		      stderr);
		exit(EGPR_USAGE);
	}
	if (egpr_user_native_apx())
		skip("this CPU has APX: build it against the kernel's selftests");
	kvm = vmm_open_kvm(VMM_KVM_PATH, &e);
	if (kvm < 0)
		skip(e.reason);
	close(kvm);
	emu_page_init(&page);
	TEST_ASSERT(!egpr_user_start(EGPR_USER_TRAPS) && !egpr_user_attach(&page),
		    "the emulator does not start");
	host_xcr0 = vmm_host_xcr0() | XCR0_APX;
	page.xcr0 = host_xcr0;
	shim_page = &page;
}

/* A counter's overflows are what the test wants NMIs from. Other system calls are as they are. */
long __wrap_syscall(long number, ...);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long a[6];
	va_list args;
	int ends[2], i;

	va_start(args, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number != SYS_perf_event_open)
		return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (nmi_watch >= 0)
		close(nmi_watch);
	nmi_watch = -1;
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	nmi_watch = ends[1];
	return ends[0];
}

/* A handler is code of the kernel, which is built without APX. */
static void nmi(void)
{
	struct pollfd watch = { .fd = nmi_watch };

	if (nmi_watch < 0 || poll(&watch, 1, 0) || shim_fault != FAULT_NMI_USES)
		return;
	shim_page->r[0] = 0x4e4d49;
}

static struct kvm_vm *vm_of(struct egpr_switch *sw)
{
	return (struct kvm_vm *)(void *)((char *)sw - offsetof(struct kvm_vm, sw));
}

static struct egpr_sequence halves(const struct kvm_vm *vm)
{
	return egpr_sequence_bind(shim_strategy, EGPR_FORM_TRAP, vm->xcr0 >> EGPR_XFEATURE & 1);
}

static bool in_fpstate(void)
{
	return shim_strategy->home == EGPR_HOME_FPSTATE;
}

static void enter_guest(struct egpr_switch *sw)
{
	struct kvm_vm *vm = vm_of(sw);
	unsigned int i;

	memcpy(host, shim_page->r, sizeof(host));
	for (i = 0; in_fpstate() && i < EGPR_COUNT; i++)
		shim_page->r[i] = egpr_home_read(sw, EGPR_HOME_FPSTATE, EGPR_FIRST + i);
	if (shim_fault == FAULT_SHARED)
		memcpy(sw->regs, shared, sizeof(sw->regs));
	shim_page->xinuse = 1;
	sw->flags = vm->xcr0 & XCR0_APX ? EGPR_SWITCH_GUEST_APX : 0;
	sw->xcr0_guest = vm->xcr0;
	shim_page->xcr0 = shim_strategy->needs & EGPR_NEEDS_XSETBV ? host_xcr0 : vm->xcr0;
	halves(vm).entry(sw);
	shim_page->xcr0 = vm->xcr0;
	nmi();
}

static void leave_guest(struct egpr_switch *sw)
{
	static const __u64 zeros[EGPR_COUNT];
	struct kvm_vm *vm = vm_of(sw);

	nmi();
	vm->xcr0 = shim_page->xcr0;
	halves(vm).exit(sw);
	if (in_fpstate())
		egpr_home_write(sw, EGPR_HOME_FPSTATE, shim_page->r);
	if (shim_fault == FAULT_OFF_FORGETS && !(vm->xcr0 & XCR0_APX))
		egpr_home_write(sw, shim_strategy->home, zeros);
	memcpy(shared, sw->regs, sizeof(shared));
	shim_page->xcr0 = host_xcr0;
	if (shim_fault != FAULT_HOST_LOST)
		memcpy(shim_page->r, host, sizeof(host));
}

/* The guest's XSETBV, between the halves. */
static void on_xcr0(struct vmm_batch *b, uint64_t xcr0)
{
	struct kvm_vm *vm = b->opaque;

	vm->xcr0 = xcr0;
	shim_page->xcr0 = host_xcr0;
}

void shim_switch_open(struct kvm_vm *vm, uint64_t xcr0)
{
	static const struct egpr_sequence hooks = { .exit = leave_guest, .entry = enter_guest };

	vm->xcr0 = xcr0;
	vm->sw.xcr0_host = host_xcr0;
	vm->sw.rfbm = XCR0_APX;
	vm->sw.access = EGPR_SWITCH_ACCESS;
	if (shim_strategy->home == EGPR_HOME_XSAVE_COMPACT)
		egpr_area_set(&vm->sw, EGPR_XCOMP_BV_OFFSET, EGPR_XCOMP_COMPACTED | XCR0_APX);
	vm->batch.hooks = &hooks;
	vm->batch.sw = &vm->sw;
	vm->batch.home = shim_fault == FAULT_OPERAND_LIVE ? EGPR_HOME_HW : shim_strategy->home;
	vm->batch.on_xcr0 = on_xcr0;
	vm->batch.opaque = vm;
}

/* A guest that leaves only to have an instruction emulated has not left. */
static int run_once(struct kvm_vm *vm)
{
	struct vmm *v = vm->vmm;
	int ret;

	enter_guest(&vm->sw);
	do {
		ret = ioctl(v->vcpu, KVM_RUN, 0);
	} while (!ret && vmm_emulate_wanted(v) && !vmm_emulate(v));
	leave_guest(&vm->sw);
	if (!ret && vmm_emulate_wanted(v))
		fprintf(stderr, "# not emulated: %s\n",
			v->emulate_reason ? v->emulate_reason : "the instruction is not APX");
	return ret;
}

static int refused_entry(struct kvm_vm *vm)
{
	enter_guest(&vm->sw);
	if (shim_fault == FAULT_FAIL_CLEARS)
		memset(shim_page->r, 0, sizeof(shim_page->r));
	leave_guest(&vm->sw);
	vm->vmm->run->exit_reason = KVM_EXIT_FAIL_ENTRY;
	return 0;
}

int shim_run(struct kvm_vm *vm)
{
	struct vmm *v = vm->vmm;
	int ret, error;

	if (vm->refused)
		return refused_entry(vm);
	v->batch = &vm->batch;
	vmm_watchdog_arm(v, RUN_SECONDS);
	do {
		ret = run_once(vm);
		error = errno;
	} while (ret && (error == EINTR || error == EAGAIN) && !v->expired);
	vmm_watchdog_arm(v, 0);
	v->batch = NULL;
	errno = error;
	return ret;
}
