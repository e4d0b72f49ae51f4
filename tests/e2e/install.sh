#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `make install`, manual pages and shell completion, each held against what the
# installed programs themselves say.
# seconds: 10
set -u

B=${B:-build}
. tests/e2e/tap.inc
root=$dir/root/opt/lab

# plain PAGE: a manual page as text without hyphenation and overstriking.
plain() {
	MANWIDTH=400 man -l -E ascii --no-hyphenation "$root/share/man/man${1##*.}/$1" 2>/dev/null | col -b
}

# described PAGE: every word on standard input stands in the page.
described() {
	plain "$1" >"$dir/page"
	while read -r word; do
		grep -q -F -e "$word" "$dir/page" || { echo "$word is not in $1"; return 1; }
	done
}

check 'make install, with DESTDIR and prefix' make -s B="$B" DESTDIR="$dir/root" prefix=/opt/lab install
egprlab=$root/bin/egprlab
check 'nothing outside the prefix' sh -c "[ \"\$(ls '$dir/root')\" = opt ]"
check 'the installed command runs' "$egprlab" --version
check 'and finds its plans' sh -c "cd / && '$egprlab' run --profile smoke --dry-run --seed 1"
"$B/tests/tools/synthetic-run" "$dir/run" blocks=12 || exit 70
if command -v gnuplot >/dev/null; then
	check 'and its plot scripts' sh -c "
		mv '$dir/root' '$dir/moved' && cd / &&
		'$dir/moved/opt/lab/bin/egprlab' report '$dir/run' && ls '$dir'/run/plots/*.png &&
		mv '$dir/moved' '$dir/root'"
else
	n=$((n + 1))
	echo "ok $n - and its plot scripts # SKIP gnuplot is not installed"
fi
check 'and its profiles' sh -c "cd / && '$egprlab' cost '$dir/run'"
if "$egprlab" model --list >/dev/null 2>&1; then
	check 'and its own sequences, to model them' sh -c "cd / && '$egprlab' model --model znver3 | grep -q ',gated-mov,'"
else
	n=$((n + 1))
	echo "ok $n - and its own sequences, to model them # SKIP llvm-mca is not installed"
fi
check 'vmm-mini runs' "$root/bin/vmm-mini" --help

if command -v man >/dev/null && command -v groff >/dev/null && command -v col >/dev/null; then
	for page in "$root"/share/man/man*/*; do
		check "${page##*/}: groff has nothing to say" sh -c "[ -z \"\$(groff -man -ww -z '$page' 2>&1)\" ]"
		check "${page##*/}: nothing was left unfilled" sh -c "! grep -n '^@' '$page'"
	done
	"$egprlab" --help | sed -n 's/^  \([a-z-][a-z-]*\).*/\1/p' >"$dir/commands"
	while read -r command; do
		case $command in
		-*) echo "$command" ;;
		*)
			echo "egprlab $command"
			"$egprlab" "$command" --help | sed -n 's/^  \(--[a-z_-]*\).*/\1/p'
			;;
		esac
	done <"$dir/commands" >"$dir/words"
	check 'egprlab(1) has every command and option' described egprlab.1 <"$dir/words"
	"$root/bin/vmm-mini" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' >"$dir/words"
	check 'vmm-mini(1) has every option' described vmm-mini.1 <"$dir/words"
	head -qn 1 "$dir"/run/*.csv | tr ',' '\n' | sort -u >"$dir/words"
	check 'egpr-run(5) has every column' described egpr-run.5 <"$dir/words"
	sed -n 's/^\([a-z_]*\) = .*/\1/p' bench/plan/plans/*.ini | sort -u >"$dir/words"
	check 'egpr-plan(5) has every key of the shipped plans' described egpr-plan.5 <"$dir/words"
	"$egprlab" list exits | cut -d' ' -f1 >"$dir/words"
	check 'egpr-profile(5) has every exit kind' described egpr-profile.5 <"$dir/words"
else
	n=$((n + 1))
	echo "ok $n - manual pages # SKIP man, groff or col is not installed; install man-db, groff and bsdextrautils"
fi

# offered WORD...: what bash offers for the last word.
offered() {
	PATH=$root/bin:$PATH bash -c '
		. "$1"; shift
		COMP_WORDS=(egprlab "$@"); COMP_CWORD=$#
		_egprlab
		printf "%s\n" "${COMPREPLY[@]}"' - "$root/share/bash-completion/completions/egprlab" "$@" | sort
}

# same COMMAND WORD...: completion offers exactly what is on standard input.
same() {
	sort >"$dir/want"
	offered "$@" >"$dir/got"
	cmp "$dir/want" "$dir/got" || diff "$dir/want" "$dir/got"
}

if command -v bash >/dev/null; then
	"$egprlab" --help | sed -n 's/^  \([a-z-][a-z-]*\).*/\1/p' >"$dir/words"
	check 'completion offers every command' same '' <"$dir/words"
	grep -v '^-' "$dir/words" >"$dir/commands"
	while read -r command; do
		{
			"$egprlab" "$command" --help | sed -n 's/^  \(--[a-z_-]*\).*/\1/p'
			echo --help
		} >"$dir/options"
		check "completion offers every option of $command" same "$command" -- <"$dir/options"
	done <"$dir/commands"
	"$egprlab" list strategies | cut -d' ' -f1 >"$dir/words"
	check 'completion offers every strategy' same run --strategy '' <"$dir/words"
	check 'and for show' same show '' <"$dir/words"
	"$egprlab" model --list 2>/dev/null | sed '1d; /^$/,$d' | cut -d' ' -f1 >"$dir/words"
	if [ -s "$dir/words" ]; then
		check 'completion offers every CPU model' same model --model '' <"$dir/words"
	else
		n=$((n + 1))
		echo "ok $n - completion of CPU models # SKIP llvm-mca is not installed"
	fi
else
	n=$((n + 1))
	echo "ok $n - completion # SKIP bash is not installed"
fi
echo "1..$n"
