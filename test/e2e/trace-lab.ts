/**
 * Random packets of VMs, right and forged: `kakuri trace` says where each goes, `ofproto/trace` says it, and the frame
 * itself is sent and captured at every VM. All three must agree on every one.
 */
import { join } from 'node:path';
import { expect } from 'chai';
import { type Traced, trace } from '../../src/cli/run-trace.js';
import { emptyPacket, encodePacket, packetText, writeField } from '../../src/verify/index.js';
import type { CapturedFrame } from '../lab/types.js';
import type { Random } from '../verify/random.js';
import { type Installation, sleep } from './installation.js';

const MAC_STRANGER = 0x0200000000ffn;
const BROADCAST = 0xffffffffffffn;
/** What is on its way has arrived after that, milliseconds. */
const FLIGHT_MS = 60;

const macValue = (mac: string): bigint => BigInt(`0x${mac.replaceAll(':', '')}`);
const ipValue = (ip: string): number => ip.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);

interface Question {
  readonly vm: string;
  readonly words: Int32Array;
}

/** A packet as a VM may send it, or one that lies about who it is or asks for somebody strange. */
function question(net: Installation, random: Random): Question {
  const names = Object.keys(net.lab.ready.vms);
  const vm = random.pick(names);
  const own = net.lab.ready.vms[vm] as (typeof net.lab.ready.vms)[string];
  const all = names.map((name) => net.lab.ready.vms[name] as typeof own);
  const other = random.pick(all);
  const honest = random.below(4) !== 0;
  const src = honest ? own : random.pick(all);
  const words = emptyPacket();
  const put = (values: Readonly<Record<string, number | bigint>>): void => {
    for (const [field, value] of Object.entries(values)) writeField(words, field, value);
  };
  put({
    eth_src: macValue(src.mac),
    eth_dst: random.pick([macValue(other.mac), macValue(other.mac), BROADCAST, MAC_STRANGER]),
  });
  const from = ipValue((honest ? own : random.pick(all)).ips[0] as string);
  const to = random.pick([ipValue(other.ips[0] as string), ipValue('192.168.0.254')]);
  const kind = random.below(5);
  if (kind < 3)
    put({
      eth_type: 0x0800,
      ip_src: from,
      ip_dst: to,
      nw_ttl: 64,
      ip_proto: 17,
      udp_src: 4000,
      udp_dst: random.pick([9, 53, 67]),
    });
  else if (kind === 3)
    put({
      eth_type: 0x0806,
      arp_op: random.pick([1, 2]),
      arp_sha: macValue(src.mac),
      arp_spa: from,
      arp_tpa: to,
    });
  else put({ eth_type: random.pick([0x88b5, 0x88cc]) });
  return { vm, words };
}

/** VMs (by path) that a trace delivers to, with as many entries as copies. */
const delivered = ({ ends }: Traced): string[] =>
  ends.flatMap(({ kind, at }) => (kind === 'delivered' ? [at] : [])).sort();

/** An answer by ARP: what the sender gets back is another frame than it sent. */
const isArpReply = (hex: string): boolean => hex.slice(24, 28) === '0806' && hex.slice(40, 44) === '0002';

/** Asks `count` times; dumps of the running hosts are in `dumps`. How many were delivered, and how many dropped. */
export async function expectAgreement(
  net: Installation,
  dumps: string,
  random: Random,
  count: number,
): Promise<{ readonly delivered: number; readonly dropped: number }> {
  const { lab } = net;
  const vms = Object.entries(lab.ready.vms);
  const seen = { delivered: 0, dropped: 0 };
  for (let i = 0; i < count; i++) {
    const { vm, words } = question(net, random);
    const sender = lab.ready.vms[vm] as (typeof lab.ready.vms)[string];
    const packet = packetText(words).replace(/^in_port=[^,]*,/, '');
    const from = `${sender.tenant}/${sender.network}/${sender.port}`;
    const traced = await trace(from, undefined, { dumps: join(dumps), packet, confirm: true, api: '' });
    for (const { agrees, note, host } of traced.confirmations ?? [])
      expect(agrees, `${host}: ${packet}: ${note}`).to.equal(true);
    const frame = Buffer.from(encodePacket(words));
    const captures = await Promise.all(vms.map(([name]) => lab.capture({ vm: name })));
    await lab.sendFrames({ vm }, [frame]);
    await sleep(FLIGHT_MS);
    const heard: readonly (readonly CapturedFrame[])[] = await Promise.all(captures.map((stop) => stop()));
    const hex = frame.toString('hex');
    const arrived = vms.flatMap(([name, { tenant, network, port }], j) =>
      (heard[j] ?? [])
        .filter((f) => f.dir === 'in' && (f.hex.startsWith(hex) || (name === vm && isArpReply(f.hex))))
        .map(() => `${tenant}/${network}/${port}`),
    );
    expect(arrived.sort(), packet).to.deep.equal(delivered(traced));
    seen[arrived.length > 0 ? 'delivered' : 'dropped'] += 1;
  }
  return seen;
}
