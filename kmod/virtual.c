// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual EGPR hardware in the kernel: a die notifier that executes what a CPU
 * without APX refuses, in this module's own text and in the halves of an edited KVM, and nowhere else.
 *
 * A sequence in form trap runs between egpr_virtual_enter() and egpr_virtual_leave()
 * with interrupts off, so the session of a trap is the one of this CPU. What the emulator answers
 * with #UD or #GP would be an oops on real hardware; here it is counted against the
 * session and skipped, because finding such sequences is what this form is for. In a proof of form hw
 * so is the #UD of an APX instruction that meets an XCR0 without APX.
 */
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <asm/insn.h>
#include <asm/trapnr.h>

#include "egpr_switch.h"
#include "../emu/emu.h"

bool egpr_emulate;
module_param_named(emulate, egpr_emulate, bool, 0444);
MODULE_PARM_DESC(
	emulate,
	"Act for the APX hardware that the CPU lacks, in this module's own text (default: no)");

#define UD2_BYTE0  0x0f
#define UD2_BYTE1  0x0b
#define PUSH_BYTES 16

/* What bounce.S pushes; see there. */
struct egpr_bounce {
	u64 words[PUSH_BYTES / 8];
	u64 ip;
};
DECLARE_PER_CPU(struct egpr_bounce, egpr_bounce);
DEFINE_PER_CPU(struct egpr_bounce, egpr_bounce);
static DEFINE_PER_CPU(struct egpr_session *, trapping);

extern const char egpr_bounce_one[], egpr_bounce_two[];

/* A push into the words below the stack pointer, where the trap's own frame lies. */
struct pushed {
	u64 top;
	u8 bytes[PUSH_BYTES];
	unsigned int len;
};

static enum emu_status mem_read(struct emu_ctx *ctx, __u64 addr, void *buf, unsigned int len,
				enum emu_access access)
{
	memcpy(buf, (void *)addr, len);
	return EMU_OK;
}

static enum emu_status mem_write(struct emu_ctx *ctx, __u64 addr, const void *buf, unsigned int len)
{
	struct pushed *push = ctx->opaque;

	if (push->top && addr >= push->top - PUSH_BYTES && addr + len <= push->top) {
		memcpy(push->bytes + PUSH_BYTES - (push->top - addr), buf, len);
		push->len = max_t(unsigned int, push->len, push->top - addr);
		return EMU_OK;
	}
	memcpy((void *)addr, buf, len);
	return EMU_OK;
}

static const struct emu_host host = {
	.read = mem_read,
	.write = mem_write,
};

/* pt_regs in encoding order. No form of it is stable under clang-format. */
/* clang-format off */
#define FOR_EACH_GPR(X) \
	X(0, ax) X(1, cx) X(2, dx) X(3, bx) X(4, sp) X(5, bp) X(6, si) X(7, di) \
	X(8, r8) X(9, r9) X(10, r10) X(11, r11) X(12, r12) X(13, r13) X(14, r14) X(15, r15)
/* clang-format on */

static enum emu_status execute(struct egpr_session *s, struct pt_regs *regs, unsigned int *len)
{
	const u8 *text = (const u8 *)regs->ip;
	struct pushed push = { 0 };
	struct emu_insn insn;
	struct emu_ctx ctx = {
		.rip = regs->ip,
		.rflags = regs->flags,
		.page = s->page,
		.xcr0_real = s->ctx->sw.xcr0_host & ~BIT_ULL(EGPR_XFEATURE),
		.host = &host,
		.opaque = &push,
	};
	enum emu_status st;

	if (text[0] == UD2_BYTE0 && text[1] == UD2_BYTE1)
		st = emu_decode_trap(text, MAX_INSN_SIZE, &insn);
	else
		st = emu_decode(text, MAX_INSN_SIZE, &insn);
	*len = insn.len;
	if (st != EMU_OK)
		return st;

#define TO_CTX(i, name)	  ctx.gpr[i] = regs->name;
#define FROM_CTX(i, name) regs->name = ctx.gpr[i];
	FOR_EACH_GPR(TO_CTX)
	if (insn.flags & EMU_F_STACK)
		push.top = regs->sp;
	st = emu_execute(&ctx, &insn);
	if (st != EMU_OK)
		return st;
	FOR_EACH_GPR(FROM_CTX)
	regs->flags = ctx.rflags;
	regs->ip = ctx.rip;
	if (push.len) {
		struct egpr_bounce *b = this_cpu_ptr(&egpr_bounce);

		memcpy(b->words, push.bytes, sizeof(b->words));
		b->ip = ctx.rip;
		regs->sp = push.top;
		regs->ip =
			(unsigned long)(push.len > sizeof(u64) ? egpr_bounce_two : egpr_bounce_one);
	}
	return EMU_OK;
}

/* Real hardware has refused it: a sequence that uses the registers where XCR0.APX is clear. */
static enum emu_status refused(const struct pt_regs *regs, unsigned int *len)
{
	struct emu_insn insn;
	enum emu_status st = emu_decode((const u8 *)regs->ip, MAX_INSN_SIZE, &insn);

	*len = insn.len;
	return st == EMU_OK ? EMU_UD : st;
}

/* Where a half lies that is part of an edited KVM, first and last address: the last that ran on a CPU. */
static unsigned long __percpu *place_text;

/* text: NULL where there is none. */
void egpr_virtual_place(unsigned long __percpu *text)
{
	WRITE_ONCE(place_text, text);
}

static bool at_place(unsigned long ip)
{
	unsigned long __percpu *at = READ_ONCE(place_text);
	const unsigned long *text = at ? raw_cpu_ptr(at) : NULL;

	return text && ip >= text[0] && ip < text[1];
}

static int on_die(struct notifier_block *nb, unsigned long val, void *data)
{
	struct die_args *args = data;
	struct egpr_session *s = this_cpu_read(trapping);
	unsigned int len = 0;
	enum emu_status st;

	if (val != DIE_TRAP || args->trapnr != X86_TRAP_UD || user_mode(args->regs) || !s)
		return NOTIFY_DONE;
	if (!within_module(args->regs->ip, THIS_MODULE) && !at_place(args->regs->ip))
		return NOTIFY_DONE;

	if (s->plan.form == EGPR_FORM_HW)
		st = refused(args->regs, &len);
	else
		st = execute(s, args->regs, &len);
	if (st == EMU_OK) {
		s->counters.emulated++;
		return NOTIFY_STOP;
	}
	if (!len || st == EMU_NOT_APX || st == EMU_SHORT)
		return NOTIFY_DONE; /* a BUG() or a damaged sequence: not ours to hide */
	s->counters.ud++;
	args->regs->ip += len;
	return NOTIFY_STOP;
}

static struct notifier_block die_block = {
	.notifier_call = on_die,
	.priority = INT_MAX,
};

int egpr_virtual_init(void)
{
	return register_die_notifier(&die_block);
}

void egpr_virtual_exit(void)
{
	unregister_die_notifier(&die_block);
}

void egpr_virtual_enter(struct egpr_session *s)
{
	this_cpu_write(trapping, s);
}

void egpr_virtual_leave(void)
{
	this_cpu_write(trapping, NULL);
}

/**
 * egpr_virtual_forget - no trap of any CPU is this session's any more
 * @s: a session whose vCPU is out
 */
void egpr_virtual_forget(struct egpr_session *s)
{
	int cpu;

	for_each_possible_cpu(cpu) cmpxchg(per_cpu_ptr(&trapping, cpu), s, NULL);
}
