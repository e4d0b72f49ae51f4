// SPDX-License-Identifier: GPL-2.0-only
/*
 * Group uabi: what it costs to move a vCPU's state between KVM and its user.
 *
 * Two kinds of operations. Real ioctls on vCPUs of this host, one per feature set, so that the cost of
 * more state is seen; and the model of uabi_model.h, one vCPU per answer to where r16..r31 are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <vmm-mini/vmm.h>

#include <bench/host/clock.h>
#include "group.h"
#include "uabi_kvm.h"
#include "uabi_model.h"

/* X(sym, id, xcr0, text): feature sets of guests; each has all of the first. */
/* clang-format off */
#define FEATURE_SETS(X)									\
	X(LEGACY, "legacy", UABI_X87_SSE, "x87 and SSE only")				\
	X(AVX, "avx", UABI_X87_SSE | UABI_AVX, "with AVX")				\
	X(AVX512, "avx512", UABI_X87_SSE | UABI_AVX | UABI_AVX512, "with AVX and AVX-512")	\
	X(AMX, "amx", UABI_X87_SSE | UABI_AVX | UABI_AVX512 | UABI_AMX, "with AMX too")	\
	X(APX, "apx", UABI_X87_SSE | UABI_AVX | UABI_APX, "with AVX and APX")

/* X(SYM, id, text): ioctls of which the size of the state decides, and others. */
#define IOCTLS(X)									\
	X(GET_XSAVE, "get-xsave", sets, "KVM_GET_XSAVE")				\
	X(GET_XSAVE2, "get-xsave2", sets, "KVM_GET_XSAVE2")				\
	X(SET_XSAVE, "set-xsave", sets, "KVM_SET_XSAVE")				\
	X(MIGRATE, "migrate", sets, "a vCPU's whole state out of one VM and into another")	\
	X(GET_REGS, "get-regs", others, "KVM_GET_REGS")					\
	X(SET_REGS, "set-regs", others, "KVM_SET_REGS")					\
	X(GET_MSRS, "get-msrs", others, "KVM_GET_MSRS of all that KVM saves")		\
	X(SET_MSRS, "set-msrs", others, "KVM_SET_MSRS of the same")			\
	X(SYNC_REGS, "sync-regs", others, "registers in the run page, KVM_RUN told to return at once")
/* clang-format on */

#define SET_SUBJECT(sym, id, xcr0, text) { id, text },
#define SET_XCR0(sym, id, xcr0, text)	 xcr0,
static const struct group_subject sets[] = { FEATURE_SETS(SET_SUBJECT) };
static const uint64_t set_xcr0[] = { FEATURE_SETS(SET_XCR0) };

/* What does not move extended state: two sets, which should come out equal. */
static const struct group_subject others[] = { { "legacy", "x87 and SSE only" },
					       { "avx", "with AVX" } };

#define POLICY_SUBJECT(sym, id, text) { id, text },
static const struct group_subject policies[] = { UABI_POLICIES(POLICY_SUBJECT) };

#define IOCTL_ENUM(SYM, id, subjects, text) SYM,
enum operation {
	IOCTLS(IOCTL_ENUM) MODEL_GET,
	MODEL_SET,
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define OPERATION(id, subjects, text)                                         \
	{                                                                     \
		{ id, text, EGPR_PATH_NONE, 0, 0 }, subjects, COUNT(subjects) \
	}
#define IOCTL_ROW(SYM, id, subjects, text) [SYM] = OPERATION(id, subjects, text),
static const struct group_operation operations[] = {
	IOCTLS(IOCTL_ROW)[MODEL_GET] =
		OPERATION("model-get", policies, "model of KVM_GET_XSAVE2, by where r16..r31 are"),
	[MODEL_SET] =
		OPERATION("model-set", policies, "model of KVM_SET_XSAVE, by where r16..r31 are"),
};

#define MODEL_SUPPORTED (UABI_X87_SSE | UABI_AVX | UABI_AVX512 | UABI_PKRU | UABI_APX)
#define KVM_XSAVE_BYTES 4096ul

/*
 * struct uabi_host - this host's KVM
 * @supported: XCR0 bits that it gives guests; 0 without one
 * @why: why there is none
 */
struct uabi_host {
	struct vmm_host vmm;
	uint64_t supported;
	char why[512];
};

/*
 * struct uabi - a cell of this group
 * @kvm: vCPUs by group_owner(); the second is where a migration goes
 * @model: likewise
 * @buffer: what the model copies to and from: one for all, half a page off their areas
 */
struct uabi {
	const struct cell *cell;
	enum operation operation;
	struct uabi_kvm kvm[PLAN_MAX_ARMS][2];
	struct uabi_vcpu model[PLAN_MAX_ARMS];
	uint8_t *pages;
	uint8_t *buffer;
	uint64_t stamp_cost;
};

static int uabi_probe(const struct layer_env *env, void **host, struct data_error *e)
{
	struct uabi_host *h = calloc(1, sizeof(*h));
	struct vmm_error v;

	(void)env;
	if (!h)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	/* The model needs no KVM, so that its absence is no reason to skip the group. */
	if (vmm_host_probe(&h->vmm, NULL, &v))
		snprintf(h->why, sizeof(h->why), "%.150s: %.340s", v.thing, v.reason);
	else
		h->supported = uabi_kvm_supported(VMM_KVM_PATH);
	*host = h;
	return 0;
}

static bool is_model(const struct cell *c)
{
	return group_operation(c) >= &operations[MODEL_GET];
}

static int uabi_check_cell(struct cell *c, struct data_error *e)
{
	const struct uabi_host *h = c->host;

	group_check_cell(c, e);
	if (is_model(c))
		return 0;
	if (*h->why)
		return data_fail(e, EGPR_SKIPPED, "%s", h->why);
	snprintf(c->backend, sizeof(c->backend), "%s", h->vmm.backend);
	return 0;
}

static int uabi_check_arm(const struct cell *c, const struct plan_arm *arm, struct data_error *e)
{
	const struct uabi_host *h = c->host;
	uint64_t want;
	size_t size;

	if (is_model(c))
		return 0;
	want = set_xcr0[group_subject(arm)];
	size = uabi_size(want);
	if (want & ~h->supported)
		return data_fail(e, EGPR_SKIPPED,
				 "this KVM gives guests XCR0 0x%llx, which lacks 0x%llx",
				 (unsigned long long)h->supported,
				 (unsigned long long)(want & ~h->supported));
	if (group_operation(c) == &operations[GET_XSAVE] && size > KVM_XSAVE_BYTES)
		return data_fail(e, EGPR_SKIPPED,
				 "a state of %zu bytes does not fit KVM_GET_XSAVE, which has %lu",
				 size, KVM_XSAVE_BYTES);
	return 0;
}

static void uabi_close_run(void *run)
{
	struct uabi *u = run;
	unsigned int a, i;

	for (a = 0; a < u->cell->nr_arms; a++) {
		for (i = 0; i < 2 && !is_model(u->cell); i++)
			uabi_kvm_close(&u->kvm[a][i]);
		uabi_close(&u->model[a]);
	}
	free(u->pages);
	free(u);
}

/* The other end of a migration too, so that all arms have as much memory. */
static int open_kvm(struct uabi *u, unsigned int a, struct data_error *e)
{
	uint64_t xcr0 = set_xcr0[group_subject(&u->cell->arms[a])];
	const char *failed;
	int ret = uabi_kvm_open(&u->kvm[a][0], VMM_KVM_PATH, xcr0, e);

	if (!ret)
		ret = uabi_kvm_open(&u->kvm[a][1], VMM_KVM_PATH, xcr0, e);
	if (ret || u->operation != MIGRATE)
		return ret;
	failed = uabi_kvm_migrate(&u->kvm[a][0], &u->kvm[a][1]);
	return failed ? data_fail(e, EGPR_SKIPPED, "%s fails on this KVM", failed) : 0;
}

static int open_model(struct uabi *u, unsigned int a, struct data_error *e)
{
	enum uabi_policy policy = (enum uabi_policy)group_subject(&u->cell->arms[a]);
	struct uabi_vcpu *v = &u->model[a];
	uint8_t bytes[UABI_BYTES_MAX];
	unsigned int nr;

	if (uabi_open(v, policy, MODEL_SUPPORTED))
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	memset(bytes, 0x5a, sizeof(bytes));
	for (nr = 2; nr <= EGPR_XFEATURE; nr++)
		uabi_guest_write_component(v, nr, bytes);
	if (v->supported & UABI_APX)
		memset(&v->regs[EGPR_FIRST], 0x5a, UABI_APX_BYTES);
	if (policy != UABI_FPSTATE)
		v->xfeatures &= ~UABI_APX; /* as if never written there */
	if (uabi_get(v, u->buffer, KVM_XSAVE_BYTES) || uabi_set(v, u->buffer))
		return data_fail(e, EGPR_DATA, "the model refuses its own buffer");
	return 0;
}

static int uabi_open_run(const struct cell *c, void **run, struct data_error *e)
{
	struct uabi *u = calloc(1, sizeof(*u));
	unsigned int a;
	int ret = 0;

	if (!u)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	u->pages = aligned_alloc(KVM_XSAVE_BYTES, 2 * KVM_XSAVE_BYTES);
	if (!u->pages) {
		free(u);
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	}
	memset(u->pages, 0, 2 * KVM_XSAVE_BYTES);
	u->buffer = u->pages + KVM_XSAVE_BYTES / 2;
	u->cell = c;
	u->operation = (enum operation)(group_operation(c) - operations);
	for (a = 0; a < c->nr_arms; a++) {
		u->kvm[a][0].kvm = u->kvm[a][0].vm = u->kvm[a][0].vcpu = -1;
		u->kvm[a][1].kvm = u->kvm[a][1].vm = u->kvm[a][1].vcpu = -1;
	}
	for (a = 0; a < c->nr_arms && !ret; a++) {
		if (group_owner(c, a) == a)
			ret = is_model(c) ? open_model(u, a, e) : open_kvm(u, a, e);
	}
	if (ret) {
		uabi_close_run(u);
		return ret;
	}
	*run = u;
	return 0;
}

static int uabi_begin(void *run, struct data_error *e)
{
	struct uabi *u = run;

	(void)e;
	u->stamp_cost = group_stamp_cost();
	return 0;
}

/* Registers by the run page: told to return at once, KVM_RUN says EINTR and has stored them. */
static int sync_regs(struct uabi_kvm *k)
{
	k->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	k->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	k->run->immediate_exit = 1;
	return ioctl(k->vcpu, KVM_RUN, 0) != -1;
}

/* One round. Return: 0 where it went well. */
static inline int once(struct uabi *u, unsigned int a)
{
	struct uabi_kvm *k = u->kvm[a];
	int n;

	switch (u->operation) {
	case GET_XSAVE:
		return ioctl(k->vcpu, KVM_GET_XSAVE, k->xsave);
	case GET_XSAVE2:
		return ioctl(k->vcpu, KVM_GET_XSAVE2, k->xsave);
	case SET_XSAVE:
		return ioctl(k->vcpu, KVM_SET_XSAVE, k->xsave);
	case MIGRATE:
		return uabi_kvm_migrate(k, k + 1) != NULL;
	case GET_REGS:
		return ioctl(k->vcpu, KVM_GET_REGS, &k->regs);
	case SET_REGS:
		return ioctl(k->vcpu, KVM_SET_REGS, &k->regs);
	case GET_MSRS:
		n = ioctl(k->vcpu, KVM_GET_MSRS, k->msrs);
		return n != (int)k->msrs->nmsrs;
	case SET_MSRS:
		n = ioctl(k->vcpu, KVM_SET_MSRS, k->msrs);
		return n != (int)k->msrs->nmsrs;
	case SYNC_REGS:
		return sync_regs(k);
	case MODEL_GET:
		return uabi_get(&u->model[a], u->buffer, KVM_XSAVE_BYTES);
	case MODEL_SET:
		return uabi_set(&u->model[a], u->buffer);
	}
	return -1;
}

static int uabi_batch(void *run, struct layer_batch *b, struct data_error *e)
{
	struct uabi *u = run;
	unsigned int own = group_owner(u->cell, b->arm);
	uint64_t start = clock_tsc(), before, ticks;
	int failed = 0;
	uint32_t i;

	for (i = 0; i < b->exits && !b->stamps; i++)
		failed |= once(u, own);
	b->cycles = clock_tsc() - start;
	if (b->stamps)
		b->cycles = 0;
	for (i = 0; i < b->exits && b->stamps; i++) {
		before = clock_tsc();
		failed |= once(u, own);
		ticks = clock_tsc() - before;
		b->stamps[i] = ticks > u->stamp_cost ? ticks - u->stamp_cost : 0;
		b->cycles += b->stamps[i];
	}
	b->done = b->exits;
	if (failed)
		return data_fail(e, EGPR_DATA, "%s failed with %s", u->cell->kind->text,
				 u->cell->arms[b->arm].id);
	return 0;
}

static void uabi_release(void *host)
{
	free(host);
}

const struct group_ops group_uabi_ops = {
	.layer = {
		.layer = EGPR_LAYER_UABI,
		.probe = uabi_probe,
		.check_cell = uabi_check_cell,
		.check_arm = uabi_check_arm,
		.open = uabi_open_run,
		.begin = uabi_begin,
		.batch = uabi_batch,
		.close = uabi_close_run,
		.release = uabi_release,
	},
	.operations = operations,
	.nr_operations = COUNT(operations),
};
