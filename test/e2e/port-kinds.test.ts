/**
 * The kinds of ports that hypervisors make, and what happens to them: internal ports moved into a VM, taps with a process
 * behind, another number, a standby, a link that is down. (The lab's own VM ports are veths.)
 */
import { expect } from 'chai';
import { ETH, ethernet, IP_PROTO, ipv4, udp } from '../lab/frames.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';
import { networks } from './networks.js';

const vm = (n: number) => ({ mac: `02:00:00:00:01:0${n}`, ip: `192.168.0.${n}` });
const OTHERS = ['red-vm2', 'red-vm3'];
const MARK = Buffer.from('kakuri-tap-frame');

/**
 * What QEMU does with a tap: holds it open, writes a frame, and reads until another has come (argv: name, both in hex).
 * TUNSETIFF with IFF_TAP | IFF_NO_PI (linux/if_tun.h).
 */
const TAP_PROCESS = `
import fcntl, os, select, struct, sys, time
name, frame, wanted = sys.argv[1], bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3])
tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, 0x400454ca, struct.pack('16sH', name.encode(), 0x1002))
end = time.monotonic() + 15
while time.monotonic() < end:
    os.write(tap, frame)
    while select.select([tap], [], [], 0.2)[0]:
        got = os.read(tap, 2048)
        if got == wanted:
            sys.exit(0)
sys.exit('nothing came')
`;

describe('kinds of ports', function () {
  this.timeout(60_000);
  let net: Installation;

  const vsctl = async (...args: string[]) => {
    const { rc, stderr, stdout } = await net.lab.vsctl('hv1', ...args);
    expect(rc, stderr).to.equal(0);
    return stdout.trim();
  };
  const shell = async (place: { vm: string } | { host: string }, text: string) => {
    const { rc, stderr, stdout } = await net.lab.shell(place, `set -e\n${text}`, { timeout: 20 });
    expect(rc, stderr).to.equal(0);
    return stdout;
  };
  const reaches = async (from: string, to: string) => {
    const out = await net.lab.shell({ vm: from }, `ping -c 5 -i 0.2 -W 2 ${to}`, { timeout: 20 });
    expect(out.stdout, `${from} → ${to}`).to.match(/ [345] received/);
  };
  const state = async (name: string) => (await net.status()).ports.find((p) => p.name === name);
  const tapOf = (name: string): string => net.lab.ready.vms[name]?.tap as string;

  before(async () => {
    net = await startInstallation(networks());
    await Promise.all(OTHERS.map((name) => net.lab.plug(name)));
    await net.ready(OTHERS);
  });
  after(() => net?.stop());

  it('takes an internal port in the namespace of its VM, though its link reads as down', async () => {
    await vsctl(
      'add-port',
      'br-int',
      'vi0',
      '--',
      'set',
      'Interface',
      'vi0',
      'type=internal',
      'external_ids:iface-id=red-vm1',
    );
    await shell({ host: 'hv1' }, `ip link set vi0 netns ${net.lab.ready.vms['red-vm1']?.pid}`);
    await shell(
      { vm: 'red-vm1' },
      `ip link set eth0 down; ip link set vi0 address ${vm(1).mac} up; ethtool -K vi0 tx off >/dev/null; ip addr add ${vm(1).ip}/24 dev vi0`,
    );
    await net.ready(['red-vm1', ...OTHERS]);
    expect(await vsctl('get', 'Interface', 'vi0', 'link_state')).to.equal('down');
    await reaches('red-vm1', vm(2).ip);
    await reaches('red-vm1', vm(3).ip);
    await vsctl('del-port', 'br-int', 'vi0');
    await shell({ vm: 'red-vm1' }, `ip link set eth0 up; ip addr replace ${vm(1).ip}/24 dev eth0`);
    await net.ready(OTHERS);
  });

  it('takes a tap with a process behind it, and no more from it than from any VM', async () => {
    await shell({ host: 'hv1' }, 'ip tuntap add dev qtap0 mode tap; ip link set qtap0 up');
    await vsctl('add-port', 'br-int', 'qtap0', '--', 'set', 'Interface', 'qtap0', 'external_ids:iface-id=red-vm1');
    await net.ready(['red-vm1', ...OTHERS]);
    const frame = (from: number, to: number) =>
      ethernet(
        { dst: vm(to).mac, src: vm(from).mac, type: ETH.ipv4 },
        ipv4({ src: vm(from).ip, dst: vm(to).ip, proto: IP_PROTO.udp }, udp({ sport: 4000, dport: 4001 }, MARK)),
      );
    const record = await net.lab.capture({ vm: 'red-vm2' });
    const guest = net.lab.exec(
      { host: 'hv1' },
      ['/usr/bin/python3', '-c', TAP_PROCESS, 'qtap0', frame(1, 2).toString('hex'), frame(2, 1).toString('hex')],
      { timeout: 25 },
    );
    for (let tries = 0; tries < 10; tries++) {
      await net.lab.sendFrames({ vm: 'red-vm2' }, [frame(2, 1)]);
      if ((await Promise.race([guest, sleep(500)])) !== undefined) break;
    }
    const { rc, stderr } = await guest;
    expect(rc, stderr).to.equal(0);
    const got = (await record()).filter((f) => f.dir === 'in' && f.hex.endsWith(MARK.toString('hex')));
    expect(got.length).to.be.greaterThan(0);
    expect(new Set(got.map((f) => f.hex))).to.deep.equal(new Set([frame(1, 2).toString('hex')]));
    const drops = await net.dropped('hv1', () =>
      net.lab.exec(
        { host: 'hv1' },
        [
          '/usr/bin/timeout',
          '1',
          '/usr/bin/python3',
          '-c',
          TAP_PROCESS,
          'qtap0',
          frame(3, 2).toString('hex'),
          '00'.repeat(30),
        ],
        { timeout: 25 },
      ),
    );
    expect(drops.mac_spoof).to.be.greaterThan(0);
    await vsctl('del-port', 'br-int', 'qtap0');
    await shell({ host: 'hv1' }, 'ip link del qtap0');
    await net.ready(OTHERS);
  });

  it('follows a port whose number changes under it', async () => {
    await net.lab.plug('red-vm1');
    await net.ready(['red-vm1', ...OTHERS]);
    await reaches('red-vm1', vm(2).ip);
    const before = (await state('red-vm1'))?.ofport;
    await vsctl('set', 'Interface', tapOf('red-vm1'), 'ofport_request=77');
    expect(await vsctl('get', 'Interface', tapOf('red-vm1'), 'ofport')).to.equal('77');
    await eventually('red-vm1 to have the number 77', async () => {
      const { ofport } = (await state('red-vm1')) ?? {};
      return ofport === 77 ? true : String(ofport);
    });
    await net.ready(['red-vm1', ...OTHERS]);
    await reaches('red-vm1', vm(2).ip);
    const left = (await net.lab.flows('hv1', { names: false })).filter((f) => f.includes(`in_port=${before},`));
    expect(left).to.deep.equal([]);
  });

  it("keeps tenants apart when a port takes another's number", async () => {
    await net.lab.plug('blue-vm1');
    await net.ready(['blue-vm1', 'red-vm1', ...OTHERS]);
    // blue-vm1 takes the number of red-vm1, which has the same addresses.
    await vsctl('clear', 'Interface', tapOf('red-vm1'), 'ofport_request');
    await vsctl('set', 'Interface', tapOf('blue-vm1'), 'ofport_request=77');
    await eventually('blue-vm1 to have the number 77', async () => {
      const { ofport } = (await state('blue-vm1')) ?? {};
      return ofport === 77 ? true : String(ofport);
    });
    await net.ready(['blue-vm1', 'red-vm1', ...OTHERS]);
    const record = await Promise.all(['red-vm2', 'red-vm3'].map((v) => net.lab.capture({ vm: v })));
    const mark = Buffer.from('blue is not red!');
    await net.lab.sendFrames(
      { vm: 'blue-vm1' },
      [
        ethernet(
          { dst: 'ff:ff:ff:ff:ff:ff', src: vm(1).mac, type: ETH.ipv4 },
          ipv4({ src: vm(1).ip, dst: '255.255.255.255', proto: IP_PROTO.udp }, udp({ sport: 4000, dport: 4001 }, mark)),
        ),
      ],
      { count: 5 },
    );
    await sleep(200);
    const crossed = (await Promise.all(record.map((stop) => stop())))
      .flat()
      .filter((f) => f.hex.includes(mark.toString('hex')));
    expect(crossed.length).to.equal(0);
    await reaches('red-vm1', vm(2).ip);
    await net.lab.unplug('blue-vm1');
    await net.ready(['red-vm1', ...OTHERS]);
  });

  it('ignores a standby port, and takes it when it becomes active', async () => {
    await vsctl('set', 'Interface', tapOf('red-vm1'), 'external_ids:iface-status=inactive');
    await net.ready(OTHERS);
    expect(await state('red-vm1')).to.deep.include({ state: 'unbound', host: null });
    const drops = await net.dropped('hv1', () => net.lab.shell({ vm: 'red-vm1' }, `ping -c 2 -i 0.2 -W 1 ${vm(2).ip}`));
    expect(drops.no_identity).to.be.greaterThan(0);
    await vsctl('set', 'Interface', tapOf('red-vm1'), 'external_ids:iface-status=active');
    await net.ready(['red-vm1', ...OTHERS]);
    await reaches('red-vm1', vm(2).ip);
  });

  it('asks neither for the link of a port to be up, nor what MAC address the interface has', async () => {
    const flowMods = async () => (await net.status()).hosts.map((h) => h.flowModsSent);
    const before = await flowMods();
    await vsctl('set', 'Interface', tapOf('red-vm1'), 'external_ids:attached-mac="02:00:00:00:99:99"');
    await shell(
      { host: 'hv1' },
      `ip link set ${tapOf('red-vm1')} address 02:00:00:00:77:77; ip link set ${tapOf('red-vm1')} down`,
    );
    await sleep(500);
    expect(await vsctl('get', 'Interface', tapOf('red-vm1'), 'link_state')).to.equal('down');
    expect(await state('red-vm1')).to.deep.include({ state: 'installed' });
    await shell({ host: 'hv1' }, `ip link set ${tapOf('red-vm1')} up`);
    await reaches('red-vm1', vm(2).ip);
    await net.ready(['red-vm1', ...OTHERS]);
    expect(await flowMods()).to.deep.equal(before);
    // The guest's own MAC address is another matter.
    await shell({ vm: 'red-vm1' }, 'ip link set eth0 address 02:00:00:00:77:01');
    const drops = await net.dropped('hv1', () => net.lab.shell({ vm: 'red-vm1' }, `ping -c 2 -i 0.2 -W 1 ${vm(2).ip}`));
    expect(drops.mac_spoof).to.be.greaterThan(0);
  });
});
