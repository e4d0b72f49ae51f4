// SPDX-License-Identifier: GPL-2.0-only
/*
 * What no number says: properties of each family of strategies, every cell with
 * the test that proves it or the source it is cited from.
 *
 * What a model says of the same families is the chapter behind it (models.c).
 *
 * A proof is written kind/file or kind/file:function; tests/e2e/properties.sh
 * checks that each of them exists and proves those that the bytes alone show.
 */
#include <egpr/model-answers.h>
#include <egpr/regs.h>
#include <egpr/strategy.h>

#include "report.h"

#define SERIES	 "KVM APX series v4, patch 05 (2026-05-11)"
#define THREAD	 "KVM APX reg prep thread (2026-04-02)"
#define TEXT(x)	 TEXT_(x)
#define TEXT_(x) #x

#define REGS_BYTES TEXT(EGPR_COUNT) " x 8 B"

#define BEDS	 "proved: e2e/bed-bochs-6.12, e2e/bed-tcg-6.12"
#define BYTES	 "proved: e2e/properties"
#define SIZES	 "by definition: include/egpr/regs.h"
#define UABI	 "proved: unit/group/uabi:test_identity; cited: " THREAD
#define OWN	 "proved: e2e/own, e2e/bed-hard-tcg-6.12"
#define MEASURED "measured: state off in this report, where it ran"
#if EGPR_MODELS_ASKED
#define MODEL "model: egpr.pml, below; cited: " THREAD
#else
#define MODEL "cited: " THREAD "; no model: there was no spin where this was built"
#endif

/* The families, in the order of the cells below. */
static const struct doc_column columns[] = {
	{ "property", DOC_WIDE },   { "unconditional", DOC_WIDE }, { "XCR0-gated", DOC_WIDE },
	{ "dual entry", DOC_WIDE }, { "XSAVE", DOC_WIDE },	   { "live", DOC_WIDE },
	{ "outer loop", DOC_WIDE }, { "KVM's own", DOC_WIDE },
};
#define FAMILIES 7

static const struct {
	const char *property;
	struct {
		const char *answer;
		const char *evidence;
	} cell[FAMILIES];
} properties[] = {
	{ "works with guest XCR0.APX = 0",
	  { { "only behind XSETBV of the host's XCR0: any EGPR before it is #UD",
	      "proved: unit/emu:test_apx_off_is_ud; " BEDS },
	    { "yes: the flag skips every EGPR instruction", BEDS },
	    { "yes: the entry point is that of none then",
	      "proved: unit/strategy:test_dual_swaps" },
	    { "yes: gated; ungated it would silently save nothing",
	      "proved: unit/emu:test_xsave_refusals; " BEDS },
	    { "yes: nothing runs", BEDS },
	    { "yes: the flag skips every EGPR instruction", BEDS },
	    { "yes: that is what it is compared with", OWN } } },
	{ "safe before speculation barriers are restored",
	  { { "no: branches on XCR0", BYTES },
	    { "no: branches on the flag, so it stands behind them; gated-mov-lfence fences itself",
	      BYTES "; cited: " SERIES },
	    { "yes: straight-line code", BYTES },
	    { "no: branches on the flag", BYTES },
	    { "yes: nothing runs; but guest values stay in the registers until the FPU switch",
	      BYTES },
	    { "no: branches on the flag, but stands far behind them", BYTES },
	    { "KVM's matter: nothing of the lab's runs", BYTES } } },
	{ "fastpath handlers read EGPRs from memory",
	  { { "yes: regs[]", "proved: unit/vmm-emulate:test_home" },
	    { "yes: regs[]", "proved: unit/vmm-emulate:test_home" },
	    { "yes: regs[]", "proved: unit/vmm-emulate:test_home" },
	    { "only through the XSAVE image", "proved: unit/emu:test_xsave_standard" },
	    { "no: from the registers, by a 16-way switch (live-access)", BEDS },
	    { "no: inside the loop they are in the registers only",
	      "by definition: asm/strategy/outer.S" },
	    { "KVM's matter; from regs[] in the posted series", "cited: " SERIES } } },
	{ "XSETBV per exit",
	  { { "two, while guest and host XCR0 differ", BYTES },
	    { "none", BYTES },
	    { "none", BYTES },
	    { "none", BYTES },
	    { "none", BYTES },
	    { "none of its own", BYTES },
	    { "none of the lab's", BYTES } } },
	{ "memory per vCPU",
	  { { TEXT(EGPR_COUNT) " x 8 bytes in regs[]", SIZES },
	    { TEXT(EGPR_COUNT) " x 8 bytes in regs[]", SIZES },
	    { TEXT(EGPR_COUNT) " x 8 bytes in regs[]", SIZES },
	    { TEXT(EGPR_COUNT) " x 8 bytes at offset " TEXT(EGPR_XSAVE_STD_OFFSET) " (standard) or " TEXT(
		      EGPR_XSAVE_COMPACT_OFFSET) " (compacted) of an XSAVE area",
	      "proved: unit/emu:test_xsave_standard, unit/emu:test_xsave_compacted" },
	    { "none beside the guest's fpstate", "cited: " THREAD },
	    { TEXT(EGPR_COUNT) " x 8 bytes in regs[]", SIZES },
	    { "KVM's matter; in regs[] in the posted series", "cited: " SERIES } } },
	{ "uABI copies (KVM_GET/SET_XSAVE)",
	  { { "registers copied in and out beside the fpstate", UABI },
	    { "registers copied in and out beside the fpstate", UABI },
	    { "registers copied in and out beside the fpstate", UABI },
	    { "none where the area is the fpstate itself", UABI },
	    { "none: the fpstate is the only copy", UABI },
	    { "registers copied in and out beside the fpstate", UABI },
	    { "KVM's matter; beside the fpstate in the posted series", "cited: " THREAD } } },
	{ "survives an NMI under guest XCR0",
	  { { "yes, while the kernel itself uses no EGPR; between exit and XSETBV it must not",
	      MODEL },
	    { "yes, while the kernel itself uses no EGPR", MODEL },
	    { "yes, while the kernel itself uses no EGPR", MODEL },
	    { "yes, while the kernel itself uses no EGPR", MODEL },
	    { "yes, while the kernel itself uses no EGPR", MODEL },
	    { "yes, while the kernel itself uses no EGPR", MODEL },
	    { "yes, while the kernel itself uses no EGPR", MODEL } } },
	{ "cost while the guest does not use APX",
	  { { "the whole switch", MEASURED },
	    { "test and branch in each half", BYTES "; " MEASURED },
	    { "nothing", "proved: unit/strategy:test_dual_swaps; " MEASURED },
	    { "test and branch in each half", BYTES "; " MEASURED },
	    { "nothing", BYTES "; " MEASURED },
	    { "test and branch where the loop is entered and left", BYTES "; " MEASURED },
	    { "not seen: it is measured against that", OWN } } },
	{ "cost on CPUs without APX",
	  { { "a jump patched in at boot", "cited: " SERIES },
	    { "a jump patched in at boot", "cited: " SERIES },
	    { "none: the plain entry point is installed", "proved: unit/strategy:test_dual_swaps" },
	    { "a jump patched in at boot", "cited: " SERIES },
	    { "none: nothing is installed", BYTES },
	    { "a jump patched in at boot", "cited: " SERIES },
	    { "not seen: it needs a KVM that offers APX", OWN } } },
};

/* The same in short words, for the first screen. In the order of the columns above. */
static const struct {
	const char *memory;
	const char *may_not;
} in_short[FAMILIES] = {
	{ REGS_BYTES, "touch EGPRs before XSETBV; stand before barriers" },
	{ REGS_BYTES, "stand before barriers" },
	{ REGS_BYTES, "share one entry point" },
	{ "XSAVE area", "stand before barriers; fill regs[]" },
	{ "none", "fill regs[]; clear at exit" },
	{ REGS_BYTES, "fill regs[] for fastpaths" },
	{ "KVM's", "be changed by the lab" },
};

void report_property_words(const char *strategy, const char **memory, const char **may_not)
{
	static const unsigned int column[EGPR_NR_FAMILIES] = {
		[EGPR_FAMILY_UNCOND] = 0, [EGPR_FAMILY_GATED] = 1, [EGPR_FAMILY_XSAVE] = 3,
		[EGPR_FAMILY_LIVE] = 4,	  [EGPR_FAMILY_OUTER] = 5, [EGPR_FAMILY_OWN] = 6,
	};
	const struct egpr_strategy *s = egpr_strategy_find(strategy, NULL);
	unsigned int i = s ? column[s->family] : 0;

	if (s == &egpr_strategies[EGPR_STRATEGY_dual])
		i = 2;
	*memory = in_short[i].memory;
	*may_not = in_short[i].may_not;
	if (s == &egpr_strategies[EGPR_STRATEGY_gated_mov_lfence])
		*may_not = "(fences itself)";
}

void report_properties(struct report *r)
{
	size_t i, j;

	doc_heading(&r->doc, 2, "properties", "Properties beside the numbers");
	doc_table(
		&r->doc, "properties-table", columns, sizeof(columns) / sizeof(*columns),
		"Each cell: the answer, and in brackets a test (\"proved\": it passes, on software "
		"registers or in an emulator where no CPU with APX runs it) or the source it is "
		"cited from.");
	for (i = 0; i < sizeof(properties) / sizeof(*properties); i++) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", properties[i].property);
		for (j = 0; j < FAMILIES; j++)
			doc_cell(&r->doc, DOC_PLAIN, NULL, "%s [%s]", properties[i].cell[j].answer,
				 properties[i].cell[j].evidence);
	}
}
