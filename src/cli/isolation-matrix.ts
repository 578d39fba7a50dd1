/**
 * Who hears whom, from real packets: every VM pings every address of the topology with a mark of its own in the payload,
 * and every VM's interface is recorded. Addresses do not say who answered where tenants use the same ones; marks do.
 */
import type { LabProcess } from './lab-process.js';

/** Echo requests a VM sends to each address. */
export const PINGS = 3;

export interface MatrixCell {
  readonly from: string;
  readonly to: string;
  readonly sameNetwork: boolean;
  /** Frames with the sender's mark that arrived at the receiver. */
  readonly frames: number;
  /** Echo replies the sender got from the receiver's address, where that address is of its own network. */
  readonly replies?: number;
}

interface Captured {
  readonly hex: string;
}

const MARK = Buffer.from('kakuri').toString('hex');
const markOf = (index: number): string => `${MARK}${index.toString(16).padStart(4, '0')}`;

async function pingAll(
  lab: LabProcess,
  from: string,
  index: number,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const replies = new Map<string, number>();
  await Promise.all(
    addresses.map(async (ip) => {
      const argv = ['ping', '-n', '-c', String(PINGS), '-i', '0.2', '-W', '1', '-p', markOf(index), ip];
      const { stdout } = await lab.request<{ stdout: string }>('exec', { vm: from, argv, timeout: 20 });
      replies.set(ip, Number(/(\d+) received/.exec(stdout)?.[1] ?? 0));
    }),
  );
  return replies;
}

/** Sends, records and counts, over all pairs of VMs. */
export async function isolationMatrix(lab: LabProcess): Promise<readonly MatrixCell[]> {
  const vms = Object.entries(lab.ready.vms);
  const addresses = [...new Set(vms.flatMap(([, vm]) => vm.ips.filter((ip) => !ip.includes(':'))))];
  const captures = await Promise.all(vms.map(([vm]) => lab.request<number>('capture_start', { vm })));
  const replies = await Promise.all(
    vms.map(([name, vm], i) =>
      pingAll(
        lab,
        name,
        i,
        addresses.filter((ip) => !vm.ips.includes(ip)),
      ),
    ),
  );
  const heard = await Promise.all(
    captures.map((capture) => lab.request<readonly Captured[]>('capture_stop', { capture })),
  );
  return vms.flatMap(([from, a], i) =>
    vms.flatMap(([to, b], j): MatrixCell[] => {
      if (i === j) return [];
      const sameNetwork = a.tenant === b.tenant && a.network === b.network;
      const frames = (heard[j] ?? []).filter(({ hex }) => hex.includes(markOf(i))).length;
      const answered = sameNetwork ? b.ips.reduce((sum, ip) => sum + (replies[i]?.get(ip) ?? 0), 0) : undefined;
      return [{ from, to, sameNetwork, frames, ...(answered === undefined ? {} : { replies: answered }) }];
    }),
  );
}

/** True when each VM reaches every other of its network and nobody else's packets arrive anywhere. */
export const isIsolated = (cells: readonly MatrixCell[]): boolean =>
  cells.every((c) => (c.sameNetwork ? (c.replies ?? 0) > 0 && c.frames > 0 : c.frames === 0));
