# SPDX-License-Identifier: GPL-2.0-only
# No picture: what this gnuplot can draw is found out by drawing this.
# The words of TITLE must leave a trace, or the terminal found no font for them.
# DATA: none
call "style.gp" ARG1 ARG2 ARG3 ARG4 ARG5

plot [0 : 1] 0.5 notitle
