/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups: what the debate turns on beside the switch, measured by the same engine.
 *
 * A group has operations, and an operation has subjects that do it in different ways or with
 * different state. An operation is a cell, its subjects are the arms: blocks, intervals and
 * verdicts are those of exits. One more group is one row of EGPR_GROUPS in egpr/axis.h, one file
 * here with a `struct group_ops`, and one row in group.c.
 */
#ifndef BENCH_GROUP_H
#define BENCH_GROUP_H

#include <stddef.h>

#include <bench/layer/layer.h>

/* A subject: spelling in column `strategy`, and what it is in words. */
struct group_subject {
	const char *id;
	const char *text;
};

/**
 * struct group_operation - what is measured together
 * @kind: spelling and text, in the shape in which a cell has its exit kind
 * @subjects: the first is what the others are compared with
 * @nr_subjects: how many
 */
struct group_operation {
	struct egpr_exit_kind kind;
	const struct group_subject *subjects;
	unsigned int nr_subjects;
};

/**
 * struct group_ops - a group
 * @layer: how it is run; @layer.layer is the group's value of enum egpr_layer
 * @operations: what it measures
 * @nr_operations: how many
 * @code: bytes of an arm's code, 0 where that says nothing; NULL is allowed
 */
struct group_ops {
	struct layer_ops layer;
	const struct group_operation *operations;
	unsigned int nr_operations;
	size_t (*code)(const struct cell *c, unsigned int subject);
};

/* The group, or NULL for a layer and for a group that this program has not. */
const struct group_ops *group_find(enum egpr_layer layer);

/* The group of a cell, or NULL where it is a layer's. */
const struct group_ops *group_of(const struct cell *c);

/* The operation of a group's cell. */
const struct group_operation *group_operation(const struct cell *c);

/**
 * group_arms - the arms of an operation before the host has its say
 * @o: the operation
 * @arms: receives the first subject, the same again as its A/A arm, then the others
 *
 * Return: their number.
 */
unsigned int group_arms(const struct group_operation *o, struct plan_arm *arms);

/* Index of an arm's subject; the A/A arm has that of the first. */
unsigned int group_subject(const struct plan_arm *arm);

/* Is it the A/A arm of a group? */
bool group_is_twin(const struct plan_arm *arm);

/*
 * The arm whose data an arm runs on: the A/A arm has none of its own, so that it differs from the first in
 * nothing.
 */
unsigned int group_owner(const struct cell *c, unsigned int arm);

/* Bytes of an arm's code; 0 where nothing is to be said, and for every layer. */
size_t group_code(const struct cell *c, const struct plan_arm *arm);

/* What all groups answer to check_cell(): no guest runs, so nothing about exits is claimed. */
int group_check_cell(struct cell *c, struct data_error *e);

/* TSC ticks that a stamped round has beside the round. */
uint64_t group_stamp_cost(void);

#endif /* BENCH_GROUP_H */
