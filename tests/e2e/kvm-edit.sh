#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Editing a KVM's source: an imitation of it, of our own, is edited; one whose names have changed is refused
# by the name that is missing, and left as it was. And scripts/kvm-build says what it does not take.
# seconds: 3
# shellcheck disable=SC2016 # scripts of sh -c have their own arguments
set -u
. tests/e2e/tap.inc
B=${B:-build}

# imitate DIR: as much of KVM's source as is looked at, in our words.
imitate() {
	mkdir -p "$1/arch/x86/kvm/vmx" "$1/arch/x86/kvm/svm" "$1/virt/kvm"
	kvm=$1/arch/x86/kvm
	cat >"$kvm/vmx/vmenter.S" <<'ASM'
#include "kvm-asm-offsets.h"
SYM_FUNC_START(another)
	call vmx_update_host_rsp /* of another function */
	mov %_ASM_BX, %_ASM_AX
SYM_FUNC_END(another)
SYM_FUNC_START(__vmx_vcpu_run)
	push %_ASM_BX
	call vmx_update_host_rsp
	wrmsr
.Lspec_ctrl_done:
	UNWIND_HINT_SAVE
	vmresume
SYM_INNER_LABEL_ALIGN(vmx_vmexit, SYM_L_GLOBAL)
	UNWIND_HINT_RESTORE
.Lclear_regs:
	xor %r14d, %r14d
	xor %r15d, %r15d
#endif
	FILL_RETURN_BUFFER %_ASM_CX
	call vmx_spec_ctrl_restore_host
	/* mov %_ASM_BX, %_ASM_AX in a comment does not count */
	mov %_ASM_BX, %_ASM_AX
	RET
.Lvmfail:
	mov $1, %_ASM_BX
	jmp .Lclear_regs
SYM_FUNC_END(__vmx_vcpu_run)
ASM
	cat >"$kvm/svm/vmenter.S" <<'ASM'
#include "kvm-asm-offsets.h"
.macro RESTORE_GUEST_SPEC_CTRL
.endm
SYM_FUNC_START(__svm_vcpu_run)
	push %_ASM_BX
	push %_ASM_ARG1
	RESTORE_GUEST_SPEC_CTRL
3:	vmrun %_ASM_AX
	FILL_RETURN_BUFFER %_ASM_AX
	UNTRAIN_RET_VM
#ifdef CONFIG_X86_64
	xor %r15d, %r15d
#endif
	RET
SYM_FUNC_END(__svm_vcpu_run)
ASM
	cat >"$kvm/x86.c" <<'C'
#define pr_fmt(fmt) fmt
#include <linux/kvm_host.h>
void kvm_load_guest_xsave_state(struct kvm_vcpu *vcpu)
{
}
void kvm_load_host_xsave_state(struct kvm_vcpu *vcpu)
{
}
static int vcpu_enter_guest(struct kvm_vcpu *vcpu)
{
	for (;;) {
		another();
	}
	for (;;) {
		exit_fastpath = kvm_x86_call(vcpu_run)(vcpu, run_flags);
		if (likely(exit_fastpath)) {
			break;
		}
	}
	local_irq_enable();
}
static int __init kvm_x86_init(void)
{
	kvm_mmu_x86_module_init();
}
C
	cat >"$kvm/Makefile" <<'MAKE'
ccflags-y += -I $(srctree)/arch/x86/kvm
include $(srctree)/virt/kvm/Makefile.kvm
kvm-y += x86.o
MAKE
	cat >"$kvm/trace.h" <<'HEADER'
TRACE_EVENT(kvm_entry,
	TP_PROTO(struct kvm_vcpu *vcpu, bool force_immediate_exit),
#define TRACE_EVENT_KVM_EXIT(name)					     \
TRACE_EVENT(name,							     \
	TP_PROTO(struct kvm_vcpu *vcpu, u32 isa),			     \
TRACE_EVENT_KVM_EXIT(kvm_exit);
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH ../../arch/x86/kvm
HEADER
}

# newer DIR: the same with the macros that 7.3 has in place of lines and calls, and WRMSRNS with an immediate.
newer() {
	imitate "$1"
	sed -i -e 's/^void kvm_load_guest_xsave_state(.*/static void kvm_load_xfeatures(struct kvm_vcpu *vcpu, bool load_guest)/' \
		-e '/^void kvm_load_host/,/^}/d' "$kvm/x86.c"
	sed -i -e 's/spec_ctrl_done/spec_ctrl_guest_done/' -e 's/^.xor %r14d.*/	CLEAR_REGS %eax, %ecx/' \
		-e 's/^.xor %r15d.*/	CLEAR_REGS %r14d, %r15d/' -e 's/^.call vmx_spec_ctrl_restore_host/.Lspec_ctrl_host_done:/' \
		"$kvm/vmx/vmenter.S"
	sed -i -e 's/^#ifdef/	CLEAR_REGS %ecx, %edx\n&/' -e 's/^.xor %r15d.*/	CLEAR_REGS %r14d, %r15d/' "$kvm/svm/vmenter.S"
	cat >"$kvm/msrs.c" <<'C'
fastpath_t another(struct kvm_vcpu *vcpu, int reg)
{
	return kvm_register_read(vcpu, reg);
}
fastpath_t handle_fastpath_wrmsr_imm(struct kvm_vcpu *vcpu, u32 msr, int reg)
{
	return written(vcpu, msr, kvm_register_read(vcpu, reg));
}
C
	cat >"$kvm/vmx/vmx.c" <<'C'
#include <linux/kvm_host.h>
#include "vmx.h"
static void another(struct kvm_vcpu *vcpu)
{
	trace_kvm_exit(vcpu, KVM_ISA_VMX);
}
fastpath_t vmx_vcpu_run(struct kvm_vcpu *vcpu, u64 run_flags)
{
	trace_kvm_exit(vcpu, KVM_ISA_VMX);
	return EXIT_FASTPATH_NONE;
}
C
}

# host_state DIR: a source that has the place, and what of VMX writes the host's state.
host_state() {
	imitate "$1"
	kmod/kvm/edit "$1"
	cat >"$kvm/vmx/vmcs.h" <<'C'
struct vmcs_host_state {
	unsigned long cr4;
	unsigned long rsp;
};
struct another {
	unsigned long rsp;
};
C
	cat >"$kvm/vmx/nested.c" <<'C'
#include "vmx.h"
static int nested_vmx_check_vmentry_hw(struct kvm_vcpu *vcpu)
{
	if (cr4 != vmx->loaded_vmcs->host_state.cr4) {
		vmx->loaded_vmcs->host_state.cr4 = cr4;
	}
	vm_fail = __vmx_vcpu_run(vmx, regs, flags);
}
C
	cat >"$kvm/svm/svm.c" <<'C'
#include "svm.h"
static noinstr void svm_vcpu_enter_exit(struct kvm_vcpu *vcpu, bool spec_ctrl_intercepted)
{
	__svm_vcpu_run(svm, spec_ctrl_intercepted);
}
C
	cat >"$kvm/vmx/vmx.c" <<'C'
#include "vmx.h"
static noinstr void vmx_vcpu_enter_exit(struct kvm_vcpu *vcpu, unsigned int flags)
{
	vmx->fail = __vmx_vcpu_run(vmx, regs, flags);
}
void vmx_set_constant_host_state(struct vcpu_vmx *vmx)
{
	vmx->loaded_vmcs->host_state.cr4 = cr4;
	vmcs_writel(HOST_RIP, (unsigned long)vmx_vmexit); /* 22.2.5 */
}
fastpath_t vmx_vcpu_run(struct kvm_vcpu *vcpu, u64 run_flags)
{
	trace_kvm_entry(vcpu, force_immediate_exit);
	if (cr4 != vmx->loaded_vmcs->host_state.cr4) {
		vmcs_writel(HOST_CR4, cr4);
		vmx->loaded_vmcs->host_state.cr4 = cr4;
	}
	kvm_load_guest_xsave_state(vcpu);
	vmx_vcpu_enter_exit(vcpu, flags);
}
C
}

sum() { (cd "$1" && find . -type f | sort | xargs sha256sum); }
vmx=arch/x86/kvm/vmx/vmenter.S
svm=arch/x86/kvm/svm/vmenter.S

# line FILE REGEX: number of the only line that matches.
line() { grep -nE "$2" "$dir/whole/$1" | cut -d: -f1; }
ordered() { # ordered NUMBER...: each there, each greater than the last
	last=0
	for number; do
		[ -n "$number" ] && [ "$number" -gt "$last" ] || return 1
		last=$number
	done
}

imitate "$dir/whole"
check 'a source is edited' kmod/kvm/edit "$dir/whole"
check 'VMX: entry between HOST_RSP and SPEC_CTRL, exit between SPEC_CTRL and the return' ordered \
	"$(line $vmx '^SYM_FUNC_START\(__vmx_vcpu_run')" "$(line $vmx 'egpr_place_entry')" "$(line $vmx 'spec_ctrl_done:')" \
	"$(line $vmx 'vmx_vmexit')" "$(line $vmx '^.call vmx_spec_ctrl_restore_host')" "$(line $vmx 'egpr_place_exit')" "$(line $vmx '^.RET$')"
check 'or between the clears and the RSB' ordered \
	"$(line $vmx 'vmx_vmexit')" "$(line $vmx '^.xor %r15d')" "$(line $vmx 'egpr_place_early')" "$(line $vmx 'FILL_RETURN_BUFFER')"
check 'SVM: entry before SPEC_CTRL, exit behind the cleared registers' ordered \
	"$(line $svm 'push %_ASM_ARG1')" "$(line $svm 'egpr_place_entry')" "$(line $svm 'mov \(%_ASM_SP\), %_ASM_DI')" \
	"$(line $svm '^.RESTORE_GUEST_SPEC_CTRL')" "$(line $svm 'vmrun')" "$(line $svm '^#endif')" "$(line $svm 'egpr_place_exit')"
check 'or before the RSB is filled' ordered \
	"$(line $svm 'vmrun')" "$(line $svm 'egpr_place_early %_ASM_DI, %_ASM_BX ')" "$(line $svm 'FILL_RETURN_BUFFER')"
x86=arch/x86/kvm/x86.c
check 'the edges are those of the loop that runs the vCPU' ordered \
	"$(line $x86 'another')" "$(line $x86 'egpr_place_edge\(vcpu, true\)')" "$(line $x86 'vcpu_run')" \
	"$(line $x86 'egpr_place_edge\(vcpu, false\)')" "$(line $x86 'local_irq_enable')"
check 'and KVM tells when it switches XCR0' ordered \
	"$(line $x86 '^void kvm_load_guest_xsave_state')" "$(line $x86 'egpr_place_xcr0\(vcpu, true\)')" \
	"$(line $x86 '^void kvm_load_host_xsave_state')" "$(line $x86 'egpr_place_xcr0\(vcpu, false\)')"
check 'the other function is as it was' sh -c 'test "$(sed -n "/START(another)/,/END(another)/p" "$1" | wc -l)" -eq 4' - "$dir/whole/$vmx"
check 'it builds beside the headers' sh -c '! grep -q srctree "$1"/Makefile && grep -qx "kvm-y += egpr/place.o" "$1"/Makefile && grep -q "^#define TRACE_INCLUDE_PATH \. " "$1"/trace.h' - "$dir/whole/arch/x86/kvm"
before=$(sum "$dir/whole")
check 'edited once more' kmod/kvm/edit "$dir/whole"
check 'it is the same' test "$before" = "$(sum "$dir/whole")"

rm -rf "$dir/whole"
newer "$dir/whole"
check 'a source as 7.3 has it is edited' kmod/kvm/edit "$dir/whole"
check '7.3, VMX: the same order' ordered \
	"$(line $vmx '^SYM_FUNC_START\(__vmx_vcpu_run')" "$(line $vmx 'egpr_place_entry')" "$(line $vmx 'spec_ctrl_guest_done:')" \
	"$(line $vmx 'vmx_vmexit')" "$(line $vmx 'spec_ctrl_host_done:')" "$(line $vmx 'egpr_place_exit')" "$(line $vmx '^.RET$')"
check '7.3, SVM: the same order' ordered "$(line $svm 'egpr_place_entry')" "$(line $svm '^.RESTORE_GUEST_SPEC_CTRL')" \
	"$(line $svm 'vmrun')" "$(line $svm 'CLEAR_REGS %r14d')" "$(line $svm '^#endif')" "$(line $svm 'egpr_place_exit')"
check '7.3: the function that switches XCR0 tells which way' ordered \
	"$(line $x86 'kvm_load_xfeatures\(struct')" "$(line $x86 'egpr_place_xcr0\(vcpu, load_guest\)')"
check 'for a test build, the source of WRMSRNS too' kmod/kvm/edit-operand "$dir/whole"
check 'in its own function alone' test "$(grep -c 'egpr_read_operand(vcpu, reg, kvm_register_read(vcpu, reg))' "$dir/whole/arch/x86/kvm/msrs.c")" -eq 1
in_vmx=arch/x86/kvm/vmx/vmx.c
check 'and an exit is completed behind the guest, before anything looks' ordered "$(line $in_vmx 'include "egpr/immediate.h"')" \
	"$(line $in_vmx '^fastpath_t vmx_vcpu_run')" "$(line $in_vmx 'egpr_immediate_exit\(vcpu\);')" "$(line $in_vmx 'return EXIT')"
before=$(sum "$dir/whole")
check 'once more' kmod/kvm/edit-operand "$dir/whole"
check 'it is the same again' test "$before" = "$(sum "$dir/whole")"

rm -rf "$dir/whole"
host_state "$dir/whole"
check 'HOST_RIP is edited in' kmod/kvm/edit-host-rip "$dir/whole"
check 'its label falls into vmx_vmexit' ordered "$(line $vmx 'UNWIND_HINT_SAVE')" "$(line $vmx 'egpr_place_vmexit_apx')" \
	"$(line $vmx '^SYM_INNER_LABEL_ALIGN\(vmx_vmexit')"
check 'an entry that fails has its own half, before the registers are cleared' ordered "$(line $vmx '^\.Lvmfail')" \
	"$(line $vmx 'egpr_place_vmfail')" "$(line $vmx 'jmp .Lclear_regs')"
check 'what HOST_RIP is first is remembered' ordered "$(line $in_vmx 'vmcs_writel\(HOST_RIP')" "$(line $in_vmx 'egpr_flags = 0')"
check 'and compared behind kvm_entry, before the guest runs' ordered "$(line $in_vmx 'trace_kvm_entry')" \
	"$(line $in_vmx 'vmcs_writel\(HOST_CR4')" "$(line $in_vmx 'egpr_host_rip\(')" "$(line $in_vmx 'vmx_vcpu_enter_exit\(vcpu')"
check 'where a nested VMCS is tried, too' ordered "$(line arch/x86/kvm/vmx/nested.c 'egpr_host_rip\(')" \
	"$(line arch/x86/kvm/vmx/nested.c '__vmx_vcpu_run')"
in_svm=arch/x86/kvm/svm/svm.c
copied() { sed -n "/^SYM_FUNC_START($1)/,/^SYM_FUNC_END($1)/p" "$dir/whole/$svm"; }
no_half() { ! copied __svm_vcpu_run | grep egpr_place && copied __svm_vcpu_run | grep -q vmrun; }
check "SVM: KVM's own function has no half" no_half
check 'its copy has both' sh -c 'test "$(echo "$1" | grep -oE "egpr_place_(entry|exit)_apx|vmrun" | tr "\n" " ")" = "egpr_place_entry_apx vmrun egpr_place_exit_apx "' - "$(copied egpr_svm_vcpu_run_apx)"
check 'and one of them is called' sh -c 'test "$(grep -c "egpr_svm_vcpu_run(svm, spec_ctrl_intercepted);" "$1")" -eq 1 && ! grep -q "[^m]__svm_vcpu_run" "$1"' - "$dir/whole/$in_svm"
check 'HOST_RIP is part of the state of one VMCS' ordered "$(line arch/x86/kvm/vmx/vmcs.h 'u32 egpr_flags')" \
	"$(line arch/x86/kvm/vmx/vmcs.h '^struct another')"
before=$(sum "$dir/whole")
check 'HOST_RIP once more' kmod/kvm/edit-host-rip "$dir/whole"
check 'it is the same' test "$before" = "$(sum "$dir/whole")"

make_source=imitate edit=kmod/kvm/edit
# refused WHAT FILE SED PATTERN: after SED on FILE the edit is refused with PATTERN, and nothing is changed.
refused() {
	rm -rf "$dir/other"
	$make_source "$dir/other"
	sed -i "$3" "$dir/other/$2"
	before=$(sum "$dir/other")
	$edit "$dir/other" >"$dir/said" 2>&1
	status=$?
	n=$((n + 1))
	if [ $status -eq 65 ] && grep -qE "$4" "$dir/said" && grep -q '^fix: ' "$dir/said" && [ "$before" = "$(sum "$dir/other")" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1 (status $status)"
		sed 's/^/# /' "$dir/said"
	fi
}
refused 'a renamed label' $vmx 's/vmx_vmexit/vmx_exited/' "vmx/vmenter.S: anchor 'label vmx_vmexit' in __vmx_vcpu_run is missing"
refused 'a renamed function' $svm 's/__svm_vcpu_run/__svm_run/' 'svm/vmenter.S: function __svm_vcpu_run is not there once'
refused 'an anchor that is there twice' $vmx 's/^.call vmx_update_host_rsp$/&\n&/' "anchor 'call vmx_update_host_rsp' in __vmx_vcpu_run is ambiguous: lines 8 9"
refused 'a macro that is gone' $svm 's/^.RESTORE_GUEST_SPEC_CTRL//' "anchor 'RESTORE_GUEST_SPEC_CTRL' in __svm_vcpu_run is missing"
refused 'a return value before the barrier' $vmx '/call vmx_spec_ctrl_restore_host/d; s/^.RET/	call vmx_spec_ctrl_restore_host\n&/' 'the return value is set before SPEC_CTRL is restored'
refused 'another word last on the stack' $svm 's/^.push %_ASM_ARG1/&\n	push %_ASM_ARG2/' "the last push .* is 'push %_ASM_ARG2'"
refused 'registers cleared before UNTRAIN_RET' $svm '/UNTRAIN/d; s/^.RET/	UNTRAIN_RET\n&/' 'cleared before UNTRAIN_RET'
refused 'a tracepoint of another prototype' arch/x86/kvm/trace.h 's/struct kvm_vcpu \*vcpu, bool/unsigned int vcpu_id, bool/' 'first argument of tracepoint kvm_entry'
refused 'a start of kvm.ko that is another' arch/x86/kvm/x86.c 's/kvm_mmu_x86_module_init/kvm_mmu_start/' "anchor 'call of kvm_mmu_x86_module_init' is missing"
refused 'no loop around the call of vcpu_run' $x86 's/for (;;)/while (1)/' "no 'for \(;;\) \{' stands before the call of vcpu_run"
refused 'a switch of XCR0 of another name' $x86 's/kvm_load_host_xsave_state/kvm_load_host/' "anchor 'kvm_load_host_xsave_state' is missing"
refused 'an RSB that is filled elsewhere' $vmx '/FILL_RETURN/d' "anchor 'FILL_RETURN_BUFFER' in __vmx_vcpu_run is missing"
refused 'a Makefile without virt/kvm' arch/x86/kvm/Makefile '/Makefile.kvm/d' "anchor 'include of Makefile.kvm' is missing"

make_source=newer
refused '7.3: a renamed label behind the exit' $vmx 's/spec_ctrl_host_done/spec_ctrl_restored/' "anchor 'call vmx_spec_ctrl_restore_host' in __vmx_vcpu_run is missing"
refused '7.3: two clears of r15' $svm 's/^.CLEAR_REGS %r14d.*/&\n&/' "anchor 'clear of r15' in __svm_vcpu_run is ambiguous"
edit=kmod/kvm/edit-operand
refused 'an operand before the place' arch/x86/kvm/msrs.c '' 'has not edited this source'
edited() { newer "$1" && kmod/kvm/edit "$1"; }
make_source=edited
refused 'a KVM without WRMSRNS with an immediate' arch/x86/kvm/msrs.c s/wrmsr_imm/wrmsr_now/ 'function handle_fastpath_wrmsr_imm is not defined once'
refused 'one that reads it otherwise' arch/x86/kvm/msrs.c s/kvm_register_read/kvm_gpr_read/ 'in handle_fastpath_wrmsr_imm is not there once'
refused 'an exit that is told otherwise' $in_vmx 's/trace_kvm_exit/trace_kvm_left/' 'in vmx_vcpu_run is not there once'
refused 'includes behind it' $in_vmx '$a#include "late.h"' 'its includes do not stand before vmx_vcpu_run'
make_source=host_state edit=kmod/kvm/edit-host-rip
refused 'HOST_RIP: a renamed label of an entry that fails' $vmx 's/Lvmfail/Lfailed/' "vmx/vmenter.S: anchor 'label .Lvmfail' is missing"
refused 'HOST_RIP: an entry that fails goes on elsewhere' $vmx 's/jmp .Lclear_regs/jmp .Lout/' "anchor 'jump to .Lclear_regs' is missing"
refused 'HOST_RIP: the unwind state saved elsewhere' $vmx '/UNWIND_HINT_SAVE/d' "anchor 'UNWIND_HINT_SAVE' is missing"
refused 'HOST_RIP: another comparison of HOST_CR4' $in_vmx 's/host_state.cr4 = cr4/host_cr4 = cr4/' "anchor 'host_state.cr4 = cr4 in vmx_vcpu_run' is missing"
refused 'HOST_RIP: a renamed function' $in_vmx 's/^fastpath_t vmx_vcpu_run/fastpath_t vmx_run/' "vmx_vcpu_run.* is not there once"
refused 'HOST_RIP: another label in it' $in_vmx 's/vmx_vmexit); /vmx_exited); /' "anchor 'vmx_vmexit in HOST_RIP' is missing"
refused 'HOST_RIP: written in two places' $in_vmx 's/^..vmcs_writel(HOST_CR4.*/	vmcs_writel(HOST_RIP, another);/' "anchor 'write of HOST_RIP' is ambiguous"
refused 'HOST_RIP: the context noted later' $in_vmx '/trace_kvm_entry/d; s/^.kvm_load_guest.*/	trace_kvm_entry(vcpu, force_immediate_exit);/' 'compared before trace_kvm_entry'
refused 'HOST_RIP: entered from elsewhere' arch/x86/kvm/vmx/nested.c 's/nested_vmx_check_vmentry_hw/nested_vmx_try/' 'vmx/nested.c: __vmx_vcpu_run is called there too'
refused 'HOST_RIP: another field of the host state' arch/x86/kvm/vmx/vmcs.h 's/unsigned long rsp/u64 rsp/' "anchor 'rsp in struct vmcs_host_state' is missing"
refused 'SVM: a function with a label that a copy would have twice' $svm 's/^3:.*/.Lrun:\n&/' 'has labels with names, which a copy would have twice'
refused 'SVM: called otherwise' $in_svm 's/__svm_vcpu_run(/__svm_run(/' "svm/svm.c: anchor 'call of __svm_vcpu_run' is missing"
host_rip_early() {
	host_state "$1"
	sed -i '/egpr\/place.o/d' "$kvm/Makefile"
}
make_source=host_rip_early
refused 'HOST_RIP before the place' $vmx '' 'has not edited this source'
cp "$dir/other/$vmx" "$dir/vmx"
imitate "$dir/half"
cp "$dir/whole/$vmx" "$dir/half/$vmx"
kmod/kvm/edit "$dir/half" >"$dir/said" 2>&1
check 'a source that is half edited is refused' test $? -eq 65
check 'and told from a whole one' grep -q '1 of 5 files are edited already' "$dir/said"

# The option egpr_uabi, on a source with nothing but the place.
rm -rf "$dir/whole"
imitate "$dir/whole"
kmod/kvm/edit "$dir/whole"
uabi() { # uabi DIR: the edited source, and what it calls of the FPU code
	rm -rf "$1"
	cp -r "$dir/whole" "$1"
	cat >>"$1/$x86" <<'C'
#define CREATE_TRACE_POINTS
	if (!fpu_alloc_guest_fpstate(&vcpu->arch.guest_fpu))
	fpu_free_guest_fpstate(&vcpu->arch.guest_fpu);
	fpu_copy_guest_fpstate_to_uabi(&vcpu->arch.guest_fpu, state, size, pkru);
	return fpu_copy_uabi_to_guest_fpstate(&vcpu->arch.guest_fpu,
C
}
uabi "$dir/uabi"
check 'egpr_uabi is edited in' kmod/kvm/edit-uabi "$dir/uabi"
check 'in front of the trace points, and built' sh -c '
	grep -B 1 -x "#define CREATE_TRACE_POINTS" "$1/x86.c" | grep -q "^#include \"egpr/uabi.h\"" && grep -qx "kvm-y += egpr/uabi.o" "$1/Makefile"' - "$dir/uabi/arch/x86/kvm"
before=$(sum "$dir/uabi")
kmod/kvm/edit-uabi "$dir/uabi"
check 'once more, and it is the same' test "$before" = "$(sum "$dir/uabi")"
# uabi_refused WHAT SED PATTERN
uabi_refused() {
	uabi "$dir/uabi"
	sed -i "$2" "$dir/uabi/$x86"
	before=$(sum "$dir/uabi")
	kmod/kvm/edit-uabi "$dir/uabi" >"$dir/said" 2>&1
	check "$1: refused" test $? -eq 65
	check 'with its name, and left as it was' sh -c 'grep -q "$1" "$2" && [ "$3" = "$4" ]' - "$3" "$dir/said" "$before" "$(sum "$dir/uabi")"
}
uabi_refused 'no trace points' '/CREATE_TRACE/d' "anchor '#define CREATE_TRACE_POINTS' is not there once"
uabi_refused 'a call more' '$afpu_alloc_guest_fpstate(another);' "fpu_alloc_guest_fpstate is called in another way too"
uabi_refused 'another first argument' 's/uabi_to_guest_fpstate(&vcpu->arch.guest_fpu/uabi_to_guest_fpstate(\&vcpu->fpu/' "call 'fpu_copy_uabi_to_guest_fpstate(&vcpu->arch.guest_fpu' is missing"

# The builder's own refusals, before it fetches or compiles anything.
builder() { # builder STATUS PATTERN ARGUMENTS...
	status=$1 pattern=$2
	shift 2
	scripts/kvm-build "$@" >"$dir/said" 2>&1
	test $? -eq "$status" && grep -q "$pattern" "$dir/said"
}
check 'no such strategy' builder 64 "there is no strategy 'no-such'" --inline no-such 6.12.0-none
check 'a call may not stand before the barriers' builder 64 'would stand before the barriers' --early 6.12.0-none
check 'HOST_RIP is for dual' builder 64 'only dual is written for that' --inline gated-mov --host-rip 6.12.0-none
check 'and for no stand-ins' builder 64 "are the guest's at the label in HOST_RIP" --inline dual --host-rip 6.12.0-none
check 'and stands in one place' builder 64 'each say where the exit half stands' --inline dual --host-rip --early 6.12.0-none
check 'no such option' builder 64 '^usage: ' --frob
check 'a kernel that is not known' builder 69 'no package linux-headers-0.0.0-none is known here' 0.0.0-none
check 'its help' builder 0 'never in the module directory' --help

# Where the layer cannot run, it says why.
"$B/egprlab" run --dry-run --layer vmenter --profile smoke --provenance proxy >"$dir/dry" 2>&1
check 'a run says why layer vmenter cannot run here, or what it would run' grep -qE \
	'vmenter/[a-z-]*/[a-z]*: .*(scripts/kvm-build|neither VMX nor SVM|cannot be unloaded|does not load|in use)| s  vmenter/' "$dir/dry"
echo "1..$n"
