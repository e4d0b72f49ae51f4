// SPDX-License-Identifier: GPL-2.0-only
/*
 * llvm-mca's input and output.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "mca.h"

#define PLACEHOLDER_LATENCY 100 /* WriteSystem, WriteMicrocoded: llvm/lib/Target/X86/X86Sched*.td */
#define ERROR_MARK	    "error: "

char *mca_question(const struct mca_region *regions, size_t n)
{
	char *text = NULL;
	size_t len, i;
	FILE *m = open_memstream(&text, &len);
	unsigned int k, j;

	if (!m)
		return NULL;
	for (i = 0; i < n; i++) {
		fprintf(m, "# LLVM-MCA-BEGIN %s\n", regions[i].name);
		for (k = 0; k < regions[i].n; k++) {
			for (j = 0; j < regions[i].path[k]->n; j++)
				fprintf(m, "\t%s\t%s\n", regions[i].path[k]->insn[j]->op,
					regions[i].path[k]->insn[j]->args);
		}
		fprintf(m, "# LLVM-MCA-END %s\n", regions[i].name);
	}
	return fclose(m) ? NULL : text;
}

static unsigned int insns_of(const struct mca_region *r)
{
	unsigned int i, n = 0;

	for (i = 0; i < r->n; i++)
		n += r->path[i]->n;
	return n;
}

static int figure(const cJSON *summary, const char *key, const char *region, double *v,
		  struct data_error *e)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(summary, key);

	if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble <= 0)
		return data_fail(e, EGPR_DATA, "llvm-mca's answer has no %s for %s", key, region);
	*v = item->valuedouble;
	return 0;
}

/* The first word of an instruction's text. */
static void add_mnemonic(char *list, size_t size, const char *insn)
{
	char word[32];
	size_t used = strlen(list);

	if (sscanf(insn, "%31s", word) != 1 || strstr(list, word))
		return;
	snprintf(list + used, size - used, "%s%s", used ? " " : "", word);
}

/* What has no model: llvm-mca goes on with a number, and this is how it says so. */
static int unmodelled(const cJSON *region, unsigned int insns, struct mca_figures *f)
{
	const cJSON *texts = cJSON_GetObjectItemCaseSensitive(region, "Instructions");
	const cJSON *view = cJSON_GetObjectItemCaseSensitive(region, "InstructionInfoView");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(view, "InstructionList"), *i;
	int at = 0;

	if (cJSON_GetArraySize(texts) != (int)insns || cJSON_GetArraySize(list) != (int)insns)
		return -1;
	cJSON_ArrayForEach(i, list) {
		const cJSON *latency = cJSON_GetObjectItemCaseSensitive(i, "Latency");
		const cJSON *effects =
			cJSON_GetObjectItemCaseSensitive(i, "hasUnmodeledSideEffects");
		const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(texts, at++));

		if (!cJSON_IsNumber(latency) || !cJSON_IsBool(effects) || !text)
			return -1;
		if (cJSON_IsTrue(effects) && latency->valuedouble >= PLACEHOLDER_LATENCY)
			add_mnemonic(f->unmodelled, sizeof(f->unmodelled), text);
	}
	return 0;
}

static int read_region(const cJSON *region, const struct mca_region *r, struct mca_figures *f,
		       struct data_error *e)
{
	const cJSON *summary = cJSON_GetObjectItemCaseSensitive(region, "SummaryView");
	double iterations = 0, insns = 0, uops = 0;

	memset(f, 0, sizeof(*f));
	if (figure(summary, "Iterations", r->name, &iterations, e) ||
	    figure(summary, "Instructions", r->name, &insns, e) ||
	    figure(summary, "TotalCycles", r->name, &f->cycles, e) ||
	    figure(summary, "TotaluOps", r->name, &uops, e) ||
	    figure(summary, "BlockRThroughput", r->name, &f->rthroughput, e))
		return EGPR_DATA;
	f->insns = insns_of(r);
	f->uops = (unsigned int)uops;
	if (iterations > 1 || insns != f->insns)
		return data_fail(e, EGPR_DATA,
				 "llvm-mca's answer for %s is about %.0f instructions in %.0f "
				 "iterations, it was asked about %u in 1",
				 r->name, insns, iterations, f->insns);
	if (unmodelled(region, f->insns, f))
		return data_fail(e, EGPR_DATA,
				 "llvm-mca's answer for %s does not describe its %u instructions",
				 r->name, f->insns);
	return 0;
}

int mca_answer(const char *text, const struct mca_region *regions, size_t n,
	       struct mca_figures *out, struct data_error *e)
{
	cJSON *root = cJSON_ParseWithOpts(text, NULL, 1);
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "CodeRegions"), *region;
	size_t i = 0;
	int ret = 0;

	if (!cJSON_IsArray(list)) {
		ret = data_fail(e, EGPR_DATA, "llvm-mca's answer %s",
				!*text ? "is empty"
				: root ? "has no CodeRegions"
				       : "is not JSON");
		goto out;
	}
	if (cJSON_GetArraySize(list) != (int)n) {
		ret = data_fail(e, EGPR_DATA,
				"llvm-mca answered for %d regions, it was asked about %zu",
				cJSON_GetArraySize(list), n);
		goto out;
	}
	cJSON_ArrayForEach(region, list) {
		const char *name =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(region, "Name"));

		ret = name && !strcmp(name, regions[i].name)
			      ? read_region(region, &regions[i], &out[i], e)
			      : data_fail(e, EGPR_DATA,
					  "llvm-mca answered for '%.60s' where it was asked "
					  "about %s",
					  name ? name : "", regions[i].name);
		if (ret)
			break;
		i++;
	}
out:
	cJSON_Delete(root);
	return ret;
}

/* "<stdin>:3:2: error: TEXT", then the line of the source, then a mark under it. */
void mca_complaint(const char *err, char *why, size_t size)
{
	const char *at = strstr(err, ERROR_MARK), *end;
	size_t used;

	if (!at) {
		snprintf(why, size, "llvm-mca gave up and did not say why");
		return;
	}
	end = at + strcspn(at, "\n");
	snprintf(why, size, "llvm-mca: %.*s", (int)(end - at), at);
	at = end + strspn(end, "\n");
	at += strspn(at, " \t");
	used = strlen(why);
	if (*at && used < size)
		snprintf(why + used, size - used, ": %.*s", (int)strcspn(at, "\n"), at);
	for (; *why; why++) {
		if (*why == '\t')
			*why = ' ';
	}
}
