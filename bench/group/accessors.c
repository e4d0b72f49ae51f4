// SPDX-License-Identifier: GPL-2.0-only
/*
 * Group accessors: what a way of reaching a guest register costs whoever handles an exit.
 *
 * One round is an LFENCE and one exit handled. Its operands change from round to round and are the
 * same for every subject; a branch that depends on a register's number is as hard to predict as an
 * exit's would be.
 */
#include <stdlib.h>
#include <string.h>

#include <bench/host/clock.h>
#include "group.h"
#include "handler.h"

#define SEED	    0x5eed
#define COLD_SHIFT  14
#define COLD_VCPUS  (1u << COLD_SHIFT)
#define VCPU_STRIDE 512 /* more than any register file has, and whole cache lines */

#define SUBJECT(sym, id, text) { id, text },
static const struct group_subject subjects[] = { ACCESSORS(SUBJECT) };

#define OPERATION(id, text)                                                                        \
	{                                                                                          \
		{ id, text, EGPR_PATH_NONE, 0, 0 }, subjects, sizeof(subjects) / sizeof(*subjects) \
	}

enum operation {
	MODRM_SIB,
	MODRM_SIB_COLD,
	MSR_IMM,
};

static const struct group_operation operations[] = {
	[MODRM_SIB] = OPERATION("modrm-sib", "emulate a LEA: base and index by ModRM, SIB, REX2"),
	[MODRM_SIB_COLD] = OPERATION(
		"modrm-sib-cold", "the same for one of many vCPUs, whose registers are in no L2"),
	[MSR_IMM] = OPERATION("exit-84-85",
			      "RDMSR or WRMSRNS with an immediate: one register, read or written"),
};

/*
 * struct accessors - a cell of this group
 * @vcpus: register files: one, or as many as no L2 holds. All subjects use the same, in turn: where
 *	their data lies must not differ, and what the register files hold is of no matter
 * @at: exits so far, of all arms: none meets what another has just fetched
 * @msr: the MSR of exits 84 and 85
 * @sink: keeps results alive
 */
struct accessors {
	const struct cell *cell;
	enum operation operation;
	struct handler_work work;
	unsigned char *vcpus;
	uint32_t at;
	uint64_t msr;
	uint64_t sink;
	uint64_t stamp_cost;
};

static int accessors_probe(const struct layer_env *env, void **host, struct data_error *e)
{
	(void)env;
	(void)e;
	*host = NULL;
	return 0;
}

static int accessors_check_arm(const struct cell *c, const struct plan_arm *arm,
			       struct data_error *e)
{
	if (c->env->form == EGPR_FORM_HW && !c->env->standin.apx &&
	    group_subject(arm) == ACCESSOR_live)
		return data_fail(e, EGPR_SKIPPED, "r16..r31 are live on a CPU with APX only");
	return 0;
}

static const struct handler_calls *calls_of(const struct accessors *a, unsigned int arm)
{
	return &handlers[group_subject(&a->cell->arms[arm])];
}

static void accessors_close(void *run)
{
	struct accessors *a = run;

	free(a->vcpus);
	free(a);
}

static int accessors_open(const struct cell *c, void **run, struct data_error *e)
{
	struct accessors *a = calloc(1, sizeof(*a));
	size_t bytes, i;

	if (!a)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	a->cell = c;
	a->operation = (enum operation)(group_operation(c) - operations);
	handler_fill(&a->work, SEED);
	bytes = a->operation == MODRM_SIB_COLD ? (size_t)COLD_VCPUS * VCPU_STRIDE : VCPU_STRIDE;
	a->vcpus = aligned_alloc(VCPU_STRIDE, bytes);
	if (!a->vcpus) {
		accessors_close(a);
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	}
	memset(a->vcpus, 0, bytes);
	for (i = 0; i < c->nr_arms; i++)
		calls_of(a, (unsigned int)i)->init(a->vcpus, SEED, c->env->form);
	*run = a;
	return 0;
}

static int accessors_begin(void *run, struct data_error *e)
{
	struct accessors *a = run;

	(void)e;
	a->stamp_cost = group_stamp_cost();
	return 0;
}

/* A vCPU for the exit of this number, as good as random (Knuth's multiplicative hash). */
static inline unsigned char *cold_vcpu(const struct accessors *a, uint32_t i)
{
	return a->vcpus + (size_t)(i * 2654435761u >> (32 - COLD_SHIFT)) * VCPU_STRIDE;
}

static inline void handle(struct accessors *a, const struct handler_calls *h, uint32_t i)
{
	uint32_t item = i % HANDLER_ITEMS;

	if (a->operation == MSR_IMM)
		h->msr_imm(a->vcpus, a->work.reason[item], a->work.info[item], &a->msr);
	else if (a->operation == MODRM_SIB)
		a->sink ^= h->emulate(a->vcpus, a->work.insn[item]);
	else
		a->sink ^= h->emulate(cold_vcpu(a, i), a->work.insn[item]);
}

static int accessors_batch(void *run, struct layer_batch *b, struct data_error *e)
{
	struct accessors *a = run;
	const struct handler_calls *h = calls_of(a, b->arm);
	uint64_t start = clock_tsc(), before, ticks;
	uint32_t i;

	(void)e;
	for (i = 0; i < b->exits && !b->stamps; i++) {
		__asm__ volatile("lfence" : : : "memory");
		handle(a, h, a->at + i);
	}
	b->cycles = clock_tsc() - start;
	if (b->stamps)
		b->cycles = 0;
	for (i = 0; i < b->exits && b->stamps; i++) {
		before = clock_tsc();
		handle(a, h, a->at + i);
		ticks = clock_tsc() - before;
		b->stamps[i] = ticks > a->stamp_cost ? ticks - a->stamp_cost : 0;
		b->cycles += b->stamps[i];
	}
	a->at += b->exits;
	b->done = b->exits;
	return 0;
}

static size_t accessors_code(const struct cell *c, unsigned int subject)
{
	(void)c;
	return (size_t)(handlers[subject].end - handlers[subject].code);
}

const struct group_ops group_accessors_ops = {
	.layer = {
		.layer = EGPR_LAYER_ACCESSORS,
		.probe = accessors_probe,
		.check_cell = group_check_cell,
		.check_arm = accessors_check_arm,
		.open = accessors_open,
		.begin = accessors_begin,
		.batch = accessors_batch,
		.close = accessors_close,
	},
	.operations = operations,
	.nr_operations = sizeof(operations) / sizeof(*operations),
	.code = accessors_code,
};
