#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The commands of docs/questions.md, run as they stand there.
# seconds: 20
set -u
. tests/e2e/tap.inc

# shellcheck disable=SC2016 # backquotes of Markdown
sed -n '/^```sh$/,/^```$/{/^```/d;p}' docs/questions.md >"$dir/commands"
# A command may say that this host cannot (77), that different hosts are not compared (64), or usage (0).
answers() {
	sh -c "$1" >"$dir/said" 2>&1
	status=$?
	tail -n 5 "$dir/said"
	case $status:$1 in
	0:* | 77:*) [ -s "$dir/said" ] ;;
	64:*' compare '*) grep -q 'different hosts\|another host\|hosts' "$dir/said" ;;
	1:*recompute*) grep -q 'No module named' "$dir/said" ;;
	*) false ;;
	esac
}
while IFS= read -r command; do
	check "$command" answers "$command"
done <"$dir/commands"
check 'every question has its command' test "$(grep -c '^\*\*' docs/questions.md)" = "$(wc -l <"$dir/commands")"
git status --short results/reference >"$dir/changed" 2>/dev/null
check 'reference runs are left as they were' test ! -s "$dir/changed"
echo "1..$n"
