/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables that sort by their headers, filter by a word, and fold rare columns where they are too wide. Without script the page is complete, only still. */
"use strict";
(function () {
	const FILTER_FROM_ROWS = 12;

	function value(row, column) {
		const text = row.cells[column].textContent.trim();
		const number = parseFloat(text.replace("\u2212", "-"));

		return { text: text, number: number };
	}

	function compare(a, b, numeric) {
		if (!numeric)
			return a.text.localeCompare(b.text, "en", { numeric: true });
		if (isNaN(a.number) || isNaN(b.number))
			return isNaN(a.number) - isNaN(b.number);
		return a.number - b.number;
	}

	function sort(table, head, column) {
		const up = head.getAttribute("aria-sort") !== "ascending";
		const numeric = head.classList.contains("n");
		const body = table.tBodies[0];
		const rows = Array.from(body.rows);

		rows.sort(function (a, b) {
			const order = compare(value(a, column), value(b, column), numeric);

			return up ? order : -order;
		});
		for (const other of table.tHead.rows[0].cells)
			other.removeAttribute("aria-sort");
		head.setAttribute("aria-sort", up ? "ascending" : "descending");
		for (const row of rows)
			body.append(row);
	}

	function addFilter(table) {
		const label = document.createElement("label");
		const input = document.createElement("input");

		label.className = "filter";
		label.append("Filter: ", input);
		input.type = "search";
		input.addEventListener("input", function () {
			const word = input.value.toLowerCase();

			for (const row of table.tBodies[0].rows)
				row.hidden = !row.textContent.toLowerCase().includes(word);
		});
		table.parentNode.before(label);
	}

	/*
	 * Rare columns go, from the right, until the table fits; a button brings them back. All tables at
	 * once: each look at a width after a change would lay out the whole page anew.
	 */
	const style = document.createElement("style");
	const folds = [];

	function showAll() {
		style.textContent = folds.map(function (f) {
			return f.open ? "" : f.hidden.map(function (head) {
				return "@media screen { #" + f.table.id + " tr > :nth-child(" +
					(head.cellIndex + 1) + ") { display: none } }";
			}).join("\n");
		}).join("\n");
		for (const f of folds) {
			f.more.textContent = f.open ? "Fold rare columns" : "Show " + f.hidden.length +
				" more column" + (f.hidden.length === 1 ? "" : "s") + ": " + f.hidden.map(function (head) {
				return head.textContent;
			}).reverse().join(", ");
			f.more.setAttribute("aria-expanded", String(f.open));
			f.more.hidden = !f.hidden.length;
		}
	}

	function fitAll() {
		let again = true;

		for (const f of folds)
			f.hidden = f.open ? f.hidden : [];
		showAll();
		while (again) {
			again = false;
			for (const f of folds) {
				const wide = f.box.scrollWidth - f.box.clientWidth;

				f.drop = [];
				for (let i = f.rare.length - f.hidden.length, gone = 0;
				     i-- && !f.open && gone < wide;) {
					gone += f.rare[i].offsetWidth;
					f.drop.push(f.rare[i]);
				}
				again = again || f.drop.length > 0;
			}
			for (const f of folds)
				f.hidden = f.hidden.concat(f.drop);
			if (again)
				showAll();
		}
	}

	function fold(table) {
		const heads = Array.from(table.tHead.rows[0].cells);
		const more = document.createElement("button");
		const f = { table: table, box: table.parentNode, more: more, hidden: [], open: false };

		f.rare = heads.filter(function (head) {
			return "rare" in head.dataset;
		});
		if (!f.rare.length)
			return;
		more.type = "button";
		more.className = "more";
		more.setAttribute("aria-controls", table.id);
		more.hidden = true;
		more.addEventListener("click", function () {
			f.open = !f.open;
			showAll();
		});
		f.box.style.contentVisibility = "visible"; // what is not laid out has no width
		f.box.before(more);
		folds.push(f);
	}

	for (const table of document.querySelectorAll("table")) {
		Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
			const button = document.createElement("button");

			button.type = "button";
			button.append(head.textContent);
			head.replaceChildren(button);
			button.addEventListener("click", function () {
				sort(table, head, column);
			});
		});
		fold(table);
		if (table.tBodies[0].rows.length >= FILTER_FROM_ROWS)
			addFilter(table);
	}
	document.head.append(style);
	fitAll();
	addEventListener("resize", fitAll);
})();
