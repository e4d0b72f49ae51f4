#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The report in a real browser: headless Chromium opens it wide, dark, 400 pixels
# narrow and on paper. Screenshots stay in the build directory's check/.
# seconds: 50
set -u

B=${B:-build}
dir=$(mktemp -d) || exit 70
trap 'rm -rf "$dir"' EXIT
shots=$B/check
mkdir -p "$shots" || exit 70
n=0

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
	echo 'ok 1 - the report in a browser # SKIP no chromium; install the package chromium'
	echo '1..1'
	exit 0
}

# chrome LOG OPTION...: one headless browser with a profile of its own.
chrome() {
	log=$1
	shift
	TMPDIR=$dir timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--disable-dev-shm-usage --hide-scrollbars --enable-logging=stderr \
		--user-data-dir="$dir/profile" "$@" 2>"$log"
}

# point OK WHAT: one TAP line.
point() {
	n=$((n + 1))
	echo "$1 $n - $2"
}

# expect WHAT COMMAND...
expect() {
	what=$1
	shift
	if "$@" >/dev/null 2>&1; then point ok "$what"; else point 'not ok' "$what"; fi
}

# verdicts LABEL DOM: the self-test's lines as TAP; it must have come to its end.
verdicts() {
	sed -n '/<pre id="selftest">/,/<\/pre>/p' "$2" | sed 's/<pre id="selftest">//; s/<\/pre>.*//' >"$dir/lines"
	grep -q '^done' "$dir/lines" || point 'not ok' "$1: the self-test ran to its end"
	while read -r line; do
		case $line in
		'ok - '*) point ok "$1: ${line#ok - }" ;;
		'not ok - '*) point 'not ok' "$1: ${line#not ok - }" ;;
		esac
	done <"$dir/lines"
}

"$B/tests/tools/synthetic-run" "$dir/run" blocks=12 backend=pvm representative=no contexts=yes || exit 70
"$B/egprlab" report "$dir/run" >/dev/null || exit 70
page=$dir/run/report.html

# tested PAGE: a copy that collects errors from its first line on and tests itself at its end.
tested() {
	awk '{ print }
		/<head>/ { print "<script>window.reportErrors = []; addEventListener(\"error\", e => reportErrors.push(e.message));</script>" }
	' "$1" | sed '/^<\/body>/d'
	echo '<script>'
	cat tests/browser/selftest.js
	echo '</script></body></html>'
}
tested "$page" >"$dir/tested.html"

# framed PAGE: the page inside a frame of 400 pixels: narrower than a headless window can be.
framed() {
	printf '<!DOCTYPE html><html><body><iframe width="400" height="3000" srcdoc="'
	sed 's/&/\&amp;/g; s/"/\&quot;/g' "$1"
	printf '"></iframe></body></html>\n'
}
framed "$dir/tested.html" >"$dir/narrow.html"
framed "$page" >"$dir/narrow-shot.html"

chrome "$dir/log" --window-size=1280,1600 --dump-dom "file://$dir/tested.html" >"$dir/dom"
verdicts wide "$dir/dom"
expect 'wide: nothing on the console' sh -c "! grep -q CONSOLE '$dir/log'"
for meta in results/reference/*/meta.json; do
	[ -e "$meta" ] || continue
	name=$(basename "${meta%/meta.json}")
	mkdir "$dir/$name" && cp "${meta%/meta.json}"/*.csv "$meta" "$dir/$name" || exit 70
	"$B/egprlab" report "$dir/$name" >/dev/null || exit 70
	tested "$dir/$name/report.html" >"$dir/reference.html"
	chrome "$dir/log" --window-size=1280,1600 --dump-dom "file://$dir/reference.html" >"$dir/dom"
	verdicts "$name" "$dir/dom"
	expect "$name: nothing on the console" sh -c "! grep -q CONSOLE '$dir/log'"
done
# Two runs of different hosts side by side: the same page, wide and narrow.
pair="$dir/pair.html"
"$B/tests/tools/synthetic-run" "$dir/far" blocks=12 backend=pvm representative=no contexts=yes host=far cpu='Far CPU' seed=2 &&
	"$B/egprlab" compare "$dir/run" "$dir/far" --html "$pair" >/dev/null 2>&1 || exit 70
tested "$pair" >"$dir/tested-pair.html"
framed "$dir/tested-pair.html" >"$dir/narrow-pair.html"
chrome "$dir/log" --window-size=1280,1600 --dump-dom "file://$dir/tested-pair.html" >"$dir/dom"
verdicts 'two hosts' "$dir/dom"
chrome "$dir/log" --dump-dom "file://$dir/narrow-pair.html" >"$dir/dom"
verdicts 'two hosts, 400 px' "$dir/dom"
chrome "$dir/log" --window-size=1280,800 --screenshot="$shots/compare-wide.png" "file://$pair"
expect 'a screenshot of two hosts' test -s "$shots/compare-wide.png"

chrome "$dir/log" --blink-settings=preferredColorScheme=0 --dump-dom "file://$dir/tested.html" >"$dir/dom"
verdicts dark "$dir/dom"
chrome "$dir/log" --dump-dom "file://$dir/narrow.html" >"$dir/dom"
expect '400 px: the frame is that narrow' grep -q 'done at 400 px' "$dir/dom"
verdicts '400 px' "$dir/dom"

chrome "$dir/log" --window-size=1280,800 --screenshot="$shots/screen-wide.png" "file://$page"
expect 'a screenshot of what stands above the fold' test -s "$shots/screen-wide.png"
chrome "$dir/log" --window-size=500,800 --screenshot="$shots/screen-narrow.png" "file://$dir/narrow-shot.html"
expect 'likewise at 400 px' test -s "$shots/screen-narrow.png"
chrome "$dir/log" --window-size=1280,1600 --screenshot="$shots/report-wide.png" "file://$page"
expect 'a screenshot of the first screen' test -s "$shots/report-wide.png"
chrome "$dir/log" --window-size=1280,1600 --blink-settings=preferredColorScheme=0 \
	--screenshot="$shots/report-dark.png" "file://$page"
expect 'a screenshot in the dark' test -s "$shots/report-dark.png"
chrome "$dir/log" --window-size=500,1600 --screenshot="$shots/report-narrow.png" "file://$dir/narrow-shot.html"
expect 'a screenshot at 400 px' test -s "$shots/report-narrow.png"
chrome "$dir/log" --print-to-pdf="$shots/report.pdf" --no-pdf-header-footer "file://$page"
expect 'the page prints' sh -c "head -c 5 '$shots/report.pdf' | grep -q %PDF"
echo "1..$n"
