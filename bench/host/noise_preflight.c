// SPDX-License-Identifier: GPL-2.0-only
/*
 * The preflight: spin on a CPU and see how often, and for how long, the spinning
 * was held up.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#include <cjson/cJSON.h>

#include <bench/base/cpus.h>
#include "noise.h"

#define VERDICT_ID(SYM, id, text)   [EGPR_NOISE_##SYM] = id,
#define VERDICT_TEXT(SYM, id, text) [EGPR_NOISE_##SYM] = text,
const char *const egpr_noise_verdict_ids[EGPR_NR_NOISE_VERDICTS] = { EGPR_NOISE_VERDICTS(
	VERDICT_ID) };
const char *const egpr_noise_verdict_texts[EGPR_NR_NOISE_VERDICTS] = { EGPR_NOISE_VERDICTS(
	VERDICT_TEXT) };

/*
 * Bounds of the verdicts. A tick of 250 Hz at 2 us takes 0.05 % of a CPU: a host
 * with ticks and nothing else is quiet. One per cent is the difference the lab
 * is after.
 */
#define QUIET_LOST_PCT	0.1
#define QUIET_WORST_US	50.0
#define USABLE_LOST_PCT 1.0

#define CALIBRATE_NS 2000000ull /* long enough for 0.1 %, short beside any preflight */
#define NS_PER_S     1000000000ull

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* TSC kHz since a pair of stamps taken together. */
static double khz_since(uint64_t tsc0, uint64_t ns0)
{
	uint64_t ns = now_ns();

	return (double)(__rdtsc() - tsc0) * 1e6 / (double)(ns - ns0);
}

static void spin(double seconds, struct egpr_preflight *p)
{
	uint64_t start, start_ns, last, t, gap, end, worst = 0, lost = 0;
	double khz, threshold;

	start_ns = now_ns();
	start = __rdtsc();
	while (now_ns() - start_ns < CALIBRATE_NS)
		;
	khz = khz_since(start, start_ns);
	threshold = EGPR_GAP_US * khz / 1e3;
	last = __rdtsc();
	end = last + (uint64_t)(seconds * khz * 1e3);
	t = last;
	while (t < end) {
		t = __rdtsc();
		gap = t - last;
		last = t;
		if ((double)gap < threshold)
			continue;
		p->gaps++;
		lost += gap;
		if (gap > worst)
			worst = gap;
	}
	p->tsc_khz = khz_since(start, start_ns);
	p->worst_us = (double)worst * 1e3 / p->tsc_khz;
	p->lost_pct = 100.0 * (double)lost / (seconds * p->tsc_khz * 1e3);
}

int egpr_noise_preflight(int cpu, double seconds, struct egpr_preflight *p)
{
	struct egpr_noise_counts before, after;
	struct egpr_noise *noise;
	struct cpus old = { 0 };
	int err;

	memset(p, 0, sizeof(*p));
	p->cpu = cpu;
	p->seconds = seconds;
	err = cpus_allowed(&old);
	if (!err)
		err = cpus_move(cpu);
	if (err)
		goto out_free;
	err = egpr_noise_open("", cpu, &noise);
	if (err)
		goto out_move_back;
	egpr_noise_now(noise, EGPR_NOISE_ALL, &before);
	spin(seconds, p);
	egpr_noise_now(noise, EGPR_NOISE_ALL, &after);
	egpr_noise_gain(&before, &after, &p->gain);
	egpr_noise_close(noise);

	if (p->lost_pct <= QUIET_LOST_PCT && p->worst_us <= QUIET_WORST_US)
		p->verdict = EGPR_NOISE_QUIET;
	else if (p->lost_pct <= USABLE_LOST_PCT)
		p->verdict = EGPR_NOISE_USABLE;
	else
		p->verdict = EGPR_NOISE_NOISY;
out_move_back:
	cpus_allow(&old);
out_free:
	cpus_free(&old);
	return err;
}

static void add_count(cJSON *object, const char *key, int64_t count)
{
	if (count >= 0)
		cJSON_AddNumberToObject(object, key, (double)count);
	else
		cJSON_AddNullToObject(object, key);
}

cJSON *egpr_preflight_json(const struct egpr_preflight *p)
{
	cJSON *object = cJSON_CreateObject();

	if (!object)
		return NULL;
	cJSON_AddNumberToObject(object, "cpu", p->cpu);
	cJSON_AddNumberToObject(object, "seconds", p->seconds);
	cJSON_AddStringToObject(object, "verdict", egpr_noise_verdict_ids[p->verdict]);
	cJSON_AddNumberToObject(object, "lost_pct", p->lost_pct);
	cJSON_AddNumberToObject(object, "gaps", (double)p->gaps);
	cJSON_AddNumberToObject(object, "worst_us", p->worst_us);
	cJSON_AddNumberToObject(object, "tsc_khz", p->tsc_khz);
	add_count(object, "irqs", p->gain.irqs);
	add_count(object, "ctx_switches", p->gain.ctx_switches);
	add_count(object, "steal_us", p->gain.steal_us);
	add_count(object, "smis", p->gain.smis);
	return object;
}
