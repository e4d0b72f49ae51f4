/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What layers kvm and vmenter have in common: everything but where the module runs the halves.
 */
#ifndef BENCH_LAYER_KVM_H
#define BENCH_LAYER_KVM_H

#include "layer.h"

int layer_kvm_probe(const struct layer_env *env, void **host, struct data_error *e);
int layer_kvm_check_cell(struct cell *c, struct data_error *e);
int layer_kvm_check_arm(const struct cell *c, const struct plan_arm *arm, struct data_error *e);
int layer_kvm_check_own(const struct cell *c, struct data_error *e);
int layer_kvm_open(const struct cell *c, void **run, struct data_error *e);
int layer_kvm_batch(void *run, struct layer_batch *r, struct data_error *e);
void layer_kvm_close(void *run);

#endif /* BENCH_LAYER_KVM_H */
