# SPDX-License-Identifier: GPL-2.0-only
$(B)/bench/report/assets.o: bench/report/report.css bench/report/report.js
