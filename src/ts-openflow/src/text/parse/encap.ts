/** encap and decap, and the properties of encap (ovs-actions(7), "encap"). */
import type { EncapProperty } from '../../actions/layouts.js';
import { TextError } from '../../errors.js';
import { flowTypes } from '../flow-fields.js';
import { unknownArgument } from './arguments.js';
import { type Context, setFlow } from './context.js';
import { parseInteger, parseNumber } from './numbers.js';
import { type Item, scan } from './scan.js';

const ENCAP_TYPES: Readonly<Record<string, number>> = { nsh: 0x1894f, ethernet: 0, mpls: 0x18847, mplsm: 0x18848 };

export function parseEncap(cx: Context, item: Item): void {
  const m = /^\s*(\w+)\s*(?:\((.*)\))?\s*$/.exec(item.value ?? '');
  const name = m?.[1] ?? '';
  const packet_type = ENCAP_TYPES[name];
  if (m === null || packet_type === undefined)
    throw new TextError(`encap: one of ${Object.keys(ENCAP_TYPES).join(', ')} expected`, item.valueColumn);
  const properties: EncapProperty[] = [];
  for (const part of scan(m[2] ?? '', item.valueColumn)) {
    properties.push(encapProperty(name, part));
  }
  cx.actions.push({ kind: 'encap', packet_type, properties });
  cx.flow.delete('eth_type');
  setFlow(cx, 'packet_type', BigInt(packet_type), 32);
  if (packet_type !== 0) setFlow(cx, 'eth_type', BigInt(packet_type & 0xffff), 16);
}

function encapProperty(name: string, part: Item): EncapProperty {
  if (name === 'nsh' && part.key === 'md_type') {
    const type = parseNumber(part.value ?? '', 8, part.valueColumn);
    if (type !== 1 && type !== 2) throw new TextError('encap: md_type 1 or 2 expected', part.valueColumn);
    return { class: 4, type: 1, octets: Buffer.from([type]) };
  }
  const m = /^\s*(\w+)\s*,\s*(\w+)\s*,\s*0x([0-9a-fA-F]+)\s*$/.exec(part.value ?? '');
  if (name !== 'nsh' || part.key !== 'tlv' || m === null) throw unknownArgument(part, 'encap');
  const data = Buffer.from((m[3] as string).length % 2 === 0 ? (m[3] as string) : `0${m[3]}`, 'hex');
  const head = Buffer.alloc(4);
  head.writeUInt16BE(parseNumber(m[1] as string, 16, part.valueColumn));
  head[2] = parseNumber(m[2] as string, 8, part.valueColumn);
  head[3] = data.length;
  return { class: 4, type: 2, octets: Buffer.concat([head, data, Buffer.alloc((8 - (data.length & 7)) & 7)]) };
}

export function parseDecap(cx: Context, item: Item): void {
  const text = item.value ?? '';
  const m = /^\s*packet_type\(\s*ns\s*=\s*(\w+)\s*,\s*(?:type|id)\s*=\s*(\w+)\s*\)\s*$/.exec(text);
  if (text.trim() !== '' && m === null)
    throw new TextError('decap() or decap(packet_type(ns=…,type=…)) expected', item.valueColumn);
  const packet_type =
    m === null
      ? 0xfffe
      : Number(
          (parseInteger(m[1] as string, 16, item.valueColumn) << 16n) |
            parseInteger(m[2] as string, 16, item.valueColumn),
        );
  cx.actions.push({ kind: 'decap', packet_type });
  const before = cx.flow.get('packet_type')?.value ?? 0n;
  const { dlType } = flowTypes(cx.flow);
  // Behind an Ethernet header stands what its type says; what stands behind anything else only the packet knows.
  if (before === 0n) setFlow(cx, 'packet_type', dlType === undefined ? 0xfffen : 0x10000n | BigInt(dlType), 32);
  else {
    setFlow(cx, 'packet_type', 0xfffen, 32);
    cx.flow.delete('eth_type');
  }
}
