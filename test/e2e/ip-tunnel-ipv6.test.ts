/** IP tunnels between IPv6 VTEPs, on real Open vSwitch: own reached, others not, packets of somebody else, and BFD. */
import { expect } from 'chai';
import { ETH, ethernet, IP_PROTO, ipv4, routed, udp } from '../lab/frames.js';
import { ipv6 } from '../lab/ipv6.js';
import { kakuri } from '../lab/kakuri.js';
import { eventually, type Installation, startInstallation } from './installation.js';
import { KEYS, networks, vtep } from './networks.js';

const COUNT = 5;
const MARK = Buffer.from('kakuri-test-mark');
/** A packet of VM 2 for VM 1. */
const packet = ipv4(
  { src: '192.168.0.2', dst: '192.168.0.1', proto: IP_PROTO.udp },
  udp({ sport: 4000, dport: 4001 }, MARK),
);

describe('IP tunnels between IPv6 VTEPs', function () {
  this.timeout(60_000);
  let net: Installation;
  before(async () => {
    net = await startInstallation(networks({ encapsulation: 'ip-tunnel', family: 'ipv6' }));
    await net.plugAll();
  });
  after(() => net?.stop());

  /** Somebody on the underlay sends to hv1, as if from this address; who hears it. */
  async function heardFrom(from: string, key: number): Promise<readonly string[]> {
    const vms = Object.keys(net.lab.ready.vms);
    const stops = await Promise.all(vms.map(async (vm) => [vm, await net.lab.capture({ vm })] as const));
    const whole = ipv6({ src: from, dst: vtep(1, 'ipv6'), next: IP_PROTO.gre }, routed(key, packet));
    const dst = net.lab.ready.hosts.hv1?.mac as string;
    const outer = ethernet({ dst, src: net.lab.ready.rogue.mac, type: ETH.ipv6 }, whole);
    await net.lab.sendFrames({ rogue: true }, [outer], { count: COUNT });
    const heard = await Promise.all(stops.map(async ([vm, stop]) => [vm, await stop()] as const));
    // Not what a VM answers by ICMP to a port that nobody listens on, in which it quotes the packet.
    const isIts = ({ dir, hex }: { dir: string; hex: string }) =>
      dir === 'in' && hex.includes(MARK.toString('hex')) && !/^.{24}0800.{18}01/.test(hex);
    return heard.flatMap(([vm, frames]) => frames.filter(isIts).map(() => vm));
  }

  it('carry what is their tenants’ own, and nothing of another', async () => {
    const vms = Object.keys(net.lab.ready.vms);
    const pairs = vms.flatMap((a) => vms.filter((b) => a !== b).map((b) => [a, b] as const));
    for (const [i, result] of (await net.lab.pingMatrix(pairs, { count: 2 })).entries()) {
      const [a, b] = pairs[i] as readonly [string, string];
      const own = a.split('-')[0] === b.split('-')[0];
      expect([result.arrived, own ? result.received : 0], `${a}→${b}`).to.deep.equal(own ? [2, 2] : [0, 0]);
    }
    const { stdout } = await kakuri(['verify', '--json', '--api', net.kakuri.api]);
    expect(JSON.parse(stdout)).to.include({ verdict: 'isolated' });
  });

  it('take a packet from the VTEP of its source only, and count the rest', async () => {
    expect(await heardFrom(vtep(2, 'ipv6'), KEYS.red)).to.deep.equal(Array(COUNT).fill('red-vm1'));
    const drops = await net.dropped('hv1', async () => {
      // No tunnel port has such an end: Open vSwitch itself drops it, before any table.
      expect(await heardFrom('fd00:99::99', KEYS.red), 'nobody').to.deep.equal([]);
      expect(await heardFrom(vtep(3, 'ipv6'), KEYS.red), 'a host without a port of red').to.deep.equal([]);
      expect(await heardFrom(vtep(2, 'ipv6'), 0), 'key 0').to.deep.equal([]);
    });
    expect(drops).to.include({ tunnel_key: COUNT, tunnel_key_zero: COUNT });
  });

  it('are watched by BFD like all others', async () => {
    const tunnels = (await net.status()).hosts.find(({ name }) => name === 'hv1')?.tunnels ?? [];
    expect(tunnels).to.have.length(2);
    for (const { name } of tunnels)
      await eventually(`BFD of ${name}`, async () => {
        const { stdout } = await net.lab.vsctl('hv1', 'get', 'Interface', name, 'bfd_status');
        return stdout.includes('remote_state=up') && stdout.includes('forwarding="true"') ? true : stdout;
      });
  });
});
