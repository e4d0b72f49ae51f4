# SPDX-License-Identifier: GPL-2.0-only
# Latency per exit kind: percentiles of the baseline arm.
# DATA: row, label, p5, p50, p95, p99, p99.9 (missing: NaN); ARG6: what the last two are percentiles of
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

set yrange [ROWS - 0.3 : -0.7]
set logscale x
set xlabel "TSC ticks per exit (log scale)" textcolor rgb INK
plot DATA using 3:1:($5 - $3):(0) with vectors nohead lw 5 lc rgb SKY title "p5 to p95, means of batches", \
	'' using 4:1:ytic(2) with points pt 7 ps 0.9 lc rgb BLUE title "p50, means of batches", \
	'' using 6:1 with points pt 9 ps 0.9 lc rgb ORANGE title "p99, ".ARG6, \
	'' using 7:1 with points pt 11 ps 0.9 lc rgb VERMILLION title "p99.9, ".ARG6
