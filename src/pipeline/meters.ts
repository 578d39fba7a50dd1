/**
 * Meters of a host: what they limit, and their numbers. Each VM port has a range of its own kind at `kind + ofport`, so
 * that a meter's number follows from the port's and nothing has to be remembered:
 *
 *   1               the fence (70-fence.ts)
 *   0x00100…0x0ffff what a port may make the switch ask the controller
 *   0x10000…0x1ffff broadcast and multicast of a port
 *   0x20000…0x2ffff everything a port sends
 *
 * ofports end at 0xff00 (OFPP_MAX as Open vSwitch gives numbers), and the largest number here is below what datapaths
 * offer: 262,144 (netdev datapath of 3.1.0, OFPMP_METER_FEATURES), 200,000 (DP_METER_NUM_MAX of the Linux datapath).
 */

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
}

export const puntMeter = (ofport: number): number => 0x100 + ofport;
export const broadcastMeter = (ofport: number): number => 0x10000 + ofport;
export const rateMeter = (ofport: number): number => 0x20000 + ofport;
