/** Pieces that several messages print alike. */
import { formatFlags } from './flags.js';

/** "1.5s" as OVS prints durations: milliseconds with three digits, anything finer with nine less trailing zeros. */
export function formatDuration(sec: number, nsec: number): string {
  if (nsec === 0) return `${sec}s`;
  if (nsec % 1_000_000 === 0) return `${sec}.${String(nsec / 1_000_000).padStart(3, '0')}s`;
  return `${sec}.${String(nsec).padStart(9, '0').replace(/0+$/, '')}s`;
}

/** 32 bits in hexadecimal with 0x, zero included. */
export function hex0(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** Names of set bits separated by blanks; unknown ones as a number; none is "0". */
export function formatBits(names: readonly string[], flags: number, separator = ' '): string {
  return formatFlags(names, flags, separator);
}

/** A dump of octets, sixteen a line, as OVS prints what it cannot decode. */
export function hexDump(octets: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < octets.length; at += 16) {
    const row = octets.subarray(at, at + 16);
    const cells = Array.from({ length: 16 }, (_, i) =>
      row[i] === undefined ? '  ' : (row[i] as number).toString(16).padStart(2, '0'),
    );
    const hexPart = cells
      .map((c, i) => (i === 0 ? c : `${i === 8 && row.length > 8 ? '-' : i === 8 && row.length === 8 ? '-' : ' '}${c}`))
      .join('');
    const text = Array.from({ length: 16 }, (_, i) =>
      row[i] === undefined ? ' ' : isPrintable(row[i] as number) ? String.fromCharCode(row[i] as number) : '.',
    ).join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hexPart} |${text}|`);
  }
  return lines.map((l) => `${l}\n`).join('');
}

function isPrintable(octet: number): boolean {
  return octet >= 0x20 && octet < 0x7f;
}
