/**
 * A network's encapsulation, key and kind of tunnels change while its VMs speak: every host takes both before any sends
 * the new, so a ping every 10 ms loses nothing; and what was accepted for the change is closed again after it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Encapsulation } from '../../src/topology/index.js';
import { parseFrame } from '../lab/parse-frame.js';
import { eventually, type Installation, sleep, startInstallation } from './installation.js';
import { KEYS, networks } from './networks.js';

describe('a change of encapsulation, key or tunnels', function () {
  this.timeout(60_000);
  let net: Installation;
  let file: string;

  const tunnels = async (host: string): Promise<readonly string[]> =>
    ((await net.status()).hosts.find((h) => h.name === host)?.tunnels ?? []).map((t) => t.name).sort();

  /** The tunnel packets between red's VMs, as `kind key`, over a while. */
  async function seen(): Promise<readonly string[]> {
    const stop = await net.lab.capture({ underlay: 'hv1' });
    await net.lab.ping('red-vm1', 'red-vm2', { count: 3 });
    const kinds = (await stop()).flatMap(({ hex }) => {
      const { tunnel } = parseFrame(hex);
      return tunnel?.inner.icmp === undefined ? [] : [`${tunnel.kind} ${tunnel.key}`];
    });
    return [...new Set(kinds)];
  }

  /** Edits the file under two pings every 10 ms, until `done` and a while longer; the packets lost. */
  async function lostOver(edit: (text: string) => string, done: () => Promise<true | string>): Promise<number[]> {
    const stops = await Promise.all([
      net.lab.startPing('red-vm1', 'red-vm2'),
      net.lab.startPing('blue-vm2', 'blue-vm1'),
    ]);
    await sleep(100);
    const text = readFileSync(file, 'utf8');
    const next = edit(text);
    expect(next).to.not.equal(text);
    writeFileSync(file, next);
    await eventually('the change to be carried out, and ended', done);
    await net.ready();
    await sleep(200);
    const results = await Promise.all(stops.map((stop) => stop()));
    for (const { sent } of results) expect(sent).to.be.greaterThan(30);
    return results.map(({ sent, received }) => sent - received);
  }

  const letters = { geneve: 'g', vxlan: 'v', gre: 'r', nvgre: 'r' } as const;
  /** Whether hv1 has tunnels of this encapsulation only, and takes red's packets by this key only. */
  const only = (encapsulation: keyof typeof letters, match: string) => async (): Promise<true | string> => {
    const names = await tunnels('hv1');
    const red = (await net.lab.flows('hv1', { names: false })).filter((f) =>
      / table=0, .*tun_src=10\.99\.0\.2.*load|table=0,.*tun_src=10\.99\.0\.2.*set_field/.test(f),
    );
    const right = names.every((name) => name[2] === letters[encapsulation]) && names.length > 0;
    return right && red.some((f) => f.includes(`tun_id=${match}`)) && red.length === 2 ? true : `${names} ${red}`;
  };

  before(async () => {
    net = await startInstallation(networks({ encapsulation: 'geneve', tunnels: 'mesh' }));
    await net.plugAll();
    file = net.lab.ready.topology;
    expect(await seen()).to.deep.equal([`geneve ${KEYS.red}`]);
  });
  after(() => net?.stop());

  const hex = (key: number) => `0x${key.toString(16)}`;
  const steps: readonly (readonly [Encapsulation, keyof typeof letters, string, string])[] = [
    ['geneve', 'vxlan', hex(KEYS.red), `vxlan ${KEYS.red}`],
    ['vxlan', 'gre', hex(KEYS.red), `gre ${KEYS.red}`],
    ['gre', 'nvgre', `${hex(KEYS.red * 256)}/0xffffff00`, `gre ${KEYS.red * 256}`],
  ];
  for (const [from, to, match, wire] of steps)
    it(`loses nothing from ${from} to ${to}`, async () => {
      const edit = (text: string) => text.replace(`"encapsulation": "${from}"`, `"encapsulation": "${to}"`);
      expect(await lostOver(edit, only(to, match))).to.deep.equal([0, 0]);
      expect(await seen()).to.deep.equal([wire]);
    });

  it('loses nothing from one key to another', async () => {
    const edit = (text: string) => text.replace(`"key": ${KEYS.red}`, '"key": 7777');
    expect(await lostOver(edit, only('nvgre', '0x1e6100/0xffffff00'))).to.deep.equal([0, 0]);
    expect(await seen()).to.deep.equal([`gre ${7777 * 256}`]);
  });

  /** The names of all tunnels on hv1. */
  const named = (pattern: RegExp) => async (): Promise<true | string> => {
    const names = await tunnels('hv1');
    return names.length === 2 && names.every((name) => pattern.test(name)) ? true : names.join();
  };

  it('loses nothing from nvgre to an IP tunnel, which carries no Ethernet, and back', async () => {
    const to = (text: string) => text.replace('"encapsulation": "nvgre"', '"encapsulation": "ip-tunnel"');
    expect(await lostOver(to, named(/^kki[0-9a-f]{8}$/))).to.deep.equal([0, 0]);
    const stop = await net.lab.capture({ underlay: 'hv1' });
    await net.lab.ping('red-vm1', 'red-vm2', { count: 3 });
    // GRE with a key (RFC 2890) around IPv4, not around Ethernet.
    const routed = (await stop()).filter(({ hex: octets }) => octets.includes('20000800'.concat('00001e61')));
    expect(routed.length).to.be.greaterThan(3);
    const back = (text: string) => text.replace('"encapsulation": "ip-tunnel"', '"encapsulation": "nvgre"');
    expect(await lostOver(back, named(/^kkr[0-9a-f]{8}$/))).to.deep.equal([0, 0]);
    expect(await seen()).to.deep.equal([`gre ${7777 * 256}`]);
  });

  it('loses nothing from mesh to flow, and only what comes while a new port has no flows yet the other way', async () => {
    const flow = async () => ((await tunnels('hv1')).join() === 'kkrflow' ? true : (await tunnels('hv1')).join());
    const edit = (text: string) => text.replace('"tunnels": "mesh"', '"tunnels": "flow"');
    expect(await lostOver(edit, flow)).to.deep.equal([0, 0]);
    const mesh = async () => {
      const names = await tunnels('hv1');
      return names.length === 2 && !names.includes('kkrflow') ? true : names.join();
    };
    const back = (text: string) => text.replace('"tunnels": "flow"', '"tunnels": "mesh"');
    const lost = await lostOver(back, mesh);
    for (const n of lost) expect(n).to.be.lessThan(50);
  });
});
