// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's side of scripts/boot: bytes out through an I/O port, and the end
 * of the machine. Both emulators hand what is written to port 0xe9 to the host
 * as it is, at no cost but the instruction; a serial line would be paced by its
 * baud rate, and /dev/port counts its address up with every byte.
 *
 * usage: port stream    copy standard input to the host
 *        port end       end the emulator
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <unistd.h>

#define DEBUG_PORT	0xe9 /* Bochs: port_e9_hack; QEMU: isa-debugcon */
#define EXIT_PORT	0xf4 /* QEMU: isa-debug-exit; nothing is there in Bochs */
#define EXIT_VALUE	0x2a /* QEMU ends with (value << 1) | 1, never 0 as a panic does */
#define LEVEL_ALL_PORTS 3    /* iopl() */

/** stream - standard input to the host, until it ends. Returns an exit status. */
static int stream(void)
{
	char buffer[65536];

	for (;;) {
		ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			perror("port: read");
			return 1;
		}
		if (!got)
			return 0;
		outsb(DEBUG_PORT, buffer, (unsigned long)got);
	}
}

/** end - the end of this machine: QEMU's exit device, or Bochs' magic breakpoint. */
static int end(void)
{
	outb(EXIT_VALUE, EXIT_PORT);
	__asm__ volatile("xchg %bx, %bx");
	return 1;
}

int main(int argc, char **argv)
{
	int is_stream = argc == 2 && !strcmp(argv[1], "stream");

	if (!is_stream && (argc != 2 || strcmp(argv[1], "end"))) {
		fprintf(stderr, "usage: port stream|end\n");
		return 64;
	}
	if (iopl(LEVEL_ALL_PORTS)) {
		perror("port: iopl");
		return 1;
	}
	return is_stream ? stream() : end();
}
