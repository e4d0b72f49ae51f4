/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the models share: parameters from the environment, properties, steps, faults.
 *
 * One verifier serves every question that is asked of a model: the question is a number in the
 * environment, so nothing is compiled per strategy. `run` knows the names of the numbers from
 * the lines `#define P_...` and `#define H_...` of the model itself.
 */

c_decl {
	\#include <stdio.h>
	\#include <stdlib.h>
};

c_code {
	static int param(const char *name)
	{
		const char *value = getenv(name);

		if (!value) {
			fprintf(stderr, "model: %s is not set: start it with docs/models/run\n", name);
			exit(64);
		}
		return atoi(value);
	}
};

int asked;	/* the properties that are asked for, a bit each: 1 << P_... */
byte assumption; /* what the world around may do: H_... */
bool dead;	/* the host has taken a fault that it does not survive */

#define IS_ASKED(p) ((asked >> p) & 1)

/* A step of a trace, as `run` prints it. Macros: an inline takes no text. */
#define step(text) printf("@ "); printf(text); printf("\n")

/* What must hold here, and the step that says so where it does not. */
#define expect(p, holds, text) \
	if :: IS_ASKED(p) && !dead && !(holds) -> step(text); printf("! %d\n", p); assert(false) :: else fi

/* What ends the host ends the path too: nothing that comes behind it is asked about. */
#define fault(p, text) \
	step(text); if :: IS_ASKED(p) -> printf("! %d\n", p); assert(false) :: else fi; dead = true

/* A dead host is no deadlock of the model; one that pan reports is a mistake in it. */
active proctype panicked()
{
end:	do
	:: dead -> skip
	od
}
