/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CPU tells of an exit by RDMSR or WRMSRNS with an immediate, where an emulator does not: see edit-operand.
 *
 * Bochs 3.0 executes both (FEATURES=msr_imm), and leaves the guest for them as for RDMSR and WRMSR: by 31 and 32, which
 * say nothing of MSR and register. Both stand in the instruction. Here such an exit becomes 84 or 85, with the MSR
 * in the exit qualification and the register in the instruction information (SDM vol. 3, tables of chapter 29),
 * before anything of KVM's looks. All that follows is KVM's own.
 */
#ifndef KMOD_KVM_IMMEDIATE_H
#define KMOD_KVM_IMMEDIATE_H

#include <linux/unaligned.h>

#define EGPR_VEX_MAP	   0x1f
#define EGPR_VEX_NOT_B	   0x20
#define EGPR_REGISTER_FORM 0xc0

/* C4, RXB and map 7, W0 vvvv=1111b L0 and F3 (write) or F2 (read), F6, ModRM /0 in register form, the MSR. */
struct egpr_immediate {
	u8 vex3, map, prefix, opcode, modrm;
	u8 msr[4];
};

/* Behind VM exit, interrupts off. Any other exit stays what it is. */
static inline void egpr_immediate_exit(struct kvm_vcpu *vcpu)
{
	struct vcpu_vmx *vmx = to_vmx(vcpu);
	u16 basic = vmx->vt.exit_reason.basic;
	bool write = basic == EXIT_REASON_MSR_WRITE;
	struct egpr_immediate text;
	u32 reg;
	gpa_t at;

	if ((!write && basic != EXIT_REASON_MSR_READ) || is_guest_mode(vcpu) ||
	    vmcs_read32(VM_EXIT_INSTRUCTION_LEN) != sizeof(text) ||
	    !(vmcs_config.misc & VMX_MISC_VMWRITE_SHADOW_RO_FIELDS))
		return;
	at = kvm_mmu_gva_to_gpa_read(vcpu, kvm_rip_read(vcpu), NULL);
	if (at == INVALID_GPA || kvm_vcpu_read_guest_atomic(vcpu, at, &text, sizeof(text)) ||
	    text.vex3 != 0xc4 || (text.map & EGPR_VEX_MAP) != 7 ||
	    text.prefix != (write ? 0x7a : 0x7b) || text.opcode != 0xf6 ||
	    (text.modrm & ~7) != EGPR_REGISTER_FORM)
		return;
	reg = (text.modrm & 7) | (text.map & EGPR_VEX_NOT_B ? 0 : 8);
	vmcs_writel(EXIT_QUALIFICATION, get_unaligned_le32(text.msr));
	vmcs_write32(VMX_INSTRUCTION_INFO, reg << 3);
	vmx->vt.exit_reason.basic = write ? EXIT_REASON_MSR_WRITE_IMM : EXIT_REASON_MSR_READ_IMM;
	/* The lab's probe reads it there. */
	vmcs_write32(VM_EXIT_REASON, vmx->vt.exit_reason.full);
}

#endif /* KMOD_KVM_IMMEDIATE_H */
