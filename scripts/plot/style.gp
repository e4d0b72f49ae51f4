# SPDX-License-Identifier: GPL-2.0-only
# One look for every picture: size, palette, grid, captions.
#
# A picture script is called as  gnuplot -c NAME.gp DATA OUT TITLE CAPTION [ROWS ...]
# and calls this file first. OUT ends in .svg, .png or .pdf. The palette is Okabe and
# Ito's, which colour-blind readers can tell apart; meaning never hangs on
# colour alone, point shapes say the same.

DATA = ARG1
OUT = ARG2
ROWS = strlen(ARG5) ? real(ARG5) : 12

W = exists("FIXED_WIDTH") ? FIXED_WIDTH : 900
ROW_HEIGHT = 24
MARGIN_HEIGHT = 140
H = exists("FIXED_HEIGHT") ? FIXED_HEIGHT : int(MARGIN_HEIGHT + ROW_HEIGHT * (ROWS < 4 ? 4 : ROWS))

SUFFIX = OUT[strlen(OUT) - 2 : strlen(OUT)]
if (SUFFIX eq "svg") {
	set terminal svg size W, H enhanced font "DejaVu Sans,13" background "#ffffff"
} else {
	if (SUFFIX eq "pdf") {
		set terminal pdfcairo size W / 100.0, H / 100.0 enhanced font "DejaVu Sans,9" background "#ffffff"
	} else {
		set terminal pngcairo size W, H enhanced font "DejaVu Sans,10" background "#ffffff"
	}
}
set output OUT

BLUE = "#0072b2"; VERMILLION = "#d55e00"; GREEN = "#009e73"; ORANGE = "#e69f00"
SKY = "#56b4e9"; PURPLE = "#cc79a7"; INK = "#222222"; DIM = "#6e6e6e"; PALE = "#e2e6ea"

set encoding utf8
set datafile separator "\t"
set border 3 lc rgb DIM
set tics nomirror textcolor rgb INK
set grid xtics lc rgb PALE lt 1
set label 1001 ARG3 at screen 0.01, 1 - 20.0 / H left noenhanced font ",14" textcolor rgb INK
LONG = 120 # characters that fit one line in the larger font
set label 1000 ARG4 at screen 0.99, 14.0 / H right noenhanced font (strlen(ARG4) > LONG ? ",8" : ",9") textcolor rgb DIM
set key at screen 0.99, 1 - 34.0 / H right top horizontal samplen 1.5 textcolor rgb INK noenhanced
set tmargin 4
set bmargin 5
set ytics noenhanced
