/**
 * A network over very many hosts on a real switch: at the limit every copy of a broadcast is made and the group reads
 * back; beyond it broadcasts are a counted drop, while unicast and ARP go on as ever.
 */
import { expect } from 'chai';
import { connect } from 'ts-openflow';
import { bindings, type DesiredState, desiredState, peerKey } from '../../src/desired/index.js';
import { difference, isEmpty } from '../../src/diff/index.js';
import { sendPlan } from '../../src/session/send-plan.js';
import { readTables } from '../../src/session/switch-tables.js';
import { networks } from '../e2e/networks.js';
import { type Lab, startLab } from '../lab/lab.js';
import { worldOf } from '../world.js';

/** hv1 with one port of a network over `hosts` hosts, all of which have let it in. */
function spread(hosts: number): DesiredState {
  const world = worldOf({ hosts, ports: hosts, tenants: ['red'], tunnels: 'flow' });
  const confirmed = new Map(
    world.topology.hosts.map(({ name }) => {
      const peers = new Set(world.topology.networks.map((n) => peerKey(n.path, 'hv1', n)));
      return [name, { ports: new Set<string>(), peers, sends: new Set<string>() }] as const;
    }),
  );
  return desiredState({ ...world, confirmed }, 'hv1', bindings(world));
}

const VM = 'in_port=10,dl_src=02:00:00:00:01:01';
const BROADCAST = `${VM},dl_dst=ff:ff:ff:ff:ff:ff,udp,nw_src=192.168.0.1,nw_dst=255.255.255.255`;
const UNICAST = `${VM},dl_dst=02:00:00:00:01:02,udp,nw_src=192.168.0.1,nw_dst=192.168.0.2`;
const ARP = `${VM},dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_sha=02:00:00:00:01:01,arp_spa=192.168.0.1,arp_tpa=192.168.2.88`;

describe('a network over very many hosts', function () {
  this.timeout(60_000);
  let lab: Lab;

  /** The datapath actions for a packet. */
  async function traced(flow: string): Promise<string> {
    const { stdout, stderr, rc } = await lab.appctl('hv1', 'ofproto/trace', 'br-int', flow);
    if (rc !== 0) throw new Error(stderr);
    return /Datapath actions: (.*)/.exec(stdout)?.[1] ?? stdout;
  }

  async function bring(desired: DesiredState): Promise<void> {
    const session = await connect(`unix:${lab.ready.hosts.hv1?.rundir}/br-int.mgmt`);
    try {
      const { plan } = difference(desired, await readTables(session));
      expect(await sendPlan(session, plan)).to.deep.include({ committed: true, refusals: [] });
      expect(isEmpty(difference(desired, await readTables(session)).plan)).to.equal(true);
    } finally {
      session.close();
    }
  }

  before(async () => {
    lab = await startLab(networks());
    const bridge = 'add-br br-int -- set Bridge br-int datapath_type=netdev fail_mode=secure protocols=OpenFlow15';
    const tunnel =
      'add-port br-int kkgflow -- set Interface kkgflow type=geneve options:remote_ip=flow options:local_ip=10.99.0.1 options:key=flow ofport_request=1';
    const port = 'add-port br-int vm -- set Interface vm type=internal ofport_request=10';
    const { rc, stderr } = await lab.vsctl('hv1', ...`${bridge} -- ${tunnel} -- ${port}`.split(' '));
    if (rc !== 0) throw new Error(stderr);
    await lab.appctl('hv1', 'ovs/route/add', '10.99.0.0/16', 'br-phy');
    for (let n = 2; n <= 700; n++)
      await lab.appctl('hv1', 'tnl/neigh/set', 'br-phy', `10.99.${n >> 8}.${n & 255}`, '02:ee:00:00:00:02');
  });
  after(() => lab?.stop());

  it('of 700 hosts gets every copy of a broadcast', async () => {
    await bring(spread(700));
    expect((await traced(BROADCAST)).match(/tnl_push/g)).to.have.length(699);
    expect((await traced(UNICAST)).match(/tnl_push/g)).to.have.length(1);
  });

  it('of 1,000 hosts is held by the switch: broadcasts dropped and counted, unicast and ARP as ever', async () => {
    const desired = spread(1000);
    expect(desired.warnings).to.have.length(1);
    await bring(desired);
    // Counted by the port's meter of broadcasts, and sent nowhere.
    expect(await traced(BROADCAST)).to.match(/^(drop|meter\(\d+\))$/);
    expect((await traced(UNICAST)).match(/tnl_push/g)).to.have.length(1);
    // 192.168.2.88 is the 600th port, on the 600th host: answered here.
    expect(await traced(ARP))
      .to.match(/set\(eth\(.*arp/)
      .and.to.not.contain('tnl_push');
    expect(await lab.flows('hv1').then((flows) => flows.filter((f) => /cookie=0x4b28/.test(f)))).to.have.length(1);
  });
});
