/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report's style and script inside the command: a report needs no other file.
 */
	.section .rodata
	.globl	report_css, report_js
report_css:
	.incbin	"bench/report/report.css"
	.byte	0
report_js:
	.incbin	"bench/report/report.js"
	.byte	0
	.section .note.GNU-stack, "", @progbits
