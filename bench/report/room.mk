# SPDX-License-Identifier: GPL-2.0-only
$(B)/bench/report/assets.o: bench/report/report.css bench/report/report.js
$(B)/bench/report/models.o $(B)/bench/report/posts.o $(B)/bench/report/properties.o: | $(B)/include/egpr/model-answers.h
