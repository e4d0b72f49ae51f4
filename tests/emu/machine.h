/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine for the emulator's tests: contexts, random state, a memory, host callbacks. */
#ifndef TESTS_EMU_MACHINE_H
#define TESTS_EMU_MACHINE_H

#include <signal.h>
#include <stdint.h>
#include "../../emu/emu.h"

#define STATUS_FLAGS 0x8d5u
#define MEM_SIZE     4096u

/**
 * struct machine - emulated CPU of a test
 * @ctx: registers; ctx.opaque points back here
 * @page: register file
 * @mem: MEM_SIZE bytes below 4 GiB, so that 32-bit addresses reach them too
 * @slot: executable page
 * @ref: another one, for the reference
 */
struct machine {
	struct emu_ctx ctx;
	struct egpr_page *page;
	uint8_t *mem;
	uint8_t *slot;
	uint8_t *ref;
};

int machine_init(struct machine *m);
void machine_exit(struct machine *m);
/* A crash of native code ends the test with a message, not with a kernel log line. */
void machine_catch(void);
extern volatile sig_atomic_t machine_stop; /* SIGINT or SIGTERM came: print the count and end */

extern const struct emu_host machine_host;	/* with an executable slot */
extern const struct emu_host machine_host_free; /* without */

/* Run an instruction as an out-of-line slot does: EMU_RE_KEEP, by the letter of emu.h. */
enum emu_status machine_keep(struct machine *m, const struct emu_insn *insn);

uint64_t rnd(uint64_t *state);
/* A value that is often at an edge: 0, 1, all ones, sign bits, small. */
uint64_t rnd_value(uint64_t *state);

#endif /* TESTS_EMU_MACHINE_H */
