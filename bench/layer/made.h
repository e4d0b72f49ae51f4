/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How each context of the layers without a guest is made; the text of its row says what it means.
 */
#ifndef BENCH_LAYER_MADE_H
#define BENCH_LAYER_MADE_H

#include "layer.h"
#include "prepare.h"

/**
 * struct made - a context as loop and preparation
 * @shape: the loop
 * @level: what stands before each half
 */
struct made {
	enum layout_shape shape;
	enum prepare_level level;
};

const struct made *made_of(const struct cell *c);

#endif /* BENCH_LAYER_MADE_H */
