# SPDX-License-Identifier: GPL-2.0-only
# Differences with their 95 % intervals, one row each, the margin as a grey band.
# DATA: row, label, diff, low, high, margin, verdict (1 equivalent, 2 faster, 3 slower, 4 inconclusive)
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

set yrange [ROWS - 0.3 : -0.7]
set xlabel "difference, TSC ticks per exit and entry (left is faster)" textcolor rgb INK
set xrange [* < 0 : 0 < *]
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb INK lw 1 front
plot DATA using (0):1:(-$6):($6):($1 - 0.38):($1 + 0.38) with boxxyerror fs solid 1 noborder lc rgb PALE title "margin", \
	'' using (column(7) == 1 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars pt 7 ps 0.8 lw 1.6 lc rgb GREEN title "equivalent", \
	'' using (column(7) == 2 ? $3 : NaN):1:4:5 with xerrorbars pt 9 ps 0.9 lw 1.6 lc rgb BLUE title "faster", \
	'' using (column(7) == 3 ? $3 : NaN):1:4:5 with xerrorbars pt 11 ps 0.9 lw 1.6 lc rgb VERMILLION title "slower", \
	'' using (column(7) == 4 ? $3 : NaN):1:4:5 with xerrorbars pt 6 ps 0.8 lw 1.6 lc rgb DIM title "inconclusive"
