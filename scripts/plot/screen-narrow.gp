# SPDX-License-Identifier: GPL-2.0-only
# The picture of the first screen for a window of 400 pixels: see screen.gp.
FIXED_WIDTH = 372
call "screen.gp" ARG1 ARG2 ARG3 ARG4 ARG5 ARG6
