# SPDX-License-Identifier: GPL-2.0-only
# Code bytes of each strategy, exit half and entry half, with cache lines as grid.
# DATA: row, label, exit bytes, entry bytes
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

CACHE_LINE = 64
stats DATA using ($3 + $4) nooutput
set yrange [ROWS - 0.3 : -0.7]
LABEL_ROOM = 1.2
set xrange [0 : STATS_max * LABEL_ROOM]
set xtics CACHE_LINE
set xlabel "bytes (grid: cache lines of 64 bytes)" textcolor rgb INK
plot DATA using (0):1:(0):3:($1 - 0.32):($1 + 0.32):ytic(2) with boxxyerror fs solid 1 noborder lc rgb BLUE title "exit", \
	'' using (0):1:3:($3 + $4):($1 - 0.32):($1 + 0.32) with boxxyerror fs solid 1 noborder lc rgb ORANGE title "entry", \
	'' using ($3 + $4):1:(sprintf(" %d + %d", $3, $4)) with labels left font ",10" textcolor rgb INK notitle
