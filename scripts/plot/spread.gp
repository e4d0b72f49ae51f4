# SPDX-License-Identifier: GPL-2.0-only
# One difference per code offset or guest state: how far placement or state alone moves it.
# DATA: row, label, value, series (1, 2, ...), size of the marker, name of the series
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

set yrange [ROWS - 0.3 : -0.7]
set xlabel "difference, TSC ticks per exit and entry" textcolor rgb INK
set xrange [* < 0 : 0 < *]
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb INK lw 1 front
array SHADE[3] = [DIM, ORANGE, BLUE]
array SHAPE[3] = [6, 9, 7]
SERIES = ARG6 eq "" ? 1 : words(ARG6)
plot for [s = 1:SERIES] DATA using ($4 == s ? $3 : NaN):1:ytic(2) with points pt SHAPE[s] ps 0.9 lc rgb SHADE[s] \
	title (ARG6 eq "" ? "one code offset each" : word(ARG6, s))
