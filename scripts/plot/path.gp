# SPDX-License-Identifier: GPL-2.0-only
# Instructions per exit: the path itself, and what a switch adds.
# DATA: row, label, instructions without switch, with switch
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

LABEL_ROOM = 1.2
stats DATA using 4 nooutput
set yrange [ROWS - 0.3 : -0.7]
set xrange [0 : STATS_max * LABEL_ROOM]
set xlabel "instructions per exit and entry" textcolor rgb INK
plot DATA using (0):1:(0):3:($1 - 0.32):($1 + 0.32):ytic(2) with boxxyerror fs solid 1 noborder lc rgb BLUE \
	title "exit without a switch", \
	'' using (0):1:3:4:($1 - 0.32):($1 + 0.32) with boxxyerror fs solid 1 noborder lc rgb ORANGE \
	title "added by the switch", \
	'' using 4:1:(sprintf(" %.0f + %.0f", $3, $4 - $3)) with labels left font ",10" textcolor rgb INK notitle
