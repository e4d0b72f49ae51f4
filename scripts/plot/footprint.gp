# SPDX-License-Identifier: GPL-2.0-only
# Curves against what the guest walks between its exits, from nothing to memory.
# DATA: footprint (1, 2, ...), value, low, high, series (1, 2, ...)
# further arguments: series in DATA, words: what is drawn, footprints, then names of the series
FIXED_HEIGHT = 380
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

POINTS = int(word(ARG6, 1))
LATENCY = word(ARG6, 2) eq "latency"
SERIES = words(ARG6) - 2 - POINTS
set xrange [0.6 : POINTS + 0.4]
set xtics noenhanced ("" 0)
do for [p = 1:POINTS] {
	set xtics add (word(ARG6, 2 + p) p)
}
set xlabel "what the guest walks before each exit" textcolor rgb INK
set lmargin 12
set format y "%.0f"
set grid ytics lc rgb PALE lt 1
if (LATENCY) {
	set ylabel "exit latency, TSC ticks" textcolor rgb INK
	set logscale y
} else {
	BEND = 100.0
	set nonlinear y via asinh(y / BEND) inverse BEND * sinh(y)
	set ytics (-1e6, -1e5, -1e4, -1000, -100, 0, 100, 1000, 1e4, 1e5, 1e6)
	set ylabel "difference to none, TSC ticks (bent)" textcolor rgb INK
	set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lc rgb INK lw 1
}
array SHADE[6] = [BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY]
SHIFT(s) = SERIES > 1 ? 0.3 * (s - 1.0) / (SERIES - 1.0) - 0.15 : 0
plot for [s = 1:SERIES] DATA using ($5 == s ? $1 + SHIFT(s) : NaN):2:3:4 with yerrorlines \
	pt 4 + (s - 1) % 10 ps 0.9 lw 1.5 lc rgb SHADE[(s - 1) % 6 + 1] title word(ARG6, 2 + POINTS + s)
