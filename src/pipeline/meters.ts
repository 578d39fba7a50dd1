/**
 * Meters of a host: what they limit, and their numbers. Each VM port has a range of its own kind at `kind + ofport`, so
 * that a meter's number follows from the port's and nothing has to be remembered:
 *
 *   1               the fence (70-fence.ts)
 *   2               probes of other hosts that come to the controller
 *   0x00100…0x0ffff what a port may make the switch ask the controller
 *   0x10000…0x1ffff broadcast and multicast of a port
 *   0x20000…0x2ffff everything a port sends
 *
 * ofports end at 0xff00 (OFPP_MAX as Open vSwitch gives numbers), and the largest number here is below what datapaths
 * offer: 262,144 (netdev datapath of 3.1.0, OFPMP_METER_FEATURES), 200,000 (DP_METER_NUM_MAX of the Linux datapath).
 */

import type { DropReason } from './drops.js';
import type { LocalPort } from './view.js';

/** What a meter lets pass: so much each second, and that much at once. What is above it is dropped. */
export interface Meter {
  readonly meter_id: number;
  readonly unit: 'packets' | 'kilobits';
  /** Units a second. */
  readonly rate: number;
  /** Units at once; absent: as the datapath chooses. */
  readonly burst?: number;
  /** What it limits, in words. */
  readonly why: string;
  /** Paths of the VM port whose traffic it limits, and of its network. */
  readonly owner?: { readonly port: string; readonly network: string };
}

/** A host's peers send each of these one or two a round (controller/paths.ts): hundreds a second are somebody else's. */
export const PROBE_METER: Meter = {
  meter_id: 2,
  unit: 'packets',
  rate: 100,
  burst: 100,
  why: 'probes of other hosts that come to the controller',
};

export const puntMeter = (ofport: number): number => 0x100 + ofport;
export const broadcastMeter = (ofport: number): number => 0x10000 + ofport;
export const rateMeter = (ofport: number): number => 0x20000 + ofport;

/** Broadcast and multicast packets a second of a port that says nothing else. */
export const BROADCAST_RATE = 1000;

/**
 * What a port may make the switch ask the controller: a DHCP exchange has 4 packets and a VM that starts asks some 20
 * times in all, so that this is ample for a guest, and 1,000 guests that flood are 20,000 packets a second.
 */
export const PUNT_RATE = { rate: 20, burst: 40 } as const;

/** The meters of a VM port on this host. */
export function portMeters({ network, port, ofport }: LocalPort): readonly Meter[] {
  const owner = `${port.name} of ${network.path}`;
  const rate = port.broadcastRate ?? BROADCAST_RATE;
  const paths = { port: port.path, network: network.path };
  const broadcast = { owner: paths, meter_id: broadcastMeter(ofport), unit: 'packets', rate, burst: rate } as const;
  const punts = { owner: paths, meter_id: puntMeter(ofport), unit: 'packets', ...PUNT_RATE } as const;
  const meters: Meter[] = [
    { ...punts, why: `what ${owner} asks the controller` },
    { ...broadcast, why: `broadcast and multicast of ${owner}` },
  ];
  const limit = port.qos?.rate;
  if (limit !== undefined) {
    const burst = port.qos?.burst ?? Math.max(100, Math.ceil(limit / 10));
    meters.push({
      owner: paths,
      meter_id: rateMeter(ofport),
      unit: 'kilobits',
      rate: limit,
      burst,
      why: `the rate of ${owner}`,
    });
  }
  return meters;
}

/** Why a packet above a meter's rate was dropped; undefined for meters that count nothing of a VM's. */
export function meterDrop(meter_id: number): DropReason | undefined {
  if (meter_id === PROBE_METER.meter_id) return 'probe_rate';
  if (meter_id >= rateMeter(0)) return 'port_rate';
  if (meter_id >= broadcastMeter(0)) return 'broadcast_rate';
  return meter_id >= puntMeter(0) ? 'punt_rate' : undefined;
}
