/** Bits with names: ct_state, tcp_flags, tun_flags, as `+trk-new`, `syn|ack` or numbers. */

/** Names by bit position. */
export const CT_STATE = ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'] as const;
export const TCP_FLAGS = [
  'fin',
  'syn',
  'rst',
  'psh',
  'ack',
  'urg',
  'ece',
  'cwr',
  'ns',
  '[200]',
  '[400]',
  '[800]',
] as const;
export const TUN_FLAGS = ['oam'] as const;

/** Names joined by `|`; bits without a name as one number; nothing set is "0". */
export function formatFlags(names: readonly string[], flags: number, separator = '|'): string {
  if (flags === 0) return '0';
  const set = names.filter((_, bit) => (flags >>> bit) & 1);
  const rest = flags & ~((1 << names.length) - 1);
  return [...set, ...(rest === 0 ? [] : [`0x${(rest >>> 0).toString(16)}`])].join(separator);
}

/** A `+` or `-` and the name of each bit of the mask; with all bits in the mask, the names of those set. */
export function formatFlagsMasked(names: readonly string[], flags: number, mask: number, all: number): string {
  if (mask === all) return formatFlags(names, flags);
  if (mask === 0) return '0/0';
  const bits = Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (mask >>> bit) & 1);
  return bits
    .map((bit) => `${(flags >>> bit) & 1 ? '+' : '-'}${names[bit] ?? `0x${(2 ** bit).toString(16)}`}`)
    .join('');
}
