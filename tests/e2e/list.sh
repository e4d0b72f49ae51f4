#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# egprlab list prints the tables of include/egpr, and nothing else.
# seconds: 2
set -u
B=${B:-build}
lab=$B/egprlab
json=$B/tests/tools/json
point=0

# is WHAT COMMAND...: the command succeeds.
is() {
	what=$1
	shift
	point=$((point + 1))
	if "$@" >/dev/null 2>&1; then
		echo "ok $point - $what"
	else
		echo "not ok $point - $what"
	fi
}

# header MACRO FILE: the ids of an X-macro table, one per line.
header() {
	awk -v macro="$1" '
		$0 ~ "^#define " macro "\\(X\\)" { on = 1; next }
		on && /X\(/ { if (match($0, /"[a-z0-9-]+"/)) print substr($0, RSTART + 1, RLENGTH - 2) }
		on && !/\\$/ { exit }' "include/egpr/$2"
}

same() { # same TABLE MACRO FILE
	[ -n "$(header "$2" "$3")" ] &&
		[ "$(header "$2" "$3" | sed 's/^delay$/delay-N/')" = \
			"$($lab list "$1" --json | $json 'each/id')" ]
}

for table in strategies exits states layers contexts groups counters; do
	is "$table: an array" test "$($lab list $table --json | $json '#')" -gt 1
	is "$table: key id comes first" test "$($lab list $table --json | $json 'each/@' | sort -u)" = id
	is "$table: ids are unique" test "$($lab list $table --json | $json each/id | sort -u | wc -l)" -eq \
		"$($lab list $table --json | $json "#")"
	is "$table: text rows are the same ids" test "$($lab list $table | cut -d' ' -f1)" = \
		"$($lab list $table --json | $json 'each/id')"
done
is 'strategies are those of the header' same strategies EGPR_STRATEGIES strategy.h
is 'exits are those of the header' same exits EGPR_EXIT_KINDS exit_kind.h
is 'states are those of the header' same states EGPR_GUEST_STATES axis.h
is 'layers are those of the header' same layers EGPR_LAYERS axis.h
is 'contexts are those of the header' same contexts EGPR_CONTEXTS context.h
is 'groups are those of the header' same groups EGPR_GROUPS axis.h
is 'contexts say what they claim' test \
	"$($lab list contexts --json | $json 'each/finds_ten_cycles' | sort -u | tr '\n' ' ')" = 'false true '
is 'code-cold claims a margin of its own and no delay' sh -c "
	$lab list contexts --json | tr -d '\n\t' | grep -q '\"code-cold\"[^}]*\"aa_ticks\": *[1-9][0-9]*,[^}]*\"finds_ten_cycles\": *false'"
is 'code bytes are not constants: gated-mov loads and stores 16 registers' \
	test "$($lab list strategies --json | $json 'each/code/hw/exit_bytes' | sort -n | tail -n 1)" -gt 128
is "counters say whether they can be had" test \
	"$($lab list counters --json | $json each/available | grep -cx -e true -e false)" -eq \
	"$($lab list counters --json | $json "#")"
echo "1..$point"
