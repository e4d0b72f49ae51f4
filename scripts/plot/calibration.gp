# SPDX-License-Identifier: GPL-2.0-only
# Injected delays against what was measured: the line is what a perfect ruler reads.
# DATA: injected, difference, low, high, series
FIXED_HEIGHT = 460
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

set xlabel "injected delay, dependent one-cycle operations" textcolor rgb INK
set ylabel "measured difference, TSC ticks" textcolor rgb INK
set grid ytics lc rgb PALE lt 1
plot x with lines lw 1 lc rgb DIM title "slope 1", \
	DATA using 1:2:3:4 with yerrorbars pt 7 ps 0.8 lw 1.6 lc rgb BLUE title "measured, 95 % interval"
