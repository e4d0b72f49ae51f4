#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Bad command lines are refused with status 64, one line on stderr that names the
# fault and the way out, and nothing on stdout.
# seconds: 2
set -u
B=${B:-build}
lab=$B/egprlab
tmp=$(mktemp -d) || exit 70
trap 'rm -rf "$tmp"' EXIT
point=0

verdict() { # verdict WHAT: judges the status of the command before it
	status=$?
	point=$((point + 1))
	if [ $status -eq 0 ]; then
		echo "ok $point - $1"
	else
		echo "not ok $point - $1"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
	fi
}

refused() { # refused PATTERN ARGUMENT...
	pattern=$1
	shift
	"$lab" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 64 ] && [ ! -s "$tmp/out" ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] &&
		grep -q -e "$pattern" "$tmp/err" && grep -q -e '--help' "$tmp/err"
	verdict "egprlab $* is refused"
}

helps() { # helps PATTERN ARGUMENT...
	pattern=$1
	shift
	"$lab" "$@" >"$tmp/out" 2>"$tmp/err" && [ ! -s "$tmp/err" ] && grep -q -e "$pattern" "$tmp/out"
	verdict "egprlab $*"
}

refused 'no command'
refused "'nonsense'" nonsense
refused "'--nonsense'" --nonsense
refused "''" ''
refused 'one table' list
refused 'one table' list strategies exits
refused "'nonsense'" list nonsense
refused "'--nonsense'" list --nonsense
refused "'--json=3'" list --json=3 exits
refused "'--json=3': --json takes no value" list --json=3 exits
refused "'--l' is not unique: --layer, --launches" run --l prim --dry-run
refused "'--jsn' is not known" list --jsn exits
refused 'not a layer: prim, ring0' trace --strategy none --layer nonsense
refused "'nonsense' is not a context" cost --context nonsense results/reference/pvm-amd-epyc-proxy
helps 'usage: egprlab COMMAND' --help
helps '^egprlab ' --version

# Every command of the help text helps, and every line of it fits a terminal.
"$lab" --help | awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }' >"$tmp/commands"
[ -s "$tmp/commands" ]
verdict 'there are commands'
while read -r command; do
	helps "usage: egprlab $command" "$command" --help
	refused 'no-such-option' "$command" --no-such-option
done <"$tmp/commands"
for command in '' $(cat "$tmp/commands"); do
	# shellcheck disable=SC2086
	"$lab" $command --help
done | awk 'length > 100 { print }' >"$tmp/out"
: >"$tmp/err"
[ ! -s "$tmp/out" ]
verdict 'no line of a help text is longer than 100 characters'

# And so do the programs beside it, from their own heads, before they do anything.
for program in "$B/vmm-mini" scripts/* scripts/fleet/*; do
	case $program in scripts/probe) continue ;; esac # a part of the build
	if ! [ -f "$program" ] || ! [ -x "$program" ]; then
		continue
	fi
	timeout 5 "$program" --help >"$tmp/out" 2>"$tmp/err" </dev/null && [ ! -s "$tmp/err" ] && grep -q '^usage: ' "$tmp/out" &&
		[ "$(wc -l <"$tmp/out")" -gt 2 ] && ! grep -q '^set -' "$tmp/out"
	verdict "$program --help"
done

# What would run is nothing on a CPU that is not there.
"$lab" run --cpu 9999 --dry-run >"$tmp/out" 2>"$tmp/err"
[ $? -eq 64 ] && [ ! -s "$tmp/out" ] && grep -q 'CPU 9999 is not there' "$tmp/err"
verdict 'run --dry-run looks whether the CPU is there'
if "$lab" --help | grep -q '^  bench '; then
	helps 'prim/none/dirty/none-b' bench --filter '^prim/none/dirty/none-b' --benchmark_list_tests=true
fi

# What cannot be written is not a success.
"$lab" list strategies >/dev/full 2>"$tmp/err"
[ $? -eq 69 ] && grep -q 'standard output could not be written' "$tmp/err"
verdict 'output lost to a full disk ends with 69 and a word'
"$lab" list strategies >&- 2>"$tmp/err"
[ $? -eq 69 ] && grep -q 'standard output could not be written' "$tmp/err"
verdict 'and so does a closed standard output'
echo "1..$point"
