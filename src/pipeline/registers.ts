/**
 * What the registers hold. Table 0 writes the first two (a packet's identity), the lookups write the third, and the
 * guard compares all of them before anything leaves a VM port. Nothing else may use a register: a test checks that the
 * ranges fit and do not overlap.
 */
import type { FieldName } from 'ts-openflow';

export interface Register {
  /** The field that holds it, as ovs-fields(7) names it. */
  readonly field: FieldName;
  /** First bit and width. */
  readonly bits: readonly [start: number, width: number];
  readonly means: string;
}

export const REGISTERS = {
  reg_network: {
    field: 'reg0',
    bits: [0, 32],
    means: 'the tunnel key of the network the packet belongs to; 0 before the packet has an identity',
  },
  reg_in: {
    field: 'reg1',
    bits: [0, 32],
    means: 'ofport of the VM port the packet came from; 0 when it came by tunnel',
  },
  reg_out: {
    field: 'reg2',
    bits: [0, 32],
    means: 'ofport of the VM port the packet shall leave by; the guard checks it',
  },
  reg_gateway: {
    field: 'reg3',
    bits: [0, 32],
    means: 'ofport of the tunnel to the gateway in use, for networks that are joined to a VLAN',
  },
} as const satisfies Record<string, Register>;

/** The field behind each register, for matches and actions. */
export const reg_network = REGISTERS.reg_network.field;
export const reg_in = REGISTERS.reg_in.field;
export const reg_out = REGISTERS.reg_out.field;
export const reg_gateway = REGISTERS.reg_gateway.field;
