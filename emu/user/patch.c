// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replacing a hot APX instruction by a jump to its slot.
 *
 * Five bytes or more: JMP rel32 to the slot. Three and four bytes: the same, but
 * the upper bytes of rel32 are those of the following instruction, which stay as
 * they are; a relay jump is placed wherever that makes the jump lead. Nothing but
 * the instruction itself is ever changed, so a jump to the next one still works.
 *
 * Other threads may be executing the bytes. The first becomes a one-byte invalid
 * opcode, whose trap means "try again"; then the rest changes; then the first
 * becomes the jump; a core-serialising membarrier stands between the steps. Only
 * file-backed text is patched: whoever writes code himself (a JIT) may also move it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "state.h"

#define INSN_MIN 3 /* bytes; the shortest REX2 instruction */

/*
 * Traps after which a cold neighbour is made unpatchable instead. Of short instructions in a row the last
 * is patched first and then one per USER_HOT traps: enough for sixteen.
 */
#define PIN_HITS (20 * USER_HOT)

atomic_ulong user_nr_patched, user_nr_unpatchable;

static bool have_membarrier;

static int barrier(int command)
{
	return (int)syscall(SYS_membarrier, command, 0, 0);
}

/** user_patch_setup - once per process. Return: 0 or -errno; without it nothing is patched. */
int user_patch_setup(void)
{
	if (barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE))
		return -errno;
	have_membarrier = true;
	return 0;
}

/* One line of /proc/self/maps, read without stdio: we are in a signal handler. */
struct maps {
	int fd;
	char buf[4096];
	size_t len, at;
};

static int next_char(struct maps *m)
{
	if (m->at == m->len) {
		ssize_t n = read(m->fd, m->buf, sizeof(m->buf));

		if (n <= 0)
			return -1;
		m->len = (size_t)n;
		m->at = 0;
	}
	return (unsigned char)m->buf[m->at++];
}

static uint64_t number(struct maps *m, unsigned int base, int *end)
{
	uint64_t v = 0;

	for (;;) {
		int c = next_char(m);
		unsigned int digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned int)(c - '0');
		else if (base == 16 && c >= 'a' && c <= 'f')
			digit = (unsigned int)(c - 'a') + 10;
		else {
			*end = c;
			return v;
		}
		v = v * base + digit;
	}
}

static void skip(struct maps *m, int until)
{
	for (int c = next_char(m); c >= 0 && c != until; c = next_char(m))
		;
}

/* Whether [from, to) lies in one private, file-backed r-x mapping. */
static bool is_text(uint64_t from, uint64_t to)
{
	struct maps m = { .fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC) };
	bool text = false;
	int c = 0;

	if (m.fd < 0)
		return false;
	while (c >= 0 && !text) {
		char perm[4];
		uint64_t low = number(&m, 16, &c), high, inode;

		if (c != '-')
			break;
		high = number(&m, 16, &c);
		for (unsigned int i = 0; i < sizeof(perm); i++)
			perm[i] = (char)next_char(&m);
		skip(&m, ' ');
		skip(&m, ' '); /* offset */
		skip(&m, ' '); /* device */
		inode = number(&m, 10, &c);
		if (c != '\n')
			skip(&m, '\n');
		text = from >= low && to <= high && inode && !memcmp(perm, "r-xp", 4);
	}
	close(m.fd);
	return text;
}

static void serialise(void)
{
	barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
}

static bool write_jump(struct user_slot *s, uint64_t target)
{
	uint8_t *at = (uint8_t *)(uintptr_t)s->rip;
	uint64_t page = s->rip & ~(USER_PAGE_SIZE - 1);
	unsigned int n = s->insn.len < USER_JUMP_NEAR ? s->insn.len : USER_JUMP_NEAR;
	size_t span = ((s->rip + n - 1) & ~(USER_PAGE_SIZE - 1)) + USER_PAGE_SIZE - page;
	uint8_t jump[USER_JUMP_MAX];

	if (user_build_jump(jump, s->rip, target) != USER_JUMP_NEAR)
		return false;
	if (!is_text(s->rip, s->rip + n) ||
	    mprotect((void *)(uintptr_t)page, span, PROT_READ | PROT_WRITE | PROT_EXEC))
		return false;
	s->state = USER_PATCHING;
	__atomic_store_n(at, USER_PATCH_BYTE, __ATOMIC_RELEASE);
	serialise();
	for (unsigned int i = 1; i < n; i++)
		__atomic_store_n(at + i, jump[i], __ATOMIC_RELAXED);
	serialise();
	__atomic_store_n(at, USER_OP_JMP, __ATOMIC_RELEASE);
	s->state = USER_PATCHED;
	mprotect((void *)(uintptr_t)page, span, PROT_READ | PROT_EXEC);
	serialise();
	return true;
}

/*
 * Whether the bytes that a short instruction's jump borrows will stay what they
 * are: none may be the start of an instruction that gets patched itself.
 */
static bool neighbours_stay(const struct user_slot *s)
{
	for (unsigned int i = 0; i < (unsigned int)(USER_JUMP_NEAR - s->insn.len); i++) {
		uint64_t rip = s->rip + s->insn.len + i;
		struct user_slot *next;

		next = user_cache_find(rip);
		if (next ? next->state != USER_COLD : !user_is_apx(rip))
			continue;
		if (s->hits < PIN_HITS)
			return false; /* it may become hot and be patched first */
		if (!next)
			next = user_slot_make(rip);
		if (!next)
			continue;
		next->state = USER_FIXED;
	}
	return true;
}

static uint8_t *place_relay(struct user_slot *s)
{
	unsigned int borrow = USER_JUMP_NEAR - s->insn.len, own = s->insn.len - 1;
	uint8_t rel[4] = { 0 }, *relay;
	int32_t low;
	uint64_t from;

	if (s->insn.len < INSN_MIN ||
	    user_copy(rel + own, (const void *)(uintptr_t)(s->rip + s->insn.len), borrow) ||
	    !neighbours_stay(s))
		return NULL;
	memcpy(&low, rel, sizeof(low));
	from = s->rip + USER_JUMP_NEAR + (uint64_t)(int64_t)low;
	if (from >> 47) /* wrapped below zero, or not canonical */
		return NULL;
	relay = user_code_alloc(USER_JUMP_MAX, from, from + (1ull << (8 * own)) - 1, s);
	if (relay)
		user_build_jump(relay, (uint64_t)(uintptr_t)relay, (uint64_t)(uintptr_t)s->code);
	return relay;
}

/**
 * user_patch - replace a hot instruction, if that is possible and safe
 * @s: its slot
 *
 * Called with all asynchronous signals blocked.
 */
void user_patch(struct user_slot *s)
{
	const uint8_t *target = s->code;
	bool postponed = false;

	if (!have_membarrier || !target)
		return;
	user_lock();
	if (s->state == USER_COLD) {
		if (s->insn.len < USER_JUMP_NEAR) {
			target = place_relay(s);
			postponed = !target && s->hits <= PIN_HITS;
		}
		if (target && write_jump(s, (uint64_t)(uintptr_t)target)) {
			user_nr_patched++;
		} else if (!postponed) {
			s->state = USER_FIXED;
			user_nr_unpatchable++;
		}
	}
	user_unlock();
}
