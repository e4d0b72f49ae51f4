// SPDX-License-Identifier: GPL-2.0-only
/*
 * The posts that the debate turns on, a chapter each: the question, what was run, the verdict. Numbers are
 * the run's; what is no number names the test, the model's trace or the source it stands on.
 */
#include <stdio.h>
#include <string.h>

#include <egpr/model-answers.h>

#include <bench/group/uabi_property.h>
#include <bench/plan/axis.h>
#include "report.h"

#define TEST_NAME 64
#define CLAUSE	  192

/* The name of the unit test of a property: test_clear_bit of clear-bit. */
static void property_test(const char *id, char *name, size_t size)
{
	char *c;

	snprintf(name, size, "unit/group/uabi:test_%s", id);
	for (c = name; *c; c++)
		*c = *c == '-' ? '_' : *c;
}

static void uabi_matrix(struct report *r)
{
	struct doc_column head[1 + NR_UABI_POLICIES] = { { "property", DOC_WIDE } };
	char test[TEST_NAME];
	unsigned int i, p;

	for (p = 0; p < NR_UABI_POLICIES; p++)
		head[1 + p] = (struct doc_column){ uabi_policy_ids[p], DOC_WIDE };
	doc_table(&r->doc, "uabi-properties", head, 1 + NR_UABI_POLICIES,
		  "What the two calls have to hold, tried now on %d random states each in the "
		  "model (bench/group/uabi_model.c). In brackets the unit test that holds the cell "
		  "to its answer.",
		  UABI_STATES);
	for (i = 0; i < UABI_NR_PROPERTIES; i++) {
		const struct uabi_property *q = &uabi_properties[i];

		property_test(q->id, test, sizeof(test));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", q->text);
		for (p = 0; p < NR_UABI_POLICIES; p++) {
			const char *broken = uabi_broken(q, (enum uabi_policy)p);

			doc_cell(&r->doc, broken ? DOC_BAD : DOC_GOOD, NULL, "%s%s [proved: %s]",
				 broken ? "no: " : "holds", broken ? broken : "", test);
		}
	}
}

static void uabi_memory_table(struct report *r)
{
	static const struct doc_column head[] = {
		{ "r16-r31 are", 0 },	       { "bytes/vCPU", DOC_NUMBER },
		{ "out: copies", DOC_NUMBER }, { "bytes", DOC_NUMBER },
		{ "in: copies", DOC_NUMBER },  { "bytes", DOC_NUMBER },
		{ "what that is", DOC_WIDE }
	};
	static uint8_t buffer[UABI_BYTES_MAX];
	uint64_t set = UABI_X87_SSE | UABI_AVX | UABI_AVX512 | UABI_APX;
	unsigned int p;

	doc_table(&r->doc, "uabi-memory", head, sizeof(head) / sizeof(*head),
		  "Memory of a vCPU with AVX-512 and APX, and what one KVM_GET_XSAVE2 and one "
		  "KVM_SET_XSAVE of %zu bytes copy or zero, counted in the model with AVX and "
		  "r16-r31 in use [proved: unit/group/uabi:test_sizes].",
		  uabi_size(set));
	for (p = 0; p < NR_UABI_POLICIES; p++) {
		uint64_t egprs[EGPR_COUNT] = { 1 };
		struct uabi_copies out;
		struct uabi_vcpu v;

		if (uabi_open(&v, (enum uabi_policy)p, set))
			return;
		uabi_guest_write(&v, egprs);
		uabi_guest_write_component(&v, 2, buffer);
		uabi_get(&v, buffer, uabi_size(set));
		out = v.copies;
		uabi_set(&v, buffer);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", uabi_policy_ids[p]);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%zu", uabi_memory(&v));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%llu", (unsigned long long)out.calls);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%llu", (unsigned long long)out.bytes);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%llu",
			 (unsigned long long)(v.copies.calls - out.calls));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%llu",
			 (unsigned long long)(v.copies.bytes - out.bytes));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", uabi_policy_texts[p]);
		uabi_close(&v);
	}
}

static void post_uabi(struct report *r)
{
	char unused[CLAUSE];

	doc_heading(&r->doc, 3, "post-uabi",
		    "2026-04-02: what of the APX area in guest fpstate, and how does the KVM ABI "
		    "get the state?");
	doc_para(&r->doc,
		 "Question: with r16-r31 in regs[], KVM_GET_XSAVE and KVM_SET_XSAVE copy them "
		 "beside the fpstate. Is that right in every state, and what does it cost in "
		 "memory, copies and time?");
	doc_para(
		&r->doc,
		"Run: a model of the posted diff with its order of operations, and of the other "
		"answers; %u properties over random states; the calls of this host's KVM for the "
		"components that it has [proved: unit/group/uabi-ioctl:test_identity; on kvm-amd and "
		"kvm-intel: e2e/bed-uabi], their time below where the group was part of the run; the same calls of a KVM that keeps r16-r31 "
		"beside the fpstate, right and as posted, with a migration of running guests [proved: "
		"e2e/bed-uabi].",
		UABI_NR_PROPERTIES);
	uabi_matrix(r);
	uabi_memory_table(r);
	report_operations(r, EGPR_LAYER_UABI, true, egpr_layers[EGPR_LAYER_UABI].text);
	report_outcome(r, EGPR_LAYER_UABI, "model-set", uabi_policy_ids[UABI_UNUSED], true, unused,
		       sizeof(unused));
	doc_para(
		&r->doc,
		"Verdict: in the model copying beside the fpstate keeps the interface, and an area that stays "
		"unused or is excluded holds every property. The diff as posted, taken to the "
		"letter, does not: it leaves r16-r31 as they were where XSTATE_BV[19] is clear, "
		"copies in before the header is checked, shows the bit to guests without APX and "
		"leaves a copy in the area that the next guest instruction makes stale. Leaving "
		"the area out of the fpstate without telling the permission breaks the agreement "
		"with CPUID.%s%s%s",
		*unused ? " " : "", unused, *unused ? "." : "");
}

#if EGPR_MODELS_ASKED
#define MODEL "model: egpr.pml, under Models"
#else
#define MODEL "cited: docs/models/README.md; not asked here, there was no spin"
#endif

/*
 * What the series' own selftest does not look at: what stands for it here. All are cases of
 * tests/selftest/apx_state_test.c too.
 */
static const struct {
	const char *what;
	const char *evidence;
} lacking[] = {
	{ "KVM_SET_XSAVE with XSTATE_BV[19]=0",
	  "proved: unit/group/uabi:test_clear_bit, unit/group/uabi-ioctl:test_clear_bit" },
	{ "host registers in the guest, guest registers in the host",
	  "proved: unit/proof/proof:test_table, unit/proof/proof:test_controls_are_caught" },
	{ "fastpath WRMSRNS with an EGPR as its source", "proved: unit/vmm-emulate:test_home" },
	{ "two vCPUs on one CPU with different XCR0.APX",
	  "proved: e2e/bed-preempt-6.12, e2e/bed-hard-tcg-6.12" },
	{ "NMI while the guest's XCR0 is loaded", MODEL "; played: e2e/selftest-emu" },
	{ "a VM entry that fails", MODEL "; played: e2e/selftest-emu" },
};

static void lacking_table(struct report *r)
{
	static const struct doc_column head[] = { { "what", 0 }, { "stands on", DOC_WIDE } };
	size_t i;

	doc_table(
		&r->doc, "lacking", head, sizeof(head) / sizeof(*head),
		"What the selftest of the series does not look at. Each is a case of "
		"tests/selftest/apx_state_test.c, for a KVM with APX, which our emulator runs where "
		"there is none [proved: e2e/selftest-emu].");
	for (i = 0; i < sizeof(lacking) / sizeof(*lacking); i++) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", lacking[i].what);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "[%s]", lacking[i].evidence);
	}
}

static void post_switch(struct report *r)
{
	struct report_group groups[REPORT_MAX_GROUPS];
	unsigned int i, n = report_groups(r->run, groups);
	char layers[256] = "";

	for (i = 0; i < n; i++)
		snprintf(layers + strlen(layers), sizeof(layers) - strlen(layers), "%s%s (%s)",
			 *layers ? ", " : "", groups[i].layer, groups[i].provenance);
	doc_heading(&r->doc, 3, "post-switch",
		    "2026-05-11: save guest EGPRs in the vCPU cache, gated by guest XCR0.APX");
	doc_para(&r->doc, "Question: what does the gated switch in __vmx_vcpu_run cost at each "
			  "exit, against the other designs, and does it keep every register?");
	doc_para(
		&r->doc,
		"Run: strategy gated-mov and what Skipped leaves of the table%s%s; the state proofs "
		"that Self-checks and State proofs name%s.",
		n ? ", in layers " : "; no layer was part of this run", layers,
		EGPR_MODELS_ASKED ? "; the model of entry and exit" : "");
	lacking_table(r);
	doc_para(&r->doc,
		 "Verdict: Answer, above, per layer. Which properties each design keeps is under "
		 "Properties; under which interleavings it does not is under Models%s.",
		 EGPR_MODELS_ASKED ? "" : " (not asked here: there was no spin)");
}

static void post_features(struct report *r)
{
	char avx512[CLAUSE], amx[CLAUSE];

	doc_heading(
		&r->doc, 3, "post-features",
		"2025-04-25: should the guest's feature set of the XSAVE interface be its own?");
	doc_para(&r->doc,
		 "Question: one mask in the FPU code decides which components, and how many bytes, "
		 "KVM_GET_XSAVE and KVM_SET_XSAVE move. Does it cost anything to have more of them "
		 "in the interface, so that a set of KVM's own would pay?");
	doc_para(&r->doc, "Run: both calls and a whole migration on vCPUs of this host, one per "
			  "feature set, all components in use (group uabi, above).");
	report_outcome(r, EGPR_LAYER_UABI, "set-xsave", "avx512", true, avx512, sizeof(avx512));
	report_outcome(r, EGPR_LAYER_UABI, "set-xsave", "amx", true, amx, sizeof(amx));
	if (!*avx512 && !*amx)
		doc_para(&r->doc, "Verdict: open here. No two feature sets were compared in this "
				  "run; Skipped has the reasons.");
	else
		doc_para(
			&r->doc,
			"Verdict: against x87 and SSE alone, %s%s%s. That is what a set of KVM's "
			"own could save per call on this host; the excluded policy above says what "
			"must follow the mask: permission and CPUID.",
			avx512, *avx512 && *amx ? "; " : "", amx);
}

static void post_accessors(struct report *r)
{
	char clause[CLAUSE], cold[CLAUSE];

	doc_heading(&r->doc, 3, "post-accessors",
		    "2026-03-09: register accessors when index 16 means r16");
	doc_para(&r->doc,
		 "Question: RIP had index 16 in the register cache. Which accessor neither "
		 "reads the wrong register nor costs anything?");
	doc_para(
		&r->doc,
		"Run: five mechanisms in an emulator-like decode of ModRM, SIB and REX2, and in the "
		"handler of exits 84 and 85; all of them against the emulator's core "
		"[proved: unit/group/accessors:test_modrm_sib, "
		"unit/group/accessors:test_live_in_hardware, "
		"unit/group/accessors:test_exits_84_85].");
	if (report_operations(r, EGPR_LAYER_ACCESSORS, false,
			      egpr_layers[EGPR_LAYER_ACCESSORS].text)) {
		doc_para(&r->doc,
			 "Code bytes are those of an accessor and its callers together. On a CPU "
			 "without APX live-switch moves rcx in instructions of the same length.");
		report_misses(r, EGPR_LAYER_ACCESSORS);
	}
	report_outcome(r, EGPR_LAYER_ACCESSORS, "modrm-sib", "live-switch", false, clause,
		       sizeof(clause));
	report_outcome(r, EGPR_LAYER_ACCESSORS, "modrm-sib-cold", "live-switch", false, cold,
		       sizeof(cold));
	doc_para(
		&r->doc,
		"Verdict: a register number of a type of its own, with RIP of another, refuses at "
		"compile time [proved: e2e/accessors] and warns at run time [proved: "
		"unit/group/accessors:test_refuse_and_warn]. RIP at 16 compiles and silently gives "
		"r16 [proved: unit/group/accessors:test_refused_reads_r16]; two numberings move "
		"that risk to whoever indexes the cache [proved: "
		"unit/group/accessors:test_rip_apart].%s%s%s%s%s",
		*clause ? " " : "", clause, *clause && *cold ? "; " : "", cold,
		*clause || *cold ? "." : "");
}

#define XFD_STATE "proved: unit/emu-xstate:test_xfd"
#define XFD_LOAD  "proved: unit/emu-xstate:test_xfd_load"

/* What XFD does to a component, whichever: all four variants alike. */
static const struct {
	const char *inuse, *xfd;
	const char *stored;
	const char *loaded_clear, *loaded_set;
} xfd_states[] = {
	{ "0", "0", "0 [" XFD_STATE "]", "initial [" XFD_LOAD "]", "the bytes [" XFD_LOAD "]" },
	{ "1", "0", "1 [" XFD_STATE "]", "initial [" XFD_LOAD "]", "the bytes [" XFD_LOAD "]" },
	{ "0", "1", "0 [" XFD_STATE "]", "initial [" XFD_LOAD "]", "#NM [" XFD_LOAD "]" },
	{ "1", "1", "0, the registers keep theirs [" XFD_STATE "]", "initial [" XFD_LOAD "]",
	  "#NM, the registers keep theirs [" XFD_LOAD "]" },
};

static void xfd_state_table(struct report *r)
{
	static const struct doc_column head[] = { { "XINUSE", 0 },
						  { "XFD", 0 },
						  { "stored XSTATE_BV", 0 },
						  { "XRSTOR of XSTATE_BV=0", 0 },
						  { "XRSTOR of XSTATE_BV=1", 0 } };
	size_t i;

	doc_table(
		&r->doc, "xfd-states", head, sizeof(head) / sizeof(*head),
		"XSAVE, XSAVEOPT, XSAVEC and XSAVES of a component, and XRSTOR or XRSTORS, by what "
		"the hardware holds and what XFD says. On software registers: state, never a "
		"time.");
	for (i = 0; i < sizeof(xfd_states) / sizeof(*xfd_states); i++) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", xfd_states[i].inuse);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", xfd_states[i].xfd);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", xfd_states[i].stored);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", xfd_states[i].loaded_clear);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", xfd_states[i].loaded_set);
	}
}

static void post_xfd(struct report *r)
{
	doc_heading(&r->doc, 3, "post-xfd",
		    "2026-01-15: clear XSTATE_BV[i] in saved state whenever XFD[i]=1");
	doc_para(&r->doc,
		 "Question: an interrupt between the guest's WRMSR of XFD and KVM's handling saves "
		 "XSTATE_BV[18]=1; the host's XRSTOR under XFD[18]=1 then raises #NM. Does the fix "
		 "end it, and does it destroy anything that was safe before?");
	doc_para(
		&r->doc,
		"Run: XSAVE in four variants by XINUSE and XFD, and XRSTOR, on a component of the "
		"emulator [proved: unit/emu-xstate:test_xfd, unit/emu-xstate:test_xfd_race], and in "
		"ring 0 of Bochs, which has no XFD [proved: e2e/bed-bochs-6.12]; %s; "
		"the time of each on this CPU below where the group was part of the run.",
		EGPR_MODELS_ASKED ? "every interleaving of guest, interrupt and KVM [model: "
				    "xfd.pml, under Models]"
				  : "no model: there was no spin where this was built");
	xfd_state_table(r);
	report_operations(r, EGPR_LAYER_XFD, false, egpr_layers[EGPR_LAYER_XFD].text);
	doc_para(
		&r->doc,
		"Verdict: a model finding, not run on AMX: with the fix no way of the post reaches "
		"#NM; what it makes certain, the loss of the disarmed component, could happen before "
		"by the post's second interleaving; one way is left, KVM_SET_MSRS of XFD while "
		"XSTATE_BV[18] is set in the guest's saved state [%s].",
		EGPR_MODELS_ASKED
			? "model: xfd.pml, under Models"
			: "cited: docs/models/README.md; not asked here, there was no spin");
}

void report_posts(struct report *r)
{
	doc_heading(&r->doc, 2, "posts", "The posts, one by one");
	post_uabi(r);
	post_switch(r);
	post_features(r);
	post_accessors(r);
	post_xfd(r);
}
