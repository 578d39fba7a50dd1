/**
 * Static flows, the limit of any controller: all flows of all ports are in the switches before the first port is plugged
 * in, on numbers that the plug then asks for. What remains after a plug is ovs-vswitchd's own time. They are the least
 * that works: whose packet it is by port, its way by MAC; no anti-spoofing, any VTEP believed.
 */
import { type Contestant, networkKey, plugCommand, run, type Site, type SiteVm } from './site.js';

const TUNNEL_OFPORT = 1;
const FIRST_OFPORT = 100;

const ofport = (site: Site, vm: SiteVm): number => FIRST_OFPORT + [...site.bases, ...site.added].indexOf(vm);

const plug = (site: Site, vm: SiteVm): readonly string[] => plugCommand(site, vm, `ofport_request=${ofport(site, vm)}`);

/** Table 0: whose is it. Table 1: where to; what came by tunnel goes to VMs of this host only, by table 2. */
function flows(site: Site, host: string): readonly string[] {
  const lines = [`table=0,in_port=${TUNNEL_OFPORT},tun_id=${networkKey},actions=resubmit(,2)`];
  for (const vm of [...site.bases, ...site.added])
    if (vm.host === host) {
      lines.push(
        `table=0,in_port=${ofport(site, vm)},dl_src=${vm.mac},actions=set_field:${networkKey}->tun_id,resubmit(,1)`,
      );
      for (const table of [1, 2]) lines.push(`table=${table},dl_dst=${vm.mac},actions=output:${ofport(site, vm)}`);
    } else {
      const vtep = site.lab.ready.hosts[vm.host]?.vtep;
      lines.push(`table=1,dl_dst=${vm.mac},actions=set_field:${vtep}->tun_dst,output:${TUNNEL_OFPORT}`);
    }
  return lines;
}

async function makeBridge(site: Site, host: string): Promise<void> {
  const args =
    'add-br br-int -- set Bridge br-int datapath_type=netdev fail_mode=secure protocols=OpenFlow13,OpenFlow15' +
    ' -- add-port br-int tun0 -- set Interface tun0 type=geneve options:remote_ip=flow options:key=flow' +
    ` options:local_ip=${site.lab.ready.hosts[host]?.vtep} ofport_request=${TUNNEL_OFPORT}`;
  const { rundir } = site.lab.ready.hosts[host] ?? {};
  await run(site, { host }, `ovs-vsctl --db=unix:${rundir}/db.sock ${args}`);
  await run(
    site,
    { host },
    `ovs-ofctl -O OpenFlow15 add-flows br-int - <<'FLOWS'\n${flows(site, host).join('\n')}\nFLOWS`,
  );
}

export async function staticFlows(site: Site): Promise<Contestant> {
  for (const host of Object.keys(site.lab.ready.hosts)) await makeBridge(site, host);
  for (const vm of site.bases) await run(site, { host: vm.host }, plug(site, vm).join(' '));
  return {
    name: 'static flows in place',
    site,
    plugCommand: (vm) => plug(site, vm),
    stop: () => Promise.resolve(),
  };
}
