#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Recomputes the medians, shifts, intervals and verdicts of a run from its samples.csv.

usage: recompute.py RUN-DIRECTORY

Written after docs/method.md, with numpy and scipy and none of the lab's code. Prints TAP: a point per
column of verdicts.csv and one for the medians of summary.csv, each over all rows. Numbers have to agree
in six significant digits of what they are told with: of the interval's width where it is an end or a
centre, of the p-value where it is one.
"""
import csv
import json
import math
import os
import sys
from collections import defaultdict

import numpy as np
from scipy import stats

TAIL = 0.025
EXACT_MAX = 50       # signed ranks: above this the normal approximation
MIN_GROUPS = 16      # neighbouring blocks are merged down to as many values
LAYOUT_ALPHA = 0.1   # Kruskal-Wallis: do code offsets differ?
FEW_DF = 3           # a level with fewer has its plain estimate heard as well
ONE_SIGMA = 0.15865525393145707
TOLERANCE = 1e-6


# --- Walsh averages ---------------------------------------------------------------------------

def walsh(x, ranks):
    """The k-th smallest of (x[i] + x[j]) / 2, i <= j, for each k of ranks, from 1."""
    n = len(x)
    if n <= 2000:
        i, j = np.triu_indices(n)
        average = 0.5 * (x[i] + x[j])
        k = np.unique([r - 1 for r in ranks])
        average.partition(k)
        return [average[r - 1] for r in ranks]
    return [walsh_by_count(np.sort(x), r) for r in ranks]


def walsh_by_count(x, rank):
    def at_most(v):
        # Ordered pairs, then unordered ones: the diagonal is counted once.
        pairs = np.searchsorted(x, 2 * v - x, side='right').sum()
        return (pairs + np.searchsorted(x, v, side='right')) // 2

    low, high = x[0], x[-1]
    if at_most(low) >= rank:
        return low
    while True:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            return high
        if at_most(middle) >= rank:
            high = middle
        else:
            low = middle


def hodges_lehmann(x):
    m = len(x) * (len(x) + 1) // 2
    a, b = walsh(np.asarray(x), [(m + 1) // 2, m // 2 + 1])
    return 0.5 * (a + b)


def signed_rank_distribution(n):
    p = np.ones(1)
    for i in range(1, n + 1):
        longer = np.zeros(len(p) + i)
        longer[:len(p)] += p / 2
        longer[i:] += p / 2
        p = longer
    return np.cumsum(p)


def rank_moments(n):
    return n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)


def hl_interval(x, alpha):
    n = len(x)
    if n <= EXACT_MAX:
        c = int(np.searchsorted(signed_rank_distribution(n), alpha, side='right'))
    else:
        mean, sd = rank_moments(n)
        c = math.floor(mean + 0.5 - stats.norm.isf(alpha) * sd)
    if c <= 0:
        return -math.inf, math.inf
    m = n * (n + 1) // 2
    return tuple(walsh(x, [c, m + 1 - c]))


def signed_rank_p(x, mu):
    """One-sided p-value of "the shift is at most mu"."""
    d = x - mu
    n = len(d)
    # Ranks of |d| with the sign of d give the Walsh averages above 0 (Tukey); ties count half.
    below = above = 0
    order = np.sort(d)
    right = np.searchsorted(order, -order, side='right')
    left = np.searchsorted(order, -order, side='left')
    above = ((n - right).sum() + (order > 0).sum()) / 2
    below = (left.sum() + (order < 0).sum()) / 2
    w = above + 0.5 * (n * (n + 1) // 2 - above - below)
    if n <= EXACT_MAX:
        upto = n * (n + 1) // 2 - math.floor(w)
        return min(1.0, signed_rank_distribution(n)[upto])
    mean, sd = rank_moments(n)
    return stats.norm.sf((w - 0.5 - mean) / sd)


# --- Blocks, launches, offsets ----------------------------------------------------------------

def group(x, size):
    n = len(x) // size
    ends = [i * size for i in range(n)] + [len(x)]
    return np.array([hodges_lehmann(x[ends[i]:ends[i + 1]]) for i in range(n)])


def lag_one(x):
    d = x - x.mean()
    total = (d * d).sum()
    return (d[1:] * d[:-1]).sum() / total if len(x) >= 3 and total > 0 else 0.0


def independent(x):
    size, values = 1, x
    while len(values) // 2 >= MIN_GROUPS and lag_one(values) > 1 / math.sqrt(len(values)):
        size *= 2
        values = group(x, size)
    return values if size > 1 else x.copy()


class Blocks:
    """Estimate and spread of blocks with noise of their own only."""

    def __init__(self, x):
        self.values = np.sort(independent(x))
        self.estimate = hodges_lehmann(self.values)
        low, high = hl_interval(self.values, ONE_SIGMA)
        self.se = 0.5 * (high - low)


class Nested:
    """Variance components by Henderson's first method; the error stratum is given."""

    def __init__(self, ids, sizes, means, error_ms):
        self.total = sizes.sum()
        self.levels = ids.shape[1]
        self.error = error_ms
        one = np.zeros(len(sizes), dtype=int)
        labels = [one] + [ids[:, k] for k in range(self.levels)]
        size, mean = [], []
        for label in labels:
            same = label[:, None] == label[None, :]
            size.append(same @ sizes)
            mean.append((same @ (sizes * means)) / size[-1])
        groups = [len(np.unique(label)) for label in labels]
        self.df = [groups[k + 1] - groups[k] for k in range(self.levels)]
        self.weight = [(sizes * size[k + 1] / self.total).sum() / self.total
                       for k in range(self.levels)]
        self.groups = groups[1:]
        self.ms, self.expect = [], []
        for k in range(self.levels):
            if not self.df[k]:
                self.ms.append(0.0)
                self.expect.append(None)
                continue
            self.ms.append((sizes * (mean[k + 1] - mean[k]) ** 2).sum() / self.df[k])
            self.expect.append([((sizes * size[j + 1] / size[k + 1]).sum() -
                                 (sizes * size[j + 1] / size[k]).sum()) / self.df[k]
                                for j in range(self.levels)])

    def solve(self, truncate):
        """Each component as coefficients of the mean squares, the error's last."""
        squares = np.array(self.ms + [self.error])
        out = np.zeros((self.levels, self.levels + 1))
        for k in reversed(range(self.levels)):
            if not self.df[k]:
                continue
            row = np.zeros(self.levels + 1)
            row[k], row[-1] = 1, -1
            for j in range(k + 1, self.levels):
                row -= self.expect[k][j] * out[j]
            row /= self.expect[k][k]
            if not (truncate and row @ squares < 0):
                out[k] = row
        return out, squares

    def component(self, k):
        if not self.df[k]:
            return math.nan
        out, squares = self.solve(True)
        return out[k] @ squares

    def variance(self, truncate):
        out, squares = self.solve(truncate)
        all_ = np.zeros(self.levels + 1)
        all_[-1] = 1 / self.total
        all_ += np.array(self.weight) @ out
        variance = all_ @ squares
        below = sum((all_[k] * squares[k]) ** 2 / self.df[k]
                    for k in range(self.levels) if all_[k] and self.df[k])
        return variance, variance ** 2 / below if below > 0 else math.inf


def t_isf(alpha, df):
    return stats.t.isf(alpha, df) if math.isfinite(df) else stats.norm.isf(alpha)


def t_sf(t, df):
    return stats.t.sf(t, df) if math.isfinite(df) else stats.norm.sf(t)


class Shift:
    """A paired difference with everything that blurs it."""

    def __init__(self, x, layout, launch, places):
        self.spreads = []
        self.level_sd = [math.nan] * 3
        nested, part = None, 0.0
        numbers = np.unique(launch)
        if len(numbers) > 1:
            nested, centred = self.by_launch(x, launch, numbers, places)
        if nested:
            for k in range(3):
                component = nested.component(k)
                if not math.isnan(component):
                    self.level_sd[k] = math.sqrt(component)
                    part += nested.weight[k] * component
            if part > 0:
                x = centred
        self.blocks = Blocks(x)
        self.estimate, self.se = self.blocks.estimate, self.blocks.se
        if not math.isfinite(self.se):
            return
        own = self.se ** 2
        self.layouts, layout_var = self.by_layout(x, layout, own * len(x))
        few = nested and any(0 < df < FEW_DF for df in nested.df)
        if part > 0 or few:
            variance, df = nested.variance(True) if part > 0 else (own, math.inf)
            self.spread(variance, df, layout_var)
            variance, df = nested.variance(False)
            if few and variance > 0:
                self.spread(variance, df, layout_var)
        elif layout_var > 0:
            self.spread(own, math.inf, layout_var)

    @staticmethod
    def by_launch(x, launch, numbers, places):
        sizes = np.array([(launch == i).sum() for i in numbers], dtype=float)
        means = np.array([hodges_lehmann(x[launch == i]) for i in numbers])
        centred = x.copy()
        for i, mean in zip(numbers, means):
            centred[launch == i] -= mean
        centred += (sizes * means).sum() / len(x)
        lost = len(x) / (len(x) - len(numbers)) if len(x) > len(numbers) else math.inf
        se = Blocks(centred).se
        if not (math.isfinite(se) and math.isfinite(lost)):
            return None, centred
        return Nested(places[numbers], sizes, means, se ** 2 * lost * len(x)), centred

    @staticmethod
    def by_layout(x, layout, block_variance):
        if layout is None:
            return 0, 0.0
        values = [x[layout == i] for i in np.unique(layout)]
        n = len(values)
        if n < 2 or len(x) < 4 * n:
            return n, 0.0
        # Ranks in the order of the sort, ties as they come: no correction is made for them.
        order = np.argsort(x, kind='stable')
        rank = np.empty(len(x))
        rank[order] = np.arange(1, len(x) + 1)
        h = sum(rank[layout == i].sum() ** 2 / (layout == i).sum() for i in np.unique(layout))
        h = 12 * h / (len(x) * (len(x) + 1)) - 3 * (len(x) + 1)
        if stats.chi2.sf(h, n - 1) >= LAYOUT_ALPHA:
            return n, 0.0
        centres = [hodges_lehmann(v) for v in values]
        within = sum(block_variance / len(v) for v in values)
        return n, max(0.0, np.var(centres, ddof=1) - within / n)

    def spread(self, variance, df, layout_var):
        layout = layout_var / self.layouts if self.layouts else 0.0
        total = variance + layout
        below = variance ** 2 / df + (layout ** 2 / (self.layouts - 1) if layout > 0 else 0)
        self.spreads.append((total - self.se ** 2, total ** 2 / below if below > 0 else math.inf))

    def widened(self, half, alpha):
        se = half / stats.norm.isf(alpha)
        return max(t_isf(alpha, df) * math.sqrt(max(0, se ** 2 + part))
                   for part, df in self.spreads)

    def interval(self, alpha):
        low, high = hl_interval(self.blocks.values, alpha)
        if self.spreads:
            low = self.estimate - self.widened(self.estimate - low, alpha)
            high = self.estimate + self.widened(high - self.estimate, alpha)
        return low, high

    @staticmethod
    def p_of(values, estimate, se, spreads, mu):
        p = signed_rank_p(values, mu)
        if not spreads:
            return p
        z = stats.norm.isf(p) if 0 < p < 1 else 0.0
        d = estimate - mu
        se = max(se, d / z) if z * d > 0 else se
        errors = [(math.sqrt(max(0, se ** 2 + part)), df) for part, df in spreads]
        return max(t_sf(d / error if error else math.copysign(math.inf, d), df)
                   for error, df in errors)

    def p_at_most(self, mu):
        return self.p_of(self.blocks.values, self.estimate, self.se, self.spreads, mu)

    def p_at_least(self, mu):
        return self.p_of(-self.blocks.values, -self.estimate, self.se, self.spreads, -mu)


# --- Looks ------------------------------------------------------------------------------------

class Looks:
    """Error alpha t^2 spent up to information time t (Kim and DeMets), at equal times."""

    POINTS = np.linspace(math.log(1e-9), math.log(0.5), 36)

    def __init__(self, looks):
        self.t = np.arange(1, looks + 1) / looks
        self.z = np.array([self.boundaries(math.exp(a)) for a in self.POINTS])

    def boundaries(self, alpha):
        nodes, weights = np.polynomial.legendre.leggauss(400)
        z, before, density = [], 0.0, None
        for k, t in enumerate(self.t):
            step = alpha * t * t - alpha * before * before
            sd = math.sqrt(t - before)
            b, f = density if density else (np.zeros(1), np.ones(1))
            lowest = -8 * math.sqrt(t)
            low, high = lowest, -lowest
            for _ in range(60):
                c = 0.5 * (low + high)
                if (f * stats.norm.sf((c - b) / sd)).sum() > step:
                    low = c
                else:
                    high = c
            z.append(c / math.sqrt(t))
            at = lowest + (c - lowest) * (nodes + 1) / 2
            new = (f[None, :] * stats.norm.pdf((at[:, None] - b[None, :]) / sd) / sd).sum(axis=1)
            density = at, new * weights * (c - lowest) / 2
            before = t
        return z

    def p(self, look, nominal):
        if nominal >= 1:
            return 1.0
        z, column = stats.norm.isf(nominal), self.z[:, look]
        if z >= column[0]:
            return math.exp(self.POINTS[0])
        if z < column[-1]:
            return 1.0
        return math.exp(np.interp(-z, -column, self.POINTS))

    def alpha(self, look, alpha):
        column, points = self.z[:, look], self.POINTS
        i = min(max(1, int(np.searchsorted(points, math.log(alpha)))), len(points) - 1)
        slope = (column[i] - column[i - 1]) / (points[i] - points[i - 1])
        return stats.norm.sf(column[i - 1] + slope * (math.log(alpha) - points[i - 1]))


# --- The run ----------------------------------------------------------------------------------

CELL = ('provenance', 'layer', 'exit_kind', 'guest_state', 'context')


def rows(path):
    with open(path, newline='', encoding='utf-8') as f:
        yield from csv.DictReader(f)


def key_of(row):
    return tuple(row.get(c) for c in CELL)


class Cell:
    def __init__(self):
        self.sums = defaultdict(lambda: defaultdict(list))
        self.layout, self.launch = {}, {}
        self.timed_by_guest = False

    def add(self, row):
        block = int(row['block'])
        self.sums[row['strategy']][block].append(int(row['cycles']) / int(row['exits']))
        self.layout[block] = int(row['offset'])
        self.launch[block] = int(row['launch'])
        self.timed_by_guest = row['layer'] in ('boundary', 'kvm') and row['path'] != 'user'

    def close(self):
        n = len(self.layout)
        self.mean = {arm: np.array([sum(b[i]) / len(b[i]) for i in range(n)])
                     for arm, b in self.sums.items()}
        self.launch = np.array([self.launch[i] for i in range(n)])
        self.layout = np.array([self.layout[i] for i in range(n)])
        del self.sums


def read_cells(directory):
    cells = defaultdict(Cell)
    for row in rows(os.path.join(directory, 'samples.csv')):
        cells[key_of(row)].add(row)
    for cell in cells.values():
        cell.close()
    return cells


def places_of(meta):
    """Each launch's group at the levels boot, module load, launch: the first launch in it."""
    boots = [l['boot_id'] for l in meta['launches']]
    loads = [(l['boot_id'], l['module_load']) for l in meta['launches']]
    return np.array([[boots.index(b), loads.index(m), i]
                     for i, (b, m) in enumerate(zip(boots, loads))])


def cell_meta(meta, key):
    name = '/'.join(key[1:4])
    # The layer's first context goes without saying.
    found = [c for c in meta['cells'] if c['name'] == f'{name}@{key[4]}']
    found = found or [c for c in meta['cells'] if c['name'] == name]
    if len(found) != 1:
        sys.exit(f'recompute.py: meta.json has {len(found)} cells {name}')
    return found[0]


class Comparison:
    def __init__(self, cell, meta, looks, places, alpha, arm, base, margins, old):
        x = cell.mean[arm] - cell.mean[base]
        layout = None if cell.timed_by_guest else cell.layout
        ends = meta['part_ends']
        # Looks are at the ends of launches, from the second on.
        self.p = [[1.0] * 3 for _ in margins]
        for look in range(1, meta['looks']):
            n = ends[look]
            at = Shift(x[:n], None if layout is None else layout[:n], cell.launch[:n], places)
            # Up to schema 3 the last launch took earlier looks with the median that it began with.
            seen = ends[-2] if old and n < ends[-1] else n
            median = np.median(cell.mean[base][:seen])
            for m, (percent, value) in enumerate(margins):
                margin = median * value / 100 if percent else value
                nominal = (max(at.p_at_most(-margin), at.p_at_least(margin)),
                           at.p_at_most(margin), at.p_at_least(-margin))
                self.p[m] = [min(a, looks.p(look, b)) for a, b in zip(self.p[m], nominal)]
        self.shift = at
        self.n = len(x)
        self.base_p50 = float(np.median(cell.mean[base]))
        last = len(looks.t) - 1 if meta['last_look'] else meta['looks'] - 1
        self.low, self.high = at.interval(looks.alpha(last, TAIL))
        self.smallest = max(map(abs, at.interval(looks.alpha(last, alpha))))


def holm(p):
    order = np.argsort(p, kind='stable')
    out, worst = [0.0] * len(p), 0.0
    for i, k in enumerate(order):
        worst = min(1.0, max(worst, (len(p) - i) * p[k]))
        out[k] = worst
    return out


def verdict(equivalent, slower, faster, alpha):
    moved = min(1.0, 2 * min(slower, faster))
    p = min(moved, equivalent)
    if p > alpha:
        return p, 'inconclusive'
    if equivalent <= moved:
        return p, 'equivalent'
    return p, 'slower' if slower < faster else 'faster'


def judge(family, margin, alpha):
    """The verdicts of comparisons that share Holm's adjustment."""
    same = holm([c.p[margin][0] for c in family])
    moved = holm([min(c.p[margin][1:]) for c in family])
    for c, equivalent, adjusted in zip(family, same, moved):
        _, slower, faster = c.p[margin]
        if slower < faster:
            slower = adjusted
        else:
            faster = adjusted
        yield c, verdict(equivalent, slower, faster, alpha)


def margins_of(meta):
    for text in meta['plan']['margins']:
        value, unit = text.split(None, 1)
        if unit not in ('%', 'cycles', 'ticks'):
            sys.exit(f'recompute.py: margin "{text}" is not known here')
        yield text, (unit == '%', float(value))


class Report:
    def __init__(self):
        self.seen, self.bad = defaultdict(int), defaultdict(list)

    def number(self, column, what, printed, mine, scale):
        self.seen[column] += 1
        value = float(printed) if printed else math.nan
        if math.isnan(value) and not math.isfinite(mine):
            return
        if not abs(value - mine) <= TOLERANCE * max(scale, abs(mine) * 1e-6):
            self.bad[column].append(f'{what}: {printed} printed, {mine:.12g} recomputed')

    def text(self, column, what, printed, mine):
        self.seen[column] += 1
        if printed != mine:
            self.bad[column].append(f'{what}: {printed} printed, {mine} recomputed')

    def close(self):
        for n, column in enumerate(self.seen, 1):
            bad = self.bad[column]
            print(f'{"not " if bad else ""}ok {n} - {column}: {self.seen[column]} recomputed, '
                  f'{len(bad)} differ')
            for line in bad[:5]:
                print(f'# {line}')
        print(f'1..{len(self.seen)}')
        return any(self.bad.values()) or not self.seen


def check_verdicts(directory, meta, cells, report):
    looks = Looks(meta['plan']['launches'])
    places, alpha = places_of(meta), meta['plan']['alpha']
    margins = list(margins_of(meta))
    printed = defaultdict(dict)
    for row in rows(os.path.join(directory, 'verdicts.csv')):
        printed[key_of(row), row['strategy'], row['baseline']][row['margin_text']] = row
    done, families = {}, defaultdict(list)
    for key, arm, base in printed:
        done[key, arm, base] = c = Comparison(cells[key], cell_meta(meta, key), looks, places, alpha, arm,
                                              base, [m for _, m in margins], meta['schema_version'] < 4)
        # Holm's families: the exit kinds of one strategy, in one layer and guest state.
        families[key[0], key[1], key[3], key[4], arm].append(c)
    results = {}
    for family in families.values():
        for m, (text, _) in enumerate(margins):
            for c, result in judge(family, m, alpha):
                results[id(c), text] = result
    for (key, arm, base), by_margin in printed.items():
        c = done[key, arm, base]
        what = '/'.join(str(k) for k in key[1:] if k) + f'/{arm}'
        width = c.high - c.low if math.isfinite(c.high - c.low) else abs(c.shift.estimate)
        width = max(width, c.base_p50 * 1e-6)
        for text, row in by_margin.items():
            p, word = results[id(c), text]
            report.number('base_p50', what, row['base_p50'], c.base_p50, c.base_p50)
            report.number('diff', what, row['diff'], c.shift.estimate, width)
            report.number('diff_low', what, row['diff_low'], c.low, width)
            report.number('diff_high', what, row['diff_high'], c.high, width)
            report.number('smallest_margin', what, row['smallest_margin'], c.smallest, width)
            report.number('launch_sd', what, row['launch_sd'], c.shift.level_sd[2], width)
            # Boundaries are integrated by another rule here, which is felt far out in the tail.
            report.number('p_value', f'{what}, {text}', row['p_value'], p, 1000 * p)
            report.text('verdict', f'{what}, {text}', row['verdict'], word)
            report.text('blocks', what, row['blocks'], str(c.n))


def check_medians(directory, cells, report):
    for row in rows(os.path.join(directory, 'summary.csv')):
        mean = cells[key_of(row)].mean[row['strategy']]
        what = '/'.join(str(k) for k in key_of(row)[1:] if k) + f'/{row["strategy"]}'
        report.number('summary p50', what, row['p50'], float(np.median(mean)), abs(float(row['p50'])))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.split('\n\n')[1])
    directory = sys.argv[1]
    with open(os.path.join(directory, 'meta.json'), encoding='utf-8') as f:
        meta = json.load(f)
    if meta['plan'].get('launches', 1) < 2 or meta['plan'].get('location', 'mean') != 'mean':
        print('1..0 # SKIP recompute.py knows runs of several launches and location = mean')
        return 0
    report = Report()
    cells = read_cells(directory)
    check_medians(directory, cells, report)
    check_verdicts(directory, meta, cells, report)
    return 1 if report.close() else 0


if __name__ == '__main__':
    sys.exit(main())
