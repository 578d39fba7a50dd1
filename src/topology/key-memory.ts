/**
 * What is remembered of tunnel keys between runs: which network has which, and which keys rest after their network gave
 * them up. A key rests so that a host that was away meanwhile, with old flows, cannot take packets of its new network
 * for those of the old one.
 */
import { z } from 'zod';
import type { Encapsulation } from './model.js';

export interface KeyMemory {
  readonly version: 1;
  /** By network path (`TENANT/NETWORK`), given and allocated keys alike; `TENANT/NETWORK vlan`: its VLAN half's id. */
  readonly keys: { readonly [path: string]: HeldKey };
  readonly quarantine: readonly RestingKey[];
}

export interface HeldKey {
  readonly key: number;
  readonly encapsulation: Encapsulation;
  /** Where a VLAN id is the network's (zones.ts), sorted; absent: everywhere. */
  readonly zones?: readonly string[] | undefined;
}

export interface RestingKey extends HeldKey {
  /** The network that had it. */
  readonly path: string;
  /** Milliseconds since 1970; from then on the key is free. */
  readonly until: number;
}

export const EMPTY_MEMORY: KeyMemory = { version: 1, keys: {}, quarantine: [] };

const held = {
  key: z.int().min(1).max(0xffffffff),
  encapsulation: z.enum(['geneve', 'vxlan', 'gre', 'nvgre', 'vlan', 'ip-tunnel']),
  zones: z.array(z.string()).optional(),
};
const networkPath = z.string().regex(/^[^/]+\/[^/]+$/);

const MEMORY = z.strictObject({
  version: z.literal(1),
  keys: z.record(networkPath, z.strictObject(held)),
  quarantine: z.array(z.strictObject({ ...held, path: networkPath, until: z.number() })),
});

/** The text of a memory, equal for equal memories. */
export function formatKeyMemory(memory: KeyMemory): string {
  return `${JSON.stringify(memory, undefined, 2)}\n`;
}

/** Reads what `formatKeyMemory` wrote. Throws an Error that says what is wrong with a text that it did not write. */
export function parseKeyMemory(text: string): KeyMemory {
  const result = MEMORY.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}
