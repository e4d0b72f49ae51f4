/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Preparations: what the caches hold when a half starts.
 *
 * A preparation acts on the lines that the switch's data lies in, and on nothing else as far as it
 * can: to empty a whole cache would make code and stack cold too, and take a hundred times as long. So
 * what is to leave L1 is pushed out by other lines of the same sets, all of which have the same
 * offset within their page; whoever places code and data keeps their offsets apart. L2 hashes
 * addresses, so there everything goes, and the sequence's code is brought back as far as L2.
 */
#ifndef BENCH_LAYER_PREPARE_H
#define BENCH_LAYER_PREPARE_H

#include <stddef.h>
#include <stdint.h>

#include <egpr/switch.h>

#include <bench/base/error.h>
#include "layout.h"
#include "standin.h"

enum prepare_level {
	PREPARE_NOTHING,
	PREPARE_L1,
	PREPARE_L2,
	PREPARE_LLC,
	PREPARE_DRAM,
	PREPARE_LEGACY_WARM,
	PREPARE_CODE_COLD,
	PREPARE_BTB_COLD,
};

/* Bytes before the context that play regs[0..15], which KVM writes at each exit. */
#define PREPARE_LEGACY_BYTES 128

struct prepare;

/**
 * prepare_open - set a preparation up
 * @level: what it does
 * @e: receives the message
 *
 * Return: the preparation, or NULL with EGPR_SKIPPED or EGPR_UNAVAILABLE in @status.
 */
struct prepare *prepare_open(enum prepare_level level, int *status, struct data_error *e);
void prepare_close(struct prepare *p);

/**
 * prepare_data - name the lines it acts on
 * @p: the preparation
 * @sw: the context, behind PREPARE_LEGACY_BYTES that are the caller's too
 * @s: where the stand-in lies in the XSAVE area
 */
void prepare_data(struct prepare *p, struct egpr_switch *sw, const struct standin *s);

/* Name the code: that of the halves, which may be cold, and of the loop, which may not. */
void prepare_code(struct prepare *p, const struct layout_site *site);

/* Before a half, 0 or 1; @prepare is a struct prepare. */
void prepare_half(void *prepare, unsigned long half);

/**
 * prepare_latency - what a load takes from where the preparation leaves a line
 * @p: with data that nobody needs: the lines are chained
 * @rounds: walks through all of them
 * @ticks: room for as many
 *
 * Return: TSC ticks per load, mean of the middle half, a share of the stamps included.
 */
double prepare_latency(struct prepare *p, unsigned int rounds, double *ticks);

#endif /* BENCH_LAYER_PREPARE_H */
