# SPDX-License-Identifier: GPL-2.0-only
# One comparison across hosts: each host's estimate, below them those of one CPU model and kind
# of core combined, and all combined (last row).
# DATA: row, label, estimate, low, high, kind (0 host, 1 model and core, 2 all)
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

set yrange [ROWS - 0.3 : -0.7]
set xrange [* < 0 : 0 < *]
set xlabel "difference, TSC ticks per exit and entry (left is faster)" textcolor rgb INK
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb INK lw 1 front
plot DATA using (column(6) == 0 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars pt 5 ps 0.7 lw 1.6 lc rgb BLUE \
	title "host, 95 % interval", \
	'' using (column(6) == 1 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars pt 13 ps 1.3 lw 2 lc rgb GREEN \
	title "one CPU model and kind of core", \
	'' using (column(6) == 2 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars pt 13 ps 1.6 lw 2.4 lc rgb VERMILLION \
	title "combined, random effects"
