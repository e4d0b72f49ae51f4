# SPDX-License-Identifier: GPL-2.0-only
# The cost of each strategy in each context. From some ticks to some hundred: linear near 0, logarithmic far from it.
# DATA: row, label, value, low, high, series (1, 2, ...), size of the marker, names of the series
FIXED_HEIGHT = 170 + 36 * real(ARG5)
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

set yrange [ROWS - 0.3 : -0.7]
set xlabel "difference to none, TSC ticks per exit and entry (logarithmic away from 0)" textcolor rgb INK
BEND = 10.0
set nonlinear x via asinh(x / BEND) inverse BEND * sinh(x)
set xtics (-1000, -300, -100, -30, -10, 0, 10, 30, 100, 300, 1000, 3000, 10000)
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb INK lw 1 front
array SHADE[6] = [BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY]
SERIES = words(ARG6)
SHIFT(s) = SERIES > 1 ? 0.5 * (s - 1.0) / (SERIES - 1.0) - 0.25 : 0
plot DATA using (NaN):1:ytic(2) notitle, \
	for [s = 1:SERIES] DATA using ($6 == s ? $3 : NaN):($1 + SHIFT(s)):4:5 with xerrorbars \
	pt 4 + (s - 1) % 10 ps 0.8 lw 1.4 lc rgb SHADE[(s - 1) % 6 + 1] title word(ARG6, s)
