#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The models of docs/models say what they are known to say: verdicts by family of strategy, the two
# interleavings of the XFD post, every planted fault red, and a new row of the table in the model.
# seconds: 10
set -u

cd "$(dirname "$0")/../.." || exit 70
B=${B:-build}
if ! command -v spin >/dev/null 2>&1; then
	echo '1..0 # SKIP spin is not installed (scripts/deps check)'
	exit 0
fi
. tests/e2e/tap.inc

run() { docs/models/run --quiet --out "$dir" "$@"; }

# answer FILE ASSUMPTION STRATEGY PROPERTY FIELD: verdict (7), steps (8) or trace (10).
answer() {
	awk -F, -v a="$2" -v s="$3" -v p="$4" -v field="$5" '
	$3 == a && $4 == s && $6 == p {
		print field == 10 ? substr($0, index($0, "\"")) : $field
	}' "$dir/$1.csv"
}

# violated FILE ASSUMPTION STRATEGY PROPERTY PATTERN: and the way there says PATTERN.
violated() {
	[ "$(answer "$1" "$2" "$3" "$4" 7)" = violated ] && answer "$1" "$2" "$3" "$4" 10 | grep -q "$5"
}

holds() { [ "$(answer "$1" "$2" "$3" "$4" 7)" = holds ]; }

# What each family cannot do, by assumption; what is not named here must hold. The witness, that
# the model gets everywhere, is out of reach only where every path through it ends in a fault.
expected() {
	cat <<'TABLE'
quiet base guest-kept cleared operand
quiet live cleared
quiet outer cleared operand
sample base guest-kept guest-leak cleared operand
sample uncond guest-leak
sample gated guest-leak
sample xsave guest-leak
sample live guest-leak cleared
sample outer guest-leak cleared operand
mapxf base ud guest-kept cleared host-leak operand unreached
mapxf uncond ud
mapxf gated ud unreached
mapxf xsave ud unreached
mapxf live ud guest-kept cleared host-leak operand unreached
mapxf outer ud guest-kept cleared host-leak operand unreached
mapxf-c base ud guest-kept cleared host-leak operand unreached
mapxf-c gated ud unreached
mapxf-c xsave ud unreached
mapxf-c live ud guest-kept cleared host-leak operand unreached
mapxf-c outer ud guest-kept cleared host-leak operand unreached
fpu base guest-kept cleared operand
fpu live guest-kept cleared operand
fpu outer cleared operand
TABLE
}

# as_expected FILE: prints the rows that are not.
as_expected() {
	expected | awk -F, '
	NR == FNR {
		n = split($0, word, " ")
		for (i = 3; i <= n; i++)
			fails[word[1], word[2], word[i]] = 1
		next
	}
	FNR > 1 {
		family = $5 == "delay" ? "base" : $5
		want = ($3, family, $6) in fails ? "violated" : "holds"
		if ($6 == "witness")
			want = ($3, family, "unreached") in fails ? "unreached" : "reached"
		rows++
		if ($7 != want) {
			print $4 ", " $3 ", " $6 ": " $7 ", not " want
			bad = 1
		}
	}
	END { exit bad || !rows }' - "$dir/$1.csv"
}

# What the build has asked is not asked again: it is the same runner on the same sources.
# asked NAME ARGUMENT...
asked() {
	name=$1
	shift
	if [ -f "$B/docs/models/answers/$name.csv" ]; then
		cp "$B/docs/models/answers/$name.csv" "$dir"
	else
		run "$@"
	fi
}

check 'egpr: all is asked' asked egpr --model egpr
check 'egpr: the verdicts are those of the family' as_expected egpr
"$B/egprlab" list strategies --json | "$B/tests/tools/json" each/id | sed '/^kvm-own$/d; s/-N$//' | sort >"$dir/ids"
check 'egpr: every strategy of the lab'"'"'s in the table was asked' sh -c "
	cut -d, -f 4 '$dir/egpr.csv' | sed 1d | sort -u | diff '$dir/ids' -"
check 'egpr: at least 9 properties under 5 assumptions' sh -c "
	[ \$(grep -c ',gated-mov,' '$dir/egpr.csv') -ge 50 ]"
check 'egpr: up to Linux 6.18 the same' run --model egpr --mutant XCR0_INSIDE_LOOP --assumption quiet
check 'egpr: up to Linux 6.18 the same verdicts' as_expected egpr-XCR0_INSIDE_LOOP

# planted MODEL MUTANT ASSUMPTION PROPERTIES STRATEGIES: asks a model with a fault in it.
planted() {
	echo "$2" >>"$dir/planted"
	strategies=${5:+--strategy $5}
	# shellcheck disable=SC2086
	check "$1 -D$2: asked" run --model "$1" --mutant "$2" --assumption "$3" --property "$4" $strategies
}

# red MODEL MUTANT ASSUMPTION STRATEGY PROPERTY PATTERN: it fails, and by that way.
red() { check "$1 -D$2: $4 loses $5" violated "$1-$2" "$3" "$4" "$5" "$6"; }

planted egpr XCR0_LATE quiet gp,guest-leak gated-mov,live
red egpr XCR0_LATE quiet gated-mov gp 'preemption: another task runs; XRSTOR of an fpstate'
red egpr XCR0_LATE quiet live guest-leak 'another task runs with guest values'
planted egpr UNGATED quiet ud,gp gated-mov,xsave
red egpr UNGATED quiet gated-mov ud 'entry half: a load of r16..r31'
red egpr UNGATED quiet xsave gp 'entry half: XRSTOR: XSTATE_BV\[19\]=1 and XCR0\[19\]=0: #GP'
planted egpr GATE_INVERTED quiet ud gated-mov
red egpr GATE_INVERTED quiet gated-mov ud 'exit half: a store'
planted egpr NO_CLEAR quiet cleared gated-mov
red egpr NO_CLEAR quiet gated-mov cleared 'exit half: stores; vmx_vcpu_enter_exit: C code'
planted egpr VMFAIL_BEFORE_LOAD quiet guest-kept gated-mov
red egpr VMFAIL_BEFORE_LOAD quiet gated-mov guest-kept 'VM-fail before the entry half; exit half: stores'
planted egpr DUAL_STALE quiet ud dual
red egpr DUAL_STALE quiet dual ud '#UD'
planted egpr BV_IGNORED quiet operand xsavec
red egpr BV_IGNORED quiet xsavec operand 'initial state by XRSTOR'
planted egpr NO_FPU_GET quiet operand live
red egpr NO_FPU_GET quiet live operand "preemption: another task runs; the exit's handler reads"
planted egpr MC_SCHEDULES quiet gp gated-mov
red egpr MC_SCHEDULES quiet gated-mov gp '#MC: its handler calls schedule'
planted egpr KVM_XCR0_TOO quiet ud uncond-mov
red egpr KVM_XCR0_TOO quiet uncond-mov ud 'entry half: a load of r16..r31'
planted egpr NO_ENTRY_XSETBV quiet guest-xcr0 uncond-mov
red egpr NO_ENTRY_XSETBV quiet uncond-mov guest-xcr0 'another XCR0 than its own'
planted egpr NO_FPU_SWAP quiet host-kept gated-mov
red egpr NO_FPU_SWAP quiet gated-mov host-kept 'user mode of the thread runs without its own'
planted egpr RESTORE_OWN_MASK quiet host-leak none
red egpr RESTORE_OWN_MASK quiet none host-leak 'the guest finds host values'

check 'xfd: all is asked' asked xfd --model xfd
check 'xfd: with the fix no XRSTOR raises #NM' holds xfd run - nm
check 'xfd: nor behind KVM_SET_XSAVE' holds xfd set-xsave - nm
check 'xfd: behind KVM_SET_MSRS one does' violated xfd set-msrs - nm 'fpstate->xfd\[18\]=1, not in the CPU; KVM_RUN.*#NM'
for assumption in run set-xsave set-msrs; do
	check "xfd: $assumption: the guest has its own XFD" holds xfd $assumption - guest-xfd
	check "xfd: $assumption: tile data stay while XFD stays 0" holds xfd $assumption - kept
	check "xfd: $assumption: tile data need not survive XFD=1" violated xfd $assumption - kept-off 'guest reads its tile data'
	check "xfd: $assumption: the model gets everywhere" [ "$(answer xfd $assumption - witness 7)" = reached ]
done

# The two interleavings, in the words of the post.
first='XSAVE stores XSTATE_BV\[18\]=1;.*: XFD\[18\]=1;.*#NM'
second=': XFD\[18\]=1; interrupt: kernel_fpu_begin: XSAVE stores XSTATE_BV\[18\]=0'
planted xfd NO_FIX run nm,kept-off
red xfd NO_FIX run - nm "$first"
red xfd NO_FIX run - kept-off "$second"
answer xfd-NO_FIX run - kept-off 10 >"$dir/second"
check 'xfd -DNO_FIX: the second interleaving raises no #NM' sh -c "[ -s '$dir/second' ] && ! grep -q '#NM' '$dir/second'"
planted xfd FIX_ONLY_SET_XSAVE run nm
red xfd FIX_ONLY_SET_XSAVE run - nm "$first"
planted xfd FIX_ONLY_UPDATE set-xsave nm
red xfd FIX_ONLY_UPDATE set-xsave - nm 'KVM_SET_XSAVE with XSTATE_BV\[18\]=1; KVM_RUN'
planted xfd FIX_INVERTED run nm
red xfd FIX_INVERTED run - nm "$first"
planted xfd IRQ_IN_FPREGS_LOCK run nm
red xfd IRQ_IN_FPREGS_LOCK run - nm 'fpregs_lock; interrupt: kernel_fpu_begin'
planted xfd SYNC_LATE run guest-xfd
red xfd SYNC_LATE run - guest-xfd 'preemption.*; VM exit: fpu_sync_guest_vmexit_xfd_state'
planted xfd NO_SWITCH_FPU_RETURN run kept
red xfd NO_SWITCH_FPU_RETURN run - kept 'guest reads its tile data'

check 'every switch of the models was seen red' sh -c "
	sed -n 's/^ \* -D\([A-Z0-9_]*\)\t.*/\1/p' docs/models/*.pml | sort -u >'$dir/switches'
	echo XCR0_INSIDE_LOOP | sort -u '$dir/planted' - | diff '$dir/switches' -"
cat "$dir"/*.csv >>"$dir/all"
check 'every property was seen red' sh -c "
	sed -n 's|^#define P_[A-Z0-9_]* [0-9]* /\* \([a-z0-9-]*\): .*|\1|p' docs/models/*.pml | sort -u >'$dir/properties'
	awk -F, '\$7 == \"violated\" || \$7 == \"reached\" { print \$6 }' '$dir/all' | sort -u | diff '$dir/properties' -"

# generator NAME ROW: strategies from a table with one row more.
generator() {
	mkdir -p "$dir/$1/egpr"
	awk -v row="$2" '{ print } /^#define EGPR_STRATEGIES\(X\)/ { print "\t" row "\t\\" }' \
		include/egpr/strategy.h >"$dir/$1/egpr/strategy.h"
	"${CC:-gcc}" -std=gnu11 -I"$dir/$1" -Iinclude -I"$B/include" docs/models/strategies.c -o "$dir/$1/strategies"
}

check 'a row more compiles' generator bare 'X(bare, "bare", UNCOND, REGS, 0, "stores", "loads", "planted")'
check 'a row more is in the model' run --model egpr --strategies "$dir/bare/strategies" --strategy bare --assumption quiet
check 'uncond without XSETBV raises #UD' violated egpr quiet bare ud 'with XCR0\[19\]=0: #UD'
# refused NAME ROW REASON
refused() {
	generator "$1" "$2" && ! "$dir/$1/strategies" >"$dir/said" 2>&1 && cat "$dir/said" && grep -q "^strategies: odd .*: $3" "$dir/said"
}
check 'a home without steps is refused by name' refused home \
	'X(odd, "odd", LIVE, XSAVE, 0, "", "", "planted")' 'its family has no steps for that home'
check 'a flag without steps is refused by name' refused flag \
	'X(odd, "odd", GATED, REGS, EGPR_BIND_OUTER, "", "", "planted")' 'its family has no steps for one of its flags'
check 'a flag that steps follow from is missed by name' refused missing \
	'X(odd, "odd", OUTER, REGS, 0, "", "", "planted")' 'a flag is missing'

docs/models/run --out "$dir" --model egpr --strategy outer --assumption quiet --property operand,ud >"$dir/lines"
check 'a line per question, with the way' grep -q '^egpr outer quiet operand: violated in [0-9]* steps: .*; handle_fastpath_wrmsr' "$dir/lines"
check 'or with the number of states' grep -q '^egpr outer quiet ud: holds, [0-9][0-9]* states$' "$dir/lines"
check 'behind what is assumed' grep -q '^# assuming quiet: NMI and #MC handlers' "$dir/lines"

# status WANT WORD ARGUMENT...: run's exit status, and what it says.
status() {
	want=$1
	word=$2
	shift 2
	run "$@" >"$dir/said" 2>&1
	[ $? -eq "$want" ] && grep -q -- "$word" "$dir/said"
}
check 'a mutant that no model knows is a usage error' status 64 -DNONESUCH --model xfd --mutant NONESUCH
check 'so is a strategy that is not there' status 64 nonesuch --model egpr --strategy nonesuch
printf '#!/bin/sh\n[ $# -gt 0 ] && echo "0 stuck base parts" && exit\necho "inline set_strategy() { strategy == 1 }"\n' >"$dir/stuck"
chmod +x "$dir/stuck"
check 'a model that is stuck gives no verdict' status 70 'no answer: pan:1: ' \
	--model egpr --strategies "$dir/stuck" --assumption quiet
mkdir "$dir/bin"
ln -s "$(command -v dirname)" "$(command -v grep)" "$dir/bin"
check 'without spin it says what to install' env PATH="$dir/bin" /bin/sh -c '
	docs/models/run --model xfd 2>&1 | grep -q "no spin here: scripts/deps check"'
echo "1..$n"
