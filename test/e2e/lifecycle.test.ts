/**
 * What comes and goes: ports, the controller, ovs-vswitchd, ovsdb-server. Nothing is lost that need not be, and nothing
 * crosses tenants meanwhile.
 */
import { expect } from 'chai';
import { BROADCAST, ETH, ethernet, IP_PROTO, ipv4, udp } from '../lab/frames.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';
import { KEYS, networks } from './networks.js';

const MARKS = { red: Buffer.from('kakuri-mark-red!'), blue: Buffer.from('kakuri-mark-blue') } as const;
type Tenant = keyof typeof MARKS;

const ADDRESS = { mac: '02:00:00:00:01:01', ip: '192.168.0.1' };
const PEER = { mac: '02:00:00:00:01:02', ip: '192.168.0.2' };

/** What red-vm1 and blue-vm1 both could send: to vm2, and to everybody; only the mark tells whose it is. */
const frames = (tenant: Tenant): Buffer[] => {
  const packet = (dst: string) =>
    ipv4({ src: ADDRESS.ip, dst, proto: IP_PROTO.udp }, udp({ sport: 4000, dport: 4001 }, MARKS[tenant]));
  return [
    ethernet({ dst: PEER.mac, src: ADDRESS.mac, type: ETH.ipv4 }, packet(PEER.ip)),
    ethernet({ dst: BROADCAST, src: ADDRESS.mac, type: ETH.ipv4 }, packet('255.255.255.255')),
  ];
};

/** Sends from red-vm1 and blue-vm1 without pause, records at all VMs; `stop` gives who got what of another tenant, and how much at all. */
async function crossfire(net: Installation): Promise<() => Promise<{ crossed: string[]; arrived: number }>> {
  const vms = Object.entries(net.lab.ready.vms);
  const stops = await Promise.all(
    vms.map(async ([name, vm]) => [name, vm.tenant, await net.lab.capture({ vm: name })] as const),
  );
  let on = true;
  const loops = (['red', 'blue'] as const).map(async (tenant) => {
    while (on) await net.lab.sendFrames({ vm: `${tenant}-vm1` }, frames(tenant), { count: 20, interval: 0.005 });
  });
  return async () => {
    on = false;
    await Promise.all(loops);
    await sleep(200);
    const crossed: string[] = [];
    let arrived = 0;
    for (const [name, tenant, stop] of stops)
      for (const frame of await stop()) {
        if (frame.dir !== 'in') continue;
        for (const [of, mark] of Object.entries(MARKS))
          if (frame.hex.includes(mark.toString('hex'))) {
            arrived += 1;
            if (of !== tenant) crossed.push(`${of} at ${name}`);
          }
      }
    return { crossed, arrived };
  };
}

const heals = (net: Installation) =>
  eventually('red-vm1 to reach red-vm2 again', async () => {
    const { received } = await net.lab.ping('red-vm1', 'red-vm2', { count: 1, timeout: 0.3 });
    return received === 1 ? true : 'no reply';
  });

const flowModsSent = async (net: Installation): Promise<number> =>
  (await net.status()).hosts.reduce((sum, host) => sum + host.flowModsSent, 0);

describe('lifecycle', function () {
  this.timeout(90_000);
  let net: Installation;

  before(async () => {
    net = await startInstallation(networks());
  });
  after(() => net?.stop());

  it('forwards nothing from a port that is not bound, before and after', async () => {
    await net.lab.plug('red-vm2');
    await net.lab.plug('red-vm1', { iface_id: 'nobody' });
    await net.ready(['red-vm2']);
    const stop = await net.lab.capture({ vm: 'red-vm2' });
    const drops = await net.dropped('hv1', () => net.lab.sendFrames({ vm: 'red-vm1' }, frames('red'), { count: 3 }));
    expect(drops.no_identity).to.equal(6);
    await net.lab.plug('red-vm1');
    await net.ready(['red-vm1', 'red-vm2']);
    await heals(net);
    await net.lab.vsctl(
      'hv1',
      'set',
      'Interface',
      net.lab.ready.vms['red-vm1']?.tap as string,
      'external_ids:iface-id=nobody',
    );
    await net.ready(['red-vm2']);
    const later = await net.dropped('hv1', () => net.lab.sendFrames({ vm: 'red-vm1' }, frames('red'), { count: 3 }));
    expect(later.no_identity).to.equal(6);
    expect((await stop()).filter((f) => f.hex.includes(MARKS.red.toString('hex')))).to.deep.equal([]);
  });

  it('finds a port wherever it appears, moves or goes', async () => {
    await net.plugAll();
    await net.lab.unplug('green-vm2');
    const status = await net.ready(Object.keys(net.lab.ready.vms).filter((vm) => vm !== 'green-vm2'));
    expect(status.ports.find((p) => p.name === 'green-vm2')).to.deep.include({ state: 'unbound', host: null });
    await net.lab.plug('green-vm2');
    await net.plugAll();
  });

  it('loses no packet when the controller is killed, and sends no flow_mod when it starts again', async () => {
    const stopPing = await net.lab.startPing('red-vm1', 'red-vm2', { interval: 0.01 });
    await sleep(300);
    const killed = performance.now();
    await net.end('SIGKILL');
    await sleep(700);
    await net.run();
    await net.ready(Object.keys(net.lab.ready.vms));
    await sleep(300);
    const { sent, received } = await stopPing();
    expect(sent).to.be.greaterThan(50);
    expect(received).to.equal(sent);
    expect(await flowModsSent(net)).to.equal(0);
    // The switch's own word for it: every flow is older than the kill.
    const ages = (await net.lab.flows('hv1')).map((flow) => Number(/duration=([\d.]+)s/.exec(flow)?.[1]));
    expect(Math.min(...ages)).to.be.greaterThan((performance.now() - killed) / 1000);
  });

  it('cleans what is left of a port that went while the controller was away', async () => {
    await net.end('SIGKILL');
    const before = (await net.lab.flows('hv1')).length;
    await net.lab.unplug('red-vm3');
    await sleep(200);
    expect((await net.lab.flows('hv1')).length).to.equal(before);
    await net.run();
    await net.ready(Object.keys(net.lab.ready.vms).filter((vm) => vm !== 'red-vm3'));
    const flows = await net.lab.flows('hv1');
    const delivering = flows.filter((flow) => flow.includes('output:') && flow.includes('02:00:00:00:01:03'));
    const ofRed = delivering.filter((flow) => flow.includes(`reg0=0x${KEYS.red.toString(16)},`));
    expect([delivering.length > 0, ofRed]).to.deep.equal([true, []]);
    await net.plugAll();
  });

  it('is given numbers that rest: one that was freed is not given to the next port', async () => {
    const { ofport } = await net.lab.plug('blue-vm3');
    for (let i = 0; i < 5; i++) {
      await net.lab.unplug('blue-vm3');
      expect((await net.lab.plug('blue-vm3')).ofport).to.not.equal(ofport);
    }
    await net.plugAll();
  });

  it('drops what comes from a stale number once the controller is back, and says how many it removed', async () => {
    const { ofport } = await net.lab.plug('blue-vm3');
    await net.end('SIGKILL');
    await net.lab.unplug('blue-vm3');
    // Another tenant's VM takes the number: Open vSwitch gives it away again only when asked for it.
    await net.lab.unplug('red-vm3');
    const taken = await net.lab.plug('red-vm3', { ofport_request: ofport });
    expect(taken.ofport).to.equal(ofport);
    await net.run();
    await net.ready(Object.keys(net.lab.ready.vms).filter((vm) => vm !== 'blue-vm3'));
    const stop = await crossfire(net);
    await net.lab.sendFrames({ vm: 'red-vm3' }, frames('red'), { count: 5 });
    await sleep(300);
    expect((await stop()).crossed).to.deep.equal([]);
    expect(await flowModsSent(net)).to.be.greaterThan(0);
    await net.plugAll();
  });

  describe('restarts', () => {
    before(() => net.plugAll());

    for (const [what, act] of [
      ['ovs-vswitchd restarts with nothing restored', (n: Installation) => n.lab.restart('hv1', { save: false })],
      ['ovs-vswitchd restarts and saved flows are restored', (n: Installation) => n.lab.restart('hv1', { save: true })],
      ['ovsdb-server restarts', (n: Installation) => n.lab.restartOvsdb('hv1', { kill: true })],
      [
        'ovs-vswitchd is killed',
        async (n: Installation) => {
          await n.lab.stopVswitchd('hv1', { kill: true });
          await n.lab.startVswitchd('hv1');
        },
      ],
    ] as const)
      it(`heals by itself when ${what}, and nothing crosses tenants meanwhile`, async () => {
        const stop = await crossfire(net);
        await act(net);
        await heals(net);
        await net.ready(Object.keys(net.lab.ready.vms));
        const { crossed, arrived } = await stop();
        expect(crossed).to.deep.equal([]);
        expect(arrived).to.be.greaterThan(0);
      });

    it('lets no saved flow be restored: the bridge starts empty', async () => {
      const rundir = net.lab.ready.hosts.hv1?.rundir as string;
      const shell = async (script: string) =>
        (await net.lab.shell({ host: 'hv1' }, `cd ${rundir}; export OVS_RUNDIR=$PWD; ${script}`)).stdout;
      await net.end();
      await shell('bash /usr/share/openvswitch/scripts/ovs-save save-flows br-int > save.sh');
      expect(await shell('grep -c replace-flows save.sh')).to.equal('1\n');
      await net.lab.stopVswitchd('hv1');
      await shell('ovs-vsctl --no-wait set Open_vSwitch . other_config:flow-restore-wait=true');
      await net.lab.startVswitchd('hv1');
      await shell('bash save.sh');
      expect(await net.lab.flows('hv1')).to.deep.equal([]);
      await shell('ovs-vsctl --no-wait remove Open_vSwitch . other_config flow-restore-wait=true');
      await net.run();
      await net.plugAll();
    });

    for (const away of [false, true])
      it(`lets nothing cross when flows are saved, ports swap their numbers, and the flows are restored${away ? ' while the controller is away' : ''}`, async () => {
        const tap = (vm: string) => net.lab.ready.vms[vm]?.tap as string;
        const number = async (vm: string) =>
          (await net.lab.vsctl('hv1', 'get', 'Interface', tap(vm), 'ofport')).stdout.trim();
        const [red, blue] = [await number('red-vm1'), await number('blue-vm1')];
        const request = (vm: string, ofport: string) => ['set', 'Interface', tap(vm), `ofport_request=${ofport}`];
        const stop = await crossfire(net);
        if (away) await net.end('SIGKILL');
        await net.lab.restart('hv1', { save: true, between: [request('red-vm1', blue), request('blue-vm1', red)] });
        if (away) {
          await sleep(1000);
          await net.run();
        }
        await heals(net);
        await net.ready(Object.keys(net.lab.ready.vms));
        expect([await number('red-vm1'), await number('blue-vm1')]).to.deep.equal([blue, red]);
        const { crossed, arrived } = await stop();
        expect(crossed).to.deep.equal([]);
        expect(arrived).to.be.greaterThan(0);
      });
  });
});
