// SPDX-License-Identifier: GPL-2.0-only
/*
 * The run loop: KVM_RUN with the hooks directly around it, and what an exit gets.
 *
 * An exit that the loop expects costs one switch statement beside the ioctl.
 * Everything that ends the loop lives in exits.c.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "internal.h"

enum outcome {
	GUEST_EXIT,
	GUEST_READY,
	GUEST_DONE,
	GUEST_FAILED
};

/* TSC, serialised on both sides (METHOD, point 3). */
static inline uint64_t stamp(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

static inline enum outcome handle_io(struct kvm_run *run)
{
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	if (run->io.port == EGPR_PORT_TEST) {
		if (run->io.direction == KVM_EXIT_IO_IN)
			*data = EGPR_PIO_VALUE;
		return GUEST_EXIT;
	}
	if (run->io.port == EGPR_PORT_DOORBELL)
		return *data == EGPR_DOORBELL_READY ? GUEST_READY : GUEST_DONE;
	return GUEST_FAILED;
}

static inline enum outcome handle_mmio(struct kvm_run *run)
{
	const uint64_t value = EGPR_MMIO_VALUE;

	if (run->mmio.phys_addr - EGPR_GUEST_MMIO >= EGPR_PAGE_SIZE)
		return GUEST_FAILED;
	if (!run->mmio.is_write)
		memcpy(run->mmio.data, &value, sizeof(value));
	return GUEST_EXIT;
}

static inline enum outcome handle(struct kvm_run *run)
{
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		return handle_io(run);
	case KVM_EXIT_MMIO:
		return handle_mmio(run);
	case KVM_EXIT_HLT:
		return GUEST_EXIT;
	default:
		return GUEST_FAILED;
	}
}

/* KVM_RUN, again and again while the guest only leaves to have an instruction emulated. */
static int enter(struct vmm *vm)
{
	int ret;

	do {
		ret = ioctl(vm->vcpu, KVM_RUN, 0);
	} while (!ret && vmm_emulate_wanted(vm) && !vmm_emulate(vm));
	return ret;
}

/*
 * Run until @limit exits were handled or something else happens. Counts in b->runs
 * every return of KVM_RUN that was an exit, the last included.
 */
static enum outcome run_until(struct vmm *vm, struct vmm_batch *b, uint64_t limit, uint64_t *stamps,
			      int *run_errno)
{
	const struct egpr_sequence *hooks = b->hooks;
	struct egpr_switch *sw = b->sw;
	struct kvm_run *run = vm->run;
	const bool emulate = vm->o.emulate;
	uint64_t before = stamps ? stamp() : 0;
	enum outcome outcome;
	int ret;

	*run_errno = 0;
	do {
		if (hooks)
			hooks->entry(sw);
		ret = emulate ? enter(vm) : ioctl(vm->vcpu, KVM_RUN, 0);
		if (hooks)
			hooks->exit(sw);
		if (__builtin_expect(ret, 0)) {
			if ((errno == EINTR || errno == EAGAIN) && !vm->expired && !vm->interrupted)
				continue;
			*run_errno = errno;
			return GUEST_FAILED;
		}
		if (stamps) {
			uint64_t now = stamp();

			stamps[b->runs] = now - before;
			before = now;
		}
		b->runs++;
		b->reasons[run->exit_reason % VMM_EXIT_REASONS]++;
		outcome = handle(run);
		if (__builtin_expect(vm->o.trace, 0))
			vmm_trace(vm);
		if (outcome != GUEST_EXIT)
			return outcome;
	} while (b->runs < limit);
	return GUEST_EXIT;
}

static int report_status(const struct vmm *vm, struct vmm_error *e)
{
	const struct egpr_mailbox *m = mailbox(vm);
	bool is_register = m->failed >= EGPR_FIRST && m->failed < EGPR_FIRST + EGPR_COUNT;

	return vmm_fail(e, (int)m->status, vm->payload, NULL,
			"the payload reports status %llu: %s%llu should be 0x%llx, is 0x%llx",
			(unsigned long long)m->status, is_register ? "r" : "step ",
			(unsigned long long)m->failed, (unsigned long long)m->expected,
			(unsigned long long)m->got);
}

int vmm_start(struct vmm *vm, struct vmm_error *e)
{
	struct vmm_batch b = { 0 };
	enum outcome outcome;
	int run_errno;

	if (!vm->entry)
		return vmm_fail(e, EGPR_USAGE, "vmm_start", NULL, "no payload is loaded");
	vm->batch = &b;
	vmm_watchdog_arm(vm, vm->o.timeout_s);
	outcome = run_until(vm, &b, UINT64_MAX, NULL, &run_errno);
	vmm_watchdog_arm(vm, 0);
	vm->batch = NULL;
	if (outcome == GUEST_READY)
		return 0;
	return vmm_explain(vm, run_errno, e);
}

/* What the guest wrote about the batch it finished. */
static int collect(struct vmm *vm, struct vmm_batch *b, struct vmm_error *e)
{
	const struct egpr_mailbox *m = mailbox(vm);

	b->guest_cycles = m->tsc_end - m->tsc_start;
	b->done = m->done;
	b->result = m->result;
	if (b->guest_stamps)
		memcpy(b->guest_stamps, (char *)vm->memory + EGPR_GUEST_STAMPS,
		       b->exits * sizeof(*b->guest_stamps));
	if (m->status)
		return report_status(vm, e);
	if (b->exits && m->done != b->exits)
		return vmm_fail(e, EGPR_DATA, vm->payload, NULL, "%llu of %u iterations were done",
				(unsigned long long)m->done, b->exits);
	return vmm_walk_collect(vm, b, e);
}

static void prepare(struct vmm *vm, struct vmm_batch *b)
{
	struct egpr_mailbox *m = mailbox(vm);

	b->runs = b->host_cycles = b->guest_cycles = b->done = b->result = 0;
	b->emulated = b->msr_value = b->mmio_value = 0;
	memset(b->reasons, 0, sizeof(b->reasons));
	m->iterations = b->exits ? b->exits : m->default_iterations;
	m->flags &= ~(uint64_t)(EGPR_GUEST_STAMP | EGPR_GUEST_ROTATE);
	if (b->guest_stamps)
		m->flags |= EGPR_GUEST_STAMP;
	if (b->rotate)
		m->flags |= EGPR_GUEST_ROTATE;
	vmm_walk_prepare(vm, b);
	m->done = 0;
	m->status = 0;
}

int vmm_batch(struct vmm *vm, struct vmm_batch *b, struct vmm_error *e)
{
	uint64_t limit = b->exits ? b->exits : UINT64_MAX;
	uint64_t exits_before, begin, timed;
	enum outcome outcome;
	int run_errno;

	if (b->guest_stamps && (!b->exits || b->exits > VMM_GUEST_STAMPS))
		return vmm_fail(e, EGPR_USAGE, "vmm_batch", NULL,
				"%u stamped exits are not within 1..%u", b->exits,
				VMM_GUEST_STAMPS);
	prepare(vm, b);
	vm->batch = b;
	exits_before = vmm_vcpu_exits(vm);
	vmm_watchdog_arm(vm, vm->o.timeout_s);

	begin = stamp();
	outcome = run_until(vm, b, limit, b->host_stamps, &run_errno);
	b->host_cycles = stamp() - begin;
	timed = b->runs;
	if (outcome == GUEST_EXIT) /* all exits seen; the doorbell is outside the time */
		outcome = run_until(vm, b, UINT64_MAX, NULL, &run_errno);
	b->runs = timed;

	vmm_watchdog_arm(vm, 0);
	b->kernel_exits = vmm_vcpu_exits(vm);
	if (b->kernel_exits != VMM_UNKNOWN)
		b->kernel_exits -= exits_before;
	vm->batch = NULL;
	if (outcome != GUEST_DONE)
		return vmm_explain(vm, run_errno, e);
	return collect(vm, b, e);
}
