# SPDX-License-Identifier: GPL-2.0-only
# Distribution of paired block differences, one row per comparison.
# DATA: row, label, min, p5, p25, p50, p75, p95, max
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

set yrange [ROWS - 0.3 : -0.7]
# Most blocks agree to a few ticks, disturbed ones are thousands away: inverse hyperbolic
# sine, which is linear around zero and logarithmic far from it.
LINEAR_TO = 10.0
set nonlinear x via asinh(x / LINEAR_TO) inverse LINEAR_TO * sinh(x)
set xtics ("-10^6" -1e6, "-10^5" -1e5, "-10^4" -1e4, "-1000" -1000, "-100" -100, "-10" -10, "0" 0, \
	"10" 10, "100" 100, "1000" 1000, "10^4" 1e4, "10^5" 1e5, "10^6" 1e6)
set xlabel "block difference, TSC ticks per exit and entry (asinh scale: linear to 10)" textcolor rgb INK
set xrange [* < 0 : 0 < *]
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb INK lw 1 front
plot DATA using 4:1:($8 - $4):(0) with vectors nohead lw 1.6 lc rgb DIM title "p5 to p95", \
	'' using 6:1:5:7:($1 - 0.3):($1 + 0.3):ytic(2) with boxxyerror fs solid 1 noborder lc rgb SKY title "p25 to p75", \
	'' using 6:($1 - 0.3):(0):(0.6) with vectors nohead lw 2.2 lc rgb BLUE notitle, \
	'' using 6:1 with points pt 7 ps 0.6 lc rgb BLUE title "median", \
	'' using 3:1 with points pt 2 ps 0.5 lc rgb ORANGE title "extremes", \
	'' using 9:1 with points pt 2 ps 0.5 lc rgb ORANGE notitle
