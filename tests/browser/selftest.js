/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs inside a copy of report.html and appends what it found as TAP to the page
 * (element #selftest), where tests/e2e/report-browser.sh reads it.
 */
"use strict";
(function () {
	const lines = [];
	const MIN_CONTRAST = 4.5; /* WCAG 2.1 AA, body text */

	function check(what, run) {
		let problem;

		try {
			problem = run();
		} catch (error) {
			problem = String(error);
		}
		lines.push(problem ? "not ok - " + what + " # " + problem : "ok - " + what);
	}

	function luminance(color) {
		const parts = color.match(/[\d.]+/g).slice(0, 3).map(function (value) {
			const c = value / 255;

			return c <= 0.03928 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
		});

		return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
	}

	function background(element) {
		for (let e = element; e; e = e.parentElement) {
			const color = getComputedStyle(e).backgroundColor;

			if (!/, 0\)$/.test(color))
				return color;
		}
		return "rgb(255, 255, 255)";
	}

	function contrast(element) {
		const a = luminance(getComputedStyle(element).color);
		const b = luminance(background(element));

		return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	}

	function sortable() {
		return Array.from(document.querySelectorAll("table")).find(function (table) {
			return table.tBodies[0].rows.length > 3 && table.querySelector("th.n");
		});
	}

	function run() {
		check("no script error", function () {
			return window.reportErrors.join("; ");
		});
		check("no outside request", function () {
			return performance.getEntriesByType("resource").map(function (e) {
				return e.name;
			}).filter(function (name) {
				return !name.startsWith("data:");
			}).join(" ");
		});
		check("every picture is drawn", function () {
			const figures = document.querySelectorAll("figure");
			const empty = Array.from(figures).filter(function (figure) {
				const shown = Array.from(figure.querySelectorAll("svg")).filter(function (svg) {
					return svg.getClientRects().length;
				});
				const box = shown.length === 1 && shown[0].getBoundingClientRect();

				return !box || box.width < 100 || box.height < 50 ||
					!shown[0].querySelector("path, polygon");
			});

			for (const e of document.querySelectorAll(".caption")) {
				if (e.textContent.startsWith("No picture"))
					return e.textContent;
			}
			return figures.length ? empty.map(function (f) {
				return f.id;
			}).join(" ") : "no figure at all";
		});
		check("no id twice", function () {
			const seen = new Set();
			const twice = [];

			for (const e of document.querySelectorAll("[id]")) {
				if (seen.has(e.id))
					twice.push(e.id);
				seen.add(e.id);
			}
			return twice.join(" ");
		});
		check("every link inside the page leads somewhere", function () {
			return Array.from(document.querySelectorAll("a[href^='#']")).filter(function (a) {
				return !document.getElementById(a.getAttribute("href").slice(1));
			}).map(function (a) {
				return a.getAttribute("href");
			}).join(" ");
		});
		check("a number column sorts both ways", function () {
			const table = sortable();
			const head = table.querySelector("th.n:last-of-type") || table.querySelector("th.n");
			const column = head.cellIndex;
			const values = function () {
				return Array.from(table.tBodies[0].rows).map(function (row) {
					return parseFloat(row.cells[column].textContent);
				}).filter(function (v) {
					return !isNaN(v);
				});
			};
			const ascending = function (v, i, all) {
				return !i || all[i - 1] <= v;
			};

			head.querySelector("button").click();
			if (head.getAttribute("aria-sort") !== "ascending" || !values().every(ascending))
				return "not ascending: " + values().join(" ");
			head.querySelector("button").click();
			if (head.getAttribute("aria-sort") !== "descending" ||
			    !values().reverse().every(ascending))
				return "not descending: " + values().join(" ");
			return "";
		});
		check("a filter hides what does not match", function () {
			const input = document.querySelector(".filter input");
			const rows = input.closest(".filter").nextElementSibling.querySelectorAll("tbody tr");
			const shown = function () {
				return Array.from(rows).filter(function (row) {
					return row.getClientRects().length;
				}).length;
			};

			input.value = "xsavec";
			input.dispatchEvent(new Event("input"));
			const few = shown();
			input.value = "";
			input.dispatchEvent(new Event("input"));
			return few > 0 && few < rows.length && shown() === rows.length ? "" :
				few + " of " + rows.length;
		});
		check("headers, filters, wide tables and links take the keyboard", function () {
			const deaf = Array.from(document.querySelectorAll(
				"th button, .filter input, .more, .scroll, nav a, .skip")).filter(function (e) {
				return e.getClientRects().length;
			}).filter(function (e) {
				e.focus();
				return document.activeElement !== e;
			});

			return deaf.map(function (e) {
				return e.outerHTML.slice(0, 60);
			}).join(" ");
		});
		check("the first thing the keyboard reaches leads to the answer", function () {
			const first = document.querySelector("a, button, input, [tabindex='0']");

			return first.classList.contains("skip") ? "" : first.outerHTML.slice(0, 60);
		});
		check("text stands out from its background", function () {
			return Array.from(document.querySelectorAll("h1, p, th, td, td a, figcaption, nav a"))
				.filter(function (e) {
					return contrast(e) < MIN_CONTRAST;
				}).slice(0, 3).map(function (e) {
					return e.tagName + "." + e.className + " " + contrast(e).toFixed(1);
				}).join(", ");
		});
		check("the page is not wider than its window", function () {
			const root = document.documentElement;

			return root.scrollWidth <= root.clientWidth ? "" :
				root.scrollWidth + " > " + root.clientWidth;
		});
		check("sentence, picture, table: in this order, above the fold", function () {
			const FOLD = 800;
			let above = 0;

			for (const id of ["screen-sentence", "screen", "screen-table"]) {
				const e = document.getElementById(id);
				const box = e && e.getBoundingClientRect();
				const part = e && e.tagName === "TABLE" ? e.tBodies[0].rows[0].getBoundingClientRect() : box;

				if (!e || !box.height)
					return id + " is missing";
				if (box.top + scrollY < above || part.bottom + scrollY > FOLD)
					return id + " is from " + (box.top + scrollY) + " to " +
						(part.bottom + scrollY) + ", behind " + above;
				above = box.bottom + scrollY;
			}
			return "";
		});
		check("the sentence says where from, in what, and how sure", function () {
			const text = document.getElementById("screen-sentence").textContent;
			const first = text.slice(0, text.indexOf(")."));

			return /adds \+[\d.]+ TSC ticks \[[-+\d.]+, [-+\d.]+\]/.test(first) &&
				/in context /.test(first) && /(proxy|hw), /.test(first) &&
				/field's lines|line of/.test(text) ? "" : text;
		});
		check("no table is cut in a wide window", function () {
			if (innerWidth < 1200)
				return "";
			return Array.from(document.querySelectorAll("table")).filter(function (table) {
				return table.parentNode.scrollWidth > table.parentNode.clientWidth;
			}).map(function (table) {
				return table.id + " " + table.parentNode.scrollWidth;
			}).join(", ");
		});
		check("folded columns come back", function () {
			const more = Array.from(document.querySelectorAll(".more")).find(function (e) {
				return !e.hidden;
			});

			if (!more)
				return innerWidth < 1200 ? "nothing is folded" : "";
			const heads = document.getElementById(more.getAttribute("aria-controls")).querySelectorAll("th");
			const shown = function () {
				return Array.from(heads).filter(function (e) {
					return e.getClientRects().length;
				}).length;
			};
			const few = shown();

			more.click();
			const all = shown();
			more.click();
			return few < all && all === heads.length && shown() === few ? "" : few + " of " + all;
		});
		check("letters stay readable", function () {
			const size = parseFloat(getComputedStyle(document.body).fontSize);

			return size >= 14 ? "" : size + " px";
		});
		check("print drops navigation and filters", function () {
			const hidden = [];

			for (const sheet of document.styleSheets) {
				for (const rule of sheet.cssRules) {
					if (rule.media && rule.media.mediaText === "print")
						for (const inner of rule.cssRules)
							if (inner.style.display === "none")
								hidden.push(inner.selectorText);
				}
			}
			return hidden.join(" ").includes("nav") && hidden.join(" ").includes(".filter") ?
				"" : hidden.join(" ");
		});
	}

	window.addEventListener("load", function () {
		const out = document.createElement("pre");

		run();
		lines.push("done at " + window.innerWidth + " px");
		out.id = "selftest";
		out.textContent = lines.join("\n");
		(window.parent !== window ? window.parent.document : document).body.append(out);
	});
})();
