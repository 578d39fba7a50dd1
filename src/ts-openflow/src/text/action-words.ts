/** The words for numbers in arguments of actions. */
export const HASH_FIELDS = [
  'eth_src',
  'symmetric_l4',
  'symmetric_l3l4',
  'symmetric_l3l4+udp',
  'nw_src',
  'nw_dst',
  'symmetric_l3',
] as const;
export const MULTIPATH_ALGORITHMS = ['modulo_n', 'hash_threshold', 'hrw', 'iter_hash'] as const;
export const BUNDLE_ALGORITHMS = ['active_backup', 'hrw'] as const;

/** Why a packet goes to the controller (ofp_packet_in_reason, and OVS's own). */
export const PACKET_IN_REASONS = ['no_match', 'action', 'invalid_ttl', 'action_set', 'group', 'packet_out'] as const;

/** A reason's word. */
export function formatReason(reason: number): string {
  return PACKET_IN_REASONS[reason] ?? String(reason);
}

/** Octets as `01.02.03`. */
export function formatDotted(octets: Uint8Array): string {
  return Array.from(octets, (o) => o.toString(16).padStart(2, '0')).join('.');
}
