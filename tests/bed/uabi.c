// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two running guests and a migration between them, r16..r31 in an edited KVM alone (kmod/kvm/uabi.c).
 *
 * usage: tests/bed/uabi excluded|posted PAYLOADS
 *
 * The emulator fetches the guest's registers by KVM_GET_XSAVE and brings them back by KVM_SET_XSAVE, so
 * there is no other place for them. A guest fills them with its pattern and compares; the other VM has
 * values of its own. Then memory and all that KVM has of the vCPU move, and the guest goes on there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <bench/group/uabi_kvm.h>
#include <bench/group/uabi_model.h>
#include <vmm-mini/internal.h>

#include "tap.h"

#define EXITS	      6
#define LEAF_XSAVE    0xd
#define XSAVE_BYTES   4096
#define CHANGED	      23
#define CPUID_ENTRIES 256

static const char *payloads;

/* One end. @moves has the calls of a migration on the VM's own descriptors. */
struct end {
	struct vmm *vm;
	struct uabi_kvm moves;
};

static __u64 *egprs(void *xsave)
{
	return (__u64 *)(void *)((char *)xsave + EGPR_XSAVE_STD_OFFSET);
}

static uint64_t *bv(void *xsave)
{
	return (uint64_t *)(void *)((char *)xsave + UABI_STATE_AT);
}

static int load(void *opaque, __u64 *r)
{
	const struct end *n = opaque;
	static char x[XSAVE_BYTES];

	if (ioctl(n->vm->vcpu, KVM_GET_XSAVE, x) || !(*bv(x) & UABI_APX))
		return -1;
	memcpy(r, egprs(x), EGPR_BYTES);
	return 0;
}

static int store(void *opaque, const __u64 *r)
{
	const struct end *n = opaque;
	static char x[XSAVE_BYTES];

	if (ioctl(n->vm->vcpu, KVM_GET_XSAVE, x))
		return -1;
	memcpy(egprs(x), r, EGPR_BYTES);
	*bv(x) |= UABI_APX;
	return ioctl(n->vm->vcpu, KVM_SET_XSAVE, x);
}

/* Component 19 in the guest's CPUID, before it runs. */
static int give_apx(const struct vmm *vm)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + CPUID_ENTRIES * sizeof(*c->entries));
	struct kvm_cpuid_entry2 *xsave;
	int ret = -1;

	if (!c)
		return -1;
	c->nent = CPUID_ENTRIES;
	xsave = ioctl(vm->vcpu, KVM_GET_CPUID2, c) ? NULL : vmm_cpuid_leaf(c, LEAF_XSAVE, 0);
	if (xsave) {
		xsave->eax |= 1u << EGPR_XFEATURE;
		ret = ioctl(vm->vcpu, KVM_SET_CPUID2, c);
	}
	free(c);
	return ret;
}

static bool start(struct end *n, const struct uabi_kvm *like)
{
	struct vmm_options o = { .emulate = true, .state = EGPR_STATE_DIRTY };
	struct vmm_error e;
	char path[256];

	snprintf(path, sizeof(path), "%s/pio-out.elf", payloads);
	if (vmm_open(&n->vm, &o, &e) || vmm_load(n->vm, path, &e)) {
		tap_note("%s: %s", e.thing, e.reason);
		return false;
	}
	if (give_apx(n->vm)) {
		tap_note("KVM_SET_CPUID2: %s", strerror(errno));
		return false;
	}
	n->moves = *like;
	n->moves.vm = n->vm->fd;
	n->moves.vcpu = n->vm->vcpu;
	n->moves.xsave = calloc(1, XSAVE_BYTES);
	if (n->moves.xsave && !vmm_start(n->vm, &e))
		return true;
	tap_note("%s: %s", e.thing, e.reason);
	return false;
}

static void stop(struct end *n)
{
	free(n->moves.xsave);
	vmm_close(n->vm);
}

static void set_pattern(const struct end *n, uint64_t seed)
{
	unsigned int i;

	for (i = 0; i < EGPR_COUNT; i++)
		vmm_mailbox(n->vm)->pattern[i] = seed * (i + 1) ^ seed >> 17;
}

/* Return: as vmm_batch(); the guest has compared its registers by then. */
static int run(struct end *n, struct vmm_error *e)
{
	const struct vmm_registers r = { load, store, n };
	struct vmm_batch b = { .exits = EXITS, .registers = &r, .rotate = true };
	int ret = vmm_batch(n->vm, &b, e);

	/* The doorbell's OUT is done with once KVM has been entered again. */
	n->vm->run->immediate_exit = 1;
	ioctl(n->vm->vcpu, KVM_RUN, 0);
	n->vm->run->immediate_exit = 0;
	return ret;
}

static bool has(const struct end *n, const uint64_t *want)
{
	static char x[XSAVE_BYTES];

	return !uabi_kvm_get_xsave(&n->moves, x) && *bv(x) & UABI_APX &&
	       !memcmp(egprs(x), want, EGPR_BYTES);
}

/* All of @from into @to, whose guest goes on with what it finds in r16..r31. */
static bool migrate(struct end *from, const struct end *to)
{
	const char *failed = uabi_kvm_migrate(&from->moves, &to->moves);

	if (failed)
		tap_note("%s: %s", failed, strerror(errno));
	memcpy(to->vm->memory, from->vm->memory, from->vm->o.memory);
	vmm_mailbox(to->vm)->flags &= ~(uint64_t)EGPR_GUEST_FILL;
	return !failed;
}

static void test_migration(struct end *a, struct end *b)
{
	uint64_t pattern[EGPR_COUNT];
	struct vmm_error e;
	int ret;

	set_pattern(a, 0x9e3779b97f4a7c15);
	set_pattern(b, 0xd1b54a32d192ed03);
	ret = run(a, &e) || run(b, &e);
	tap_ok(!ret, "two guests keep r16-r31, which only KVM has%s%s", ret ? ": " : "",
	       ret ? e.reason : "");
	memcpy(pattern, vmm_mailbox(a->vm)->pattern, sizeof(pattern));
	tap_ok(has(a, pattern) && !has(b, pattern),
	       "KVM_GET_XSAVE2 has what the one guest left, and not in the other VM");
	tap_ok(migrate(a, b), "the one moves into the other's VM");
	tap_ok(has(b, pattern), "KVM_GET_XSAVE2 has its registers there");
	ret = run(b, &e);
	tap_ok(!ret, "it goes on there, and finds its r16-r31%s%s", ret ? ": " : "",
	       ret ? e.reason : "");
}

/* The guest does look: a bit that flips on the way is found, by the register's name. */
static void test_changed(struct end *a, const struct end *b)
{
	struct end there = *b;
	struct vmm_error e;
	char name[8];
	int ret;

	if (!tap_ok(migrate(a, b) && !load(&there, egprs(there.moves.xsave)), "once more"))
		return;
	egprs(there.moves.xsave)[CHANGED - EGPR_FIRST] ^= 1;
	ret = store(&there, egprs(there.moves.xsave)) ? EGPR_INTERNAL : run(&there, &e);
	/* Six rotations on, r23's value is in r17. */
	snprintf(name, sizeof(name), "r%d ", CHANGED - EXITS);
	tap_ok(ret == EGPR_DATA && strstr(e.reason, name),
	       "with one bit of r%d changed on the way the guest says so: %s", CHANGED,
	       ret ? e.reason : "it says nothing");
}

/* What a KVM without APX would send: the bit clear. The guest before must not show through. */
static void test_clear(const struct end *b, bool posted)
{
	static const uint64_t zeros[EGPR_COUNT];
	static char x[XSAVE_BYTES];
	uint64_t before[EGPR_COUNT];
	struct end there = *b;

	if (!tap_ok(!load(&there, (__u64 *)before) && !ioctl(b->vm->vcpu, KVM_GET_XSAVE, x),
		    "registers of the guest before"))
		return;
	*bv(x) &= ~UABI_APX;
	tap_ok(!ioctl(b->vm->vcpu, KVM_SET_XSAVE, x), "KVM_SET_XSAVE with XSTATE_BV[19]=0");
	if (posted)
		tap_ok(has(b, before),
		       "as posted: the next guest has the registers of the one before");
	else
		tap_ok(has(b, zeros), "the next guest finds zeros");
}

int main(int argc, char **argv)
{
	struct uabi_kvm like = { .kvm = -1, .vm = -1, .vcpu = -1 };
	struct end a = { 0 }, b = { 0 };
	struct data_error e;

	if (argc != 3 || (strcmp(argv[1], "excluded") && strcmp(argv[1], "posted"))) {
		fputs("usage: uabi excluded|posted PAYLOADS\n", stderr);
		return EGPR_USAGE;
	}
	payloads = argv[2];
	if (uabi_kvm_open(&like, VMM_KVM_PATH, UABI_X87_SSE | UABI_APX, &e))
		tap_note("%s", e.text);
	else if (tap_ok(start(&a, &like) && start(&b, &like), "two VMs")) {
		test_migration(&a, &b);
		test_clear(&b, !strcmp(argv[1], "posted"));
		test_changed(&a, &b);
	}
	stop(&a);
	stop(&b);
	uabi_kvm_close(&like);
	return tap_done();
}
