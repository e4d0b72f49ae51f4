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

	/* Rare columns go, from the right, until the table fits; a button brings them back. */
	function fold(table) {
		const box = table.parentNode;
		const heads = Array.from(table.tHead.rows[0].cells);
		const rare = heads.filter(function (head) {
			return "rare" in head.dataset;
		});
		const style = document.createElement("style");
		const more = document.createElement("button");
		let hidden = [];
		let open = false;

		function show() {
			style.textContent = open ? "" : hidden.map(function (head) {
				return "@media screen { #" + table.id + " tr > :nth-child(" +
					(head.cellIndex + 1) + ") { display: none } }";
			}).join("\n");
			more.textContent = open ? "Fold rare columns" : "Show " + hidden.length +
				" more columns: " + hidden.map(function (head) {
				return head.textContent;
			}).reverse().join(", ");
			more.setAttribute("aria-expanded", String(open));
			more.hidden = !hidden.length;
		}

		function fit() {
			hidden = [];
			show();
			for (let i = rare.length; i-- && !open && box.scrollWidth > box.clientWidth;) {
				hidden.push(rare[i]);
				show();
			}
		}

		if (!rare.length)
			return;
		document.head.append(style);
		more.type = "button";
		more.className = "more";
		more.setAttribute("aria-controls", table.id);
		more.hidden = true;
		more.addEventListener("click", function () {
			open = !open;
			show();
		});
		box.before(more);
		fit();
		addEventListener("resize", function () {
			if (!open)
				fit();
		});
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
})();
