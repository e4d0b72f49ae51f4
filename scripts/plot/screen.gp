# SPDX-License-Identifier: GPL-2.0-only
# The first screen: what each strategy costs, cheapest first, a mark per context, and the field's own lines as bands.
# DATA: row, label, value, low, high, context (1, 2, ...); behind two empty lines the bands: low, high, level,
# words. ARG6: names of the contexts. Narrow pictures have FIXED_WIDTH and leave the words to the text.
NARROW = exists("FIXED_WIDTH")
BANDS = 4
N = int(ARG5)
ROOM = NARROW ? 1.2 : 0.85 * BANDS + 0.4
if (!NARROW) {
	FIXED_WIDTH = 1100
}
FIXED_HEIGHT = int((NARROW ? 84 : 98) + (NARROW ? 18 : 14.5) * (N + ROOM))
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

# Ahead of the ranges: a range would hide values from it.
stats DATA index 0 using 5 name "HIGH" nooutput
stats DATA index 0 using 4 name "LOW" nooutput

set yrange [N - 0.4 : -0.6 - ROOM]
set xlabel (NARROW ? "TSC ticks more than none" : "difference to none, TSC ticks per exit and entry; bands: cycles, of whichever clock was meant") textcolor rgb INK offset 0, 0.4
BEND = 10.0
LOGARITHMIC = HIGH_max > 200
if (LOGARITHMIC) {
	set nonlinear x via asinh(x / BEND) inverse BEND * sinh(x)
	if (NARROW) {
		set xtics (-100, 0, 10, 30, 100, 1000, 10000)
	} else {
		set xtics (-1000, -100, -10, 0, 5, 10, 20, 30, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
	}
}
set xrange [(LOW_min < 0 ? 1.1 * LOW_min : -1) : (HIGH_max > 115 ? 1.1 * HIGH_max : 125)]
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb INK lw 1 front
set tmargin (NARROW ? 3.2 : 2.6)
set bmargin (NARROW ? 3.2 : 3.8)
if (NARROW) {
	unset label 1000
	set label 1001 font ",10"
	set tics font ",10"
	set lmargin 14
	set key at screen 0.99, 1 - 22.0 / H samplen 0.5 font ",10"
} else {
	set key at screen 0.99, 1 - 6.0 / H font ",11"
	set tics font ",11"
	set lmargin 19
}
array SHADE[6] = [BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY]
SERIES = words(ARG6)
LEVEL(n) = -0.2 - ROOM + 0.85 * n
SIZE(s) = s == 1 ? 1.0 : 0.7
plot DATA index 1 using (($1 + $2) / 2):(0):($1 == $2 ? $1 * 0.985 : $1):($1 == $2 ? $2 * 1.015 : $2):(N):(-0.6 - ROOM) \
		with boxxyerror fs solid 1 border rgb "#ffffff" fc rgb PALE notitle, \
	DATA index 1 using ($3 < BANDS / 2 ? $2 : NaN):(LEVEL($3)):(NARROW ? "" : stringcolumn(4)) \
		with labels left noenhanced offset 0.4, 0 font ",10" textcolor rgb DIM notitle, \
	DATA index 1 using ($3 < BANDS / 2 ? NaN : $1):(LEVEL($3)):(NARROW ? "" : stringcolumn(4)) \
		with labels right noenhanced offset -0.4, 0 font ",10" textcolor rgb DIM notitle, \
	for [s = 1:SERIES] DATA index 0 using ($6 == s ? $3 : NaN):1:4:5:ytic(2) with xerrorbars \
		pt 4 + (s - 1) % 10 ps SIZE(s) lw 1.4 lc rgb SHADE[(s - 1) % 6 + 1] title word(ARG6, s)
