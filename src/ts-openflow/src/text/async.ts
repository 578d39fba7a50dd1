/** Asynchronous configuration as ovs-ofctl prints it. */
import type { AsyncConfig } from '../messages/async.js';
import type { Property } from '../messages/property.js';

const PACKET_IN = ['no_match', 'action', 'invalid_ttl', 'action_set', 'group', 'packet_out'] as const;
const ROWS: readonly (readonly [label: string, bits: readonly string[]])[] = [
  ['PACKET_IN', PACKET_IN],
  ['PORT_STATUS', ['add', 'delete', 'modify']],
  ['FLOW_REMOVED', ['idle', 'hard', 'delete', 'group_delete', 'meter_delete', 'eviction']],
  ['ROLE_STATUS', ['primary_request', 'configuration_changed', 'experimenter_data_changed']],
  ['TABLE_STATUS', ['', '', '', 'vacancy_down', 'vacancy_up']],
  ['REQUESTFORWARD', ['group_mod_request', 'meter_mod_request']],
];

function row(label: string, names: readonly string[], mask: number): string {
  const set = Array.from({ length: 32 }, (_, bit) => bit).filter(
    (bit) => (mask >>> bit) & 1 && names[bit] !== undefined && names[bit] !== '',
  );
  return `${label.padStart(16)}: ${set.length === 0 ? '(off)' : set.map((bit) => names[bit]).join(' ')}\n`;
}

/** [secondary, primary] masks by row: a property's type is twice its row, plus one for primary and equal. */
function masksOf(config: AsyncConfig): readonly (readonly [number, number])[] {
  const masks: [number, number][] = ROWS.map(() => [0, 0]);
  for (const p of config.properties ?? []) setMask(masks, p);
  const { packet_in_mask, port_status_mask, flow_removed_mask } = config.masks ?? {};
  [packet_in_mask, port_status_mask, flow_removed_mask].forEach((pair, i) => {
    if (pair !== undefined) masks[i] = [pair[1], pair[0]];
  });
  return masks;
}

function setMask(masks: [number, number][], p: Property): void {
  const pair = masks[p.type >>> 1];
  if (pair !== undefined && p.octets.length >= 4) pair[p.type & 1] = p.octets.readUInt32BE(0);
}

/** Which messages controllers of each role get. */
export function formatAsync(config: AsyncConfig): string {
  const masks = masksOf(config);
  const part = (title: string, role: 0 | 1): string =>
    `\n ${title}:\n${ROWS.map(([label, names], i) => row(label, names, masks[i]?.[role] ?? 0)).join('')}`;
  return `${part('primary', 1)}${part('secondary', 0)}`;
}
