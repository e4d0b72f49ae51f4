# SPDX-License-Identifier: GPL-2.0-only
# docs/: manual pages, and `make install`, which is where they go.

MAN_IN := $(wildcard docs/man/*.in)
ifeq ($(wildcard include/egpr/uapi.h),)
MAN_IN := $(filter-out docs/man/egpr_switch.4.in,$(MAN_IN))
endif
MAN := $(MAN_IN:docs/man/%.in=$(B)/man/%)

$(MAN): $(B)/man/%: docs/man/%.in scripts/manpage $(B)/egprlab $(B)/vmm-mini \
		$(wildcard include/egpr/*.h bench/plan/plan.h bench/campaign/campaign.h)
	@mkdir -p $(@D)
	$(call say,MAN,$@)scripts/manpage $< $(B) >$@
PROGRAMS += $(MAN)

prefix ?= /usr/local
bindir = $(DESTDIR)$(prefix)/bin
libdir = $(DESTDIR)$(prefix)/lib/egprlab
sharedir = $(DESTDIR)$(prefix)/share/egprlab
mandir = $(DESTDIR)$(prefix)/share/man
completiondir = $(DESTDIR)$(prefix)/share/bash-completion/completions

# The programs stay beside their payloads and plans, so that they find them.
.PHONY: install
install: all
	install -d $(bindir) $(libdir)/payloads $(libdir)/bench/plan/plans $(sharedir)/plot \
		$(sharedir)/profiles $(sharedir)/reference $(completiondir)
	install $(B)/egprlab $(B)/vmm-mini $(wildcard $(B)/libegpr-exec.so) $(libdir)
	install -m 644 $(wildcard $(B)/payloads/*.elf) $(libdir)/payloads
	install -m 644 bench/plan/plans/*.ini $(libdir)/bench/plan/plans
	install -m 644 scripts/plot/*.gp $(sharedir)/plot
	install -m 644 bench/report/cost/profiles/*.ini $(sharedir)/profiles
	$(if $(wildcard results/reference/path-length.csv),install -m 644 results/reference/path-length.csv \
		$(sharedir)/reference)
	install -m 644 scripts/completion/egprlab $(completiondir)
	for page in $(MAN); do \
		install -D -m 644 $$page $(mandir)/man$${page##*.}/$${page##*/} || exit 1; \
	done
	ln -sf ../lib/egprlab/egprlab $(bindir)/egprlab
	ln -sf ../lib/egprlab/vmm-mini $(bindir)/vmm-mini

# The first screen of the reference run and that of both beside each other, as README shows them.
.PHONY: docs-picture
docs-picture: $(B)/egprlab
	rm -rf $(B)/reference && mkdir -p $(B)/reference/both && cp -r results/reference/pvm-* $(B)/reference/
	$(B)/egprlab report --quiet $(B)/reference/pvm-amd-epyc-proxy >/dev/null
	scripts/report-print $(B)/reference/pvm-amd-epyc-proxy docs/report.png 1280 800
	$(B)/egprlab compare --quiet $(B)/reference/pvm-amd-epyc-proxy $(B)/reference/pvm-amd-zen3-proxy \
		--html $(B)/reference/both/report.html >/dev/null
	scripts/report-print $(B)/reference/both docs/hosts.png 1280 800

#: make docs-picture   docs/report.png and docs/hosts.png anew, from the reference runs
#: make install        install below DESTDIR and prefix (/usr/local)
