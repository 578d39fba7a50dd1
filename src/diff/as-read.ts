/**
 * A match in the form in which Open vSwitch gives it back, so that the octets sent are the octets read: in OpenFlow 1.5 a
 * 32-bit register is half of a packet register (OXM class 0x8001, 64 bits), masked where the other half does not count
 * (ovs-fields(7), "Register Fields"; seen on 3.1.0). Below 1.5 it is the Nicira register that it was. The same match.
 */
import type { Match, OpenFlowVersion } from 'ts-openflow';

const OPENFLOW_15 = 6;
const HALF = 32n;
const FULL = 0xffffffffn;

interface Place {
  readonly wide: string;
  readonly shift: bigint;
}

/** By register: the packet register it is half of, and which half. */
const PLACES: ReadonlyMap<string, Place> = new Map(
  Array.from({ length: 16 }, (_, i) => [`reg${i}`, { wide: `xreg${i >> 1}`, shift: i % 2 === 0 ? HALF : 0n }] as const),
);

type Wide = { value: bigint; mask?: bigint };
const EVERY_BIT = (FULL << HALF) | FULL;

/** Packet registers come last, as in the canonical order of fields, so that they need not be sorted. */
function widened(match: Match): Match {
  const rest: Record<string, unknown> = {};
  const wide: Record<string, Wide> = {};
  for (const name in match) {
    const place = PLACES.get(name);
    const given = match[name as 'reg0'];
    if (place === undefined || given === undefined) rest[name] = given;
    else {
      const before = wide[place.wide] ?? { value: 0n, mask: 0n };
      const mask = (before.mask ?? EVERY_BIT) | (BigInt(given.mask ?? FULL) << place.shift);
      const value = before.value | (BigInt(given.value) << place.shift);
      wide[place.wide] = mask === EVERY_BIT ? { value } : { value, mask };
    }
  }
  return Object.assign(rest, wide) as Match;
}

/** The match as the switch will give it back. */
export function matchAsRead(match: Match, version: OpenFlowVersion): Match {
  if (version < OPENFLOW_15) return match;
  for (const name in match) if (PLACES.has(name)) return widened(match);
  return match;
}
