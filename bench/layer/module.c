// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of /dev/egpr_switch; see module.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <egpr/status.h>

#include "module.h"

#define REFUSAL_TEXT(SYM, text) [EGPR_REFUSED_##SYM] = text,
static const char *const refusals[EGPR_NR_REFUSALS] = { EGPR_REFUSALS(REFUSAL_TEXT) };

const char *module_refusal(uint32_t refusal)
{
	return refusal < EGPR_NR_REFUSALS ? refusals[refusal] : "unknown to this build";
}

static int failed(const char *what, uint32_t refusal, struct data_error *e)
{
	if (refusal != EGPR_REFUSED_NONE)
		return data_fail(e, EGPR_SKIPPED, "egpr_switch: %s: %s", what,
				 module_refusal(refusal));
	return data_fail(e, EGPR_SKIPPED, "egpr_switch: %s: %s", what, strerror(errno));
}

static int open_failed(struct data_error *e)
{
	if (errno == EACCES || errno == EPERM)
		return data_fail(e, EGPR_SKIPPED,
				 EGPR_DEVICE ": %s; the module's device is for root: run as root",
				 strerror(errno));
	return data_fail(e, EGPR_SKIPPED,
			 EGPR_DEVICE
			 ": %s; the module is not loaded: make kmod, then insmod "
			 "build/kmod-$(uname -r)/egpr_switch.ko as root (make bench does both)",
			 strerror(errno));
}

int module_open(struct module_session *m, struct data_error *e)
{
	memset(m, 0, sizeof(*m));
	m->fd = open(EGPR_DEVICE, O_RDWR | O_CLOEXEC);
	if (m->fd < 0)
		return open_failed(e);
	m->query.abi = EGPR_ABI_VERSION;
	if (ioctl(m->fd, EGPR_IOC_QUERY, &m->query)) {
		data_fail(e, EGPR_SKIPPED,
			  EGPR_DEVICE ": %s; the loaded module speaks another ABI than version %d: "
				      "unload it and load the one built with this program",
			  strerror(errno), EGPR_ABI_VERSION);
		goto out_close;
	}
	if (m->query.tables != egpr_tables_sum()) {
		data_fail(e, EGPR_SKIPPED,
			  EGPR_DEVICE ": the loaded module was built from other tables: unload it "
				      "and load the one built with this program");
		goto out_close;
	}
	m->page = mmap(NULL, EGPR_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (m->page == MAP_FAILED) {
		m->page = NULL;
		data_fail(e, EGPR_SKIPPED, EGPR_DEVICE ": cannot map the register file: %s",
			  strerror(errno));
		goto out_close;
	}
	return 0;

out_close:
	module_close(m);
	return EGPR_SKIPPED;
}

void module_close(struct module_session *m)
{
	if (m->page)
		munmap(m->page, EGPR_PAGE_SIZE);
	if (m->fd >= 0)
		close(m->fd);
	m->page = NULL;
	m->fd = -1;
}

int module_attach(struct module_session *m, int vcpu_fd, struct data_error *e)
{
	struct egpr_attach a = { .abi = EGPR_ABI_VERSION, .vcpu_fd = vcpu_fd };

	return ioctl(m->fd, EGPR_IOC_ATTACH, &a) ? failed("attach", a.refusal, e) : 0;
}

int module_detach(struct module_session *m, struct data_error *e)
{
	return ioctl(m->fd, EGPR_IOC_DETACH, 0) ? failed("detach", EGPR_REFUSED_NONE, e) : 0;
}

struct egpr_configure module_configuration(const struct egpr_strategy *s, enum egpr_form form,
					   enum egpr_guest_state state, unsigned int delay,
					   unsigned int flags)
{
	return (struct egpr_configure){
		.abi = EGPR_ABI_VERSION,
		.strategy = (__u32)(s - egpr_strategies),
		.form = form,
		.guest_state = state,
		.delay = delay,
		.flags = flags,
	};
}

int module_configure(struct module_session *m, struct egpr_configure c, struct data_error *e)
{
	return ioctl(m->fd, EGPR_IOC_CONFIGURE, &c)
		       ? failed(egpr_strategies[c.strategy].id, c.refusal, e)
		       : 0;
}

int module_counters(struct module_session *m, struct egpr_counters *c, bool reset,
		    struct data_error *e)
{
	memset(c, 0, sizeof(*c));
	c->abi = EGPR_ABI_VERSION;
	c->flags = reset ? EGPR_COUNT_RESET : 0;
	return ioctl(m->fd, EGPR_IOC_COUNTERS, c) ? failed("counters", EGPR_REFUSED_NONE, e) : 0;
}

int module_bench(struct module_session *m, struct egpr_bench *b, struct data_error *e)
{
	b->abi = EGPR_ABI_VERSION;
	return ioctl(m->fd, EGPR_IOC_BENCH, b) ? failed("benchmark", b->refusal, e) : 0;
}

int module_run(struct module_session *m, const struct egpr_strategy *s, enum egpr_form form,
	       enum egpr_guest_state state, unsigned int half, unsigned int flags,
	       struct data_error *e)
{
	struct egpr_run r = {
		.abi = EGPR_ABI_VERSION,
		.strategy = (__u32)(s - egpr_strategies),
		.form = form,
		.guest_state = state,
		.half = half,
		.flags = flags,
	};

	return ioctl(m->fd, EGPR_IOC_RUN, &r) ? failed(s->id, r.refusal, e) : 0;
}

int module_contract(struct module_session *m, struct egpr_contract c,
		    struct egpr_contract_image *im, struct data_error *e)
{
	c.abi = EGPR_ABI_VERSION;
	c.image = (uintptr_t)im;
	return ioctl(m->fd, EGPR_IOC_CONTRACT, &c)
		       ? failed(egpr_strategies[c.strategy].id, c.refusal, e)
		       : 0;
}

int module_look(struct module_session *m, struct egpr_look *l, struct data_error *e)
{
	l->abi = EGPR_ABI_VERSION;
	return ioctl(m->fd, EGPR_IOC_LOOK, l) ? failed("look", l->refusal, e) : 0;
}

int module_xstate(struct module_session *m, struct egpr_xstate *x, struct data_error *e)
{
	x->abi = EGPR_ABI_VERSION;
	return ioctl(m->fd, EGPR_IOC_XSTATE, x) ? failed("xstate", x->refusal, e) : 0;
}

int module_steps_begin(struct module_session *m, struct data_error *e)
{
	struct egpr_steps s = { .abi = EGPR_ABI_VERSION, .what = EGPR_STEPS_BEGIN };

	return ioctl(m->fd, EGPR_IOC_STEPS, &s) ? failed("steps", EGPR_REFUSED_NONE, e) : 0;
}

int module_steps_end(struct module_session *m, struct egpr_steps *s, struct data_error *e)
{
	*s = (struct egpr_steps){ .abi = EGPR_ABI_VERSION,
				  .what = EGPR_STEPS_END,
				  .buffer = s->buffer };
	return ioctl(m->fd, EGPR_IOC_STEPS, s) ? failed("steps", EGPR_REFUSED_NONE, e) : 0;
}

int module_get_regs(struct module_session *m, __u64 r[EGPR_COUNT], struct data_error *e)
{
	struct egpr_guest_regs g = { .abi = EGPR_ABI_VERSION };

	if (ioctl(m->fd, EGPR_IOC_GET_REGS, &g))
		return failed("read the guest's registers", EGPR_REFUSED_NONE, e);
	memcpy(r, g.r, sizeof(g.r));
	return 0;
}

int module_set_regs(struct module_session *m, const __u64 r[EGPR_COUNT], struct data_error *e)
{
	struct egpr_guest_regs g = { .abi = EGPR_ABI_VERSION };

	memcpy(g.r, r, sizeof(g.r));
	return ioctl(m->fd, EGPR_IOC_SET_REGS, &g)
		       ? failed("write the guest's registers", EGPR_REFUSED_NONE, e)
		       : 0;
}
