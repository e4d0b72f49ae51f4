/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The edited KVM of layer vmenter in the distribution's place, and the distribution's back again.
 *
 * Modules are taken out and put in while no VM runs, never written to the module directory: a reboot, or
 * `modprobe -r` and `modprobe`, has the distribution's. One process at a time may have the edited one in; when
 * it ends, however it ends, the distribution's comes back: by itself, by the keeper that it started, or if that
 * was killed too by the next start.
 */
#ifndef BENCH_EDITED_H
#define BENCH_EDITED_H

#include <stdbool.h>
#include <stddef.h>

#include <bench/base/error.h>

/**
 * edited_kvm_loaded - is the KVM that is loaded one of scripts/kvm-build's
 * @text: receives what it says of itself: its place, and SHA-256 of its source; may be NULL
 * @size: of @text
 *
 * Return: whether it is.
 */
bool edited_kvm_loaded(char *text, size_t size);

/**
 * edited_kvm_use - have the one KVM or the other loaded
 * @edited: the edited one
 * @e: receives the reason
 *
 * Costs nothing where it is loaded already. Return: 0; EGPR_SKIPPED where the edited one is not built, modules
 * cannot be loaded, or a VM runs; EGPR_INTERNAL where the distribution's does not come back.
 */
int edited_kvm_use(bool edited, struct data_error *e);

/**
 * edited_kvm_keep - measure everything under one build of scripts/kvm-build
 * @dir: the build, or NULL: no longer
 * @e: receives the reason
 *
 * As long as it is kept, edited_kvm_use() leaves it loaded whoever asks for what.
 * Return: as edited_kvm_use().
 */
int edited_kvm_keep(const char *dir, struct data_error *e);

/* Whether one is kept. */
bool edited_kvm_kept(void);

/**
 * edited_kvm_recover - at a start: take back what a killed process has left loaded
 * @e: receives the reason
 *
 * Return: 0 where nothing was left, 1 where the distribution's KVM is back, or a status of edited_kvm_use().
 */
int edited_kvm_recover(struct data_error *e);

/**
 * edited_kvm_built - what scripts/kvm-build wrote down for the running kernel
 * @key: release, source, place, sha256 or vermagic
 * @text: receives it, "" where nothing was built
 * @size: of @text
 */
void edited_kvm_built(const char *key, char *text, size_t size);

#endif /* BENCH_EDITED_H */
