/**
 * The least set of flows that makes a lab's networks work, pushed by ovs-ofctl: what a network engineer would write by
 * hand, and the limit to measure a controller against. It makes br-int itself, so a lab uses either this or a
 * controller. It knows no anti-spoofing and believes any VTEP.
 */
import type { Lab } from './lab.js';
import type { LabVm } from './types.js';

const TUNNEL_OFPORT = 1;

export interface StaticOptions {
  readonly type: 'geneve' | 'vxlan' | 'gre';
  /** Tunnel key by `tenant/network`. */
  readonly keys: Readonly<Record<string, number>>;
}

interface Placed {
  readonly vm: LabVm;
  readonly host: string;
  readonly ofport: number;
  readonly key: number;
}

/** Makes br-int with one flow-based tunnel port on every host, plugs all VMs, and pushes the flows. */
export async function staticFlows(lab: Lab, { type, keys }: StaticOptions): Promise<void> {
  await Promise.all(Object.keys(lab.ready.hosts).map((host) => makeBridge(lab, host, type)));
  const vms = Object.values(lab.ready.vms);
  const placed = await Promise.all(
    vms.map(async (vm) => {
      const { host, ofport } = await lab.plug(vm.ifaceId);
      return { vm, host, ofport, key: keys[`${vm.tenant}/${vm.network}`] as number };
    }),
  );
  await Promise.all(Object.keys(lab.ready.hosts).map((host) => pushFlows(lab, host, placed)));
}

async function makeBridge(lab: Lab, host: string, type: string): Promise<void> {
  const vtep = lab.ready.hosts[host]?.vtep;
  const words =
    `add-br br-int -- set Bridge br-int datapath_type=netdev fail_mode=secure protocols=OpenFlow13,OpenFlow14,OpenFlow15` +
    ` -- add-port br-int tun0 -- set Interface tun0 type=${type} options:remote_ip=flow options:key=flow` +
    ` options:local_ip=${vtep} ofport_request=${TUNNEL_OFPORT}`;
  const done = await lab.vsctl(host, ...words.split(' '));
  if (done.rc !== 0) throw new Error(`${host}: ${done.stderr}`);
}

async function pushFlows(lab: Lab, host: string, placed: readonly Placed[]): Promise<void> {
  const flows = hostFlows(lab, host, placed).join('\n');
  const done = await lab.ofctl(host, ['-O', 'OpenFlow14', '--bundle', 'add-flows', 'br-int', '-'], `${flows}\n`);
  if (done.rc !== 0) throw new Error(`${host}: ${done.stderr}`);
}

/** Table 0: whose is it (reg0 = key). Table 1: to any VM of the network. Table 2, from tunnels: to VMs here only. */
function hostFlows(lab: Lab, host: string, placed: readonly Placed[]): string[] {
  const here = placed.filter((p) => p.host === host);
  const flows: string[] = [];
  for (const { ofport, key, vm } of here) {
    flows.push(`table=0,priority=100,in_port=${ofport},actions=set_field:${key}->reg0,resubmit(,1)`);
    for (const table of [1, 2])
      flows.push(`table=${table},priority=50,reg0=${key},dl_dst=${vm.mac},actions=output:${ofport}`);
  }
  for (const key of new Set(here.map((p) => p.key))) {
    const local = here.filter((p) => p.key === key).map((p) => `output:${p.ofport}`);
    const remote = placed.filter((p) => p.key === key && p.host !== host);
    const tunnel = (peer: string) =>
      `set_field:${key}->tun_id,set_field:${lab.ready.hosts[peer]?.vtep}->tun_dst,output:${TUNNEL_OFPORT}`;
    flows.push(
      `table=0,priority=100,in_port=${TUNNEL_OFPORT},tun_id=${key},actions=set_field:${key}->reg0,resubmit(,2)`,
    );
    for (const p of remote) flows.push(`table=1,priority=50,reg0=${key},dl_dst=${p.vm.mac},actions=${tunnel(p.host)}`);
    const all = [...local, ...[...new Set(remote.map((p) => p.host))].map(tunnel)];
    flows.push(`table=1,priority=40,reg0=${key},dl_dst=ff:ff:ff:ff:ff:ff,actions=${all.join(',')}`);
    flows.push(`table=2,priority=40,reg0=${key},dl_dst=ff:ff:ff:ff:ff:ff,actions=${local.join(',')}`);
  }
  return flows;
}
