/**
 * Faults of connections, clocks, disks and tables, with the whole controller on real Open vSwitch: what is not concerned loses no
 * packet and is sent nothing, the other hosts go on, and what is concerned is right again by itself.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startLab } from '../lab/lab.js';
import { eventually, Installation, sleep } from './installation.js';
import { type Middle, startMiddle } from './middle.js';
import { networks } from './networks.js';

/** The wall clock of the controller goes wrong by an hour at each SIGUSR2: forward, then back beyond where it was. */
const CLOCK = `
  const now = Date.now; let offset = 0;
  Date.now = () => now() + offset;
  process.on('SIGUSR2', () => { offset = offset > 0 ? -3600e3 : 3600e3; console.error('clock', offset); });`;

describe('faults', function () {
  this.timeout(60_000);
  const dir = mkdtempSync(join(tmpdir(), 'kakuri-faults-'));
  let net: Installation;
  let openflow: Middle;
  let ovsdb: Middle;
  let hv1 = '';
  let advertise = '';

  const hostState = async (name: string) => (await net.status()).hosts.find((host) => host.name === name);
  const flowModsSent = async (name: string) => (await hostState(name))?.flowModsSent ?? 0;
  const everybody = () => net.ready(Object.keys(net.lab.ready.vms));
  const logged = (pattern: RegExp, since: number) =>
    eventually(`the log to say ${pattern}`, async () => {
      const { stdout, stderr } = net.kakuri.output;
      const lines = `${stdout}${stderr}`.slice(since);
      return pattern.test(lines) ? true : lines.slice(-2000);
    });
  const logLength = () => net.kakuri.output.stdout.length + net.kakuri.output.stderr.length;
  const ok = async (outcome: Promise<{ rc: number; stdout: string; stderr: string }>) => {
    const { rc, stdout, stderr } = await outcome;
    if (rc !== 0) throw new Error(stderr);
    return stdout;
  };
  /** A port of hv2 goes, comes back and has its flows there, whatever is wrong elsewhere. (All wait for all until it is installed.) */
  const replug = async () => {
    await net.lab.unplug('blue-vm2');
    const { tap } = await net.lab.plug('blue-vm2');
    await eventually(
      'hv2 to have the flows of its port',
      async () => (await net.lab.flows('hv2')).some((flow) => flow.includes(`in_port="${tap}"`)) || 'none',
      5000,
    );
  };
  /** How often the connections were made again, by host. */
  const reconnects = async (protocol: 'openflow' | 'ovsdb') => {
    const text = await (await fetch(`${net.kakuri.api}/metrics`)).text();
    const of = (host: string) =>
      Number(new RegExp(`kakuri_reconnects_total\\{host="${host}",protocol="${protocol}"\\} (\\d+)`).exec(text)?.[1]);
    return { hv1: of('hv1'), others: of('hv2') + of('hv3') };
  };
  /** hv1's connection of this protocol is made again, and nobody else's, though nothing is sent again and no packet is lost. */
  const madeAgain = async (protocol: 'openflow' | 'ovsdb', fault: () => void) => {
    const [before, sent] = [await reconnects(protocol), await flowModsSent('hv1')];
    await whilePinging(async () => {
      fault();
      await eventually('the connection to be made again', async () => {
        const { hv1: times } = await reconnects(protocol);
        return times === before.hv1 + 1 || `${times} times`;
      });
      await everybody();
    });
    expect((await reconnects(protocol)).others).to.equal(before.others);
    expect(await flowModsSent('hv1')).to.equal(sent);
  };
  /** Red's VMs on hv1 and hv2 ping each other while `act` runs; none is lost. */
  const whilePinging = async (act: () => Promise<void>) => {
    const stop = await net.lab.startPing('red-vm1', 'red-vm2', { interval: 0.02, timeout: 2 });
    await act();
    const { sent, received } = await stop();
    expect(sent).to.be.greaterThan(10);
    expect(received, 'pings answered').to.equal(sent);
  };

  before(async () => {
    const lab = await startLab(networks());
    net = new Installation(lab, join(dir, 'state'));
    const { management, topology, hosts } = lab.ready;
    hv1 = management.replace(/\d+$/, '1');
    openflow = await startMiddle({ host: management, port: 0 }, { host: management, port: 6653 });
    const real = hosts.hv1?.ovsdb.replace(/^unix:/, '') as string;
    ovsdb = await startMiddle({ path: join(dir, 'ovsdb') }, { path: real });
    net.topology = join(dir, 'topology.yaml');
    writeFileSync(net.topology, readFileSync(topology, 'utf8').replaceAll(real, join(dir, 'ovsdb')));
    writeFileSync(join(dir, 'clock.mjs'), CLOCK);
    net.process = { env: { NODE_OPTIONS: `--import ${join(dir, 'clock.mjs')}` } };
    advertise = `tcp:${management}:${openflow.port}`;
    await net.run('--advertise', advertise);
    await net.ready();
    await net.plugAll();
  });
  after(async () => {
    await openflow?.close();
    await ovsdb?.close();
    await net?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('a clock that jumps by an hour, forward and back: nothing is sent, nothing lost, changes go on', async () => {
    const before = await Promise.all(['hv1', 'hv3'].map(flowModsSent));
    await whilePinging(async () => {
      for (const offset of [3600e3, -3600e3]) {
        const since = logLength();
        process.kill(net.kakuri.pid, 'SIGUSR2');
        await logged(new RegExp(`clock ${offset}`), since);
        await sleep(300);
        expect(await Promise.all(['hv1', 'hv3'].map(flowModsSent))).to.deep.equal(before);
      }
      await replug();
    });
    await everybody();
  });

  it('the event loop held up for seconds: hosts go on, and what came meanwhile is done afterwards', async () => {
    await whilePinging(async () => {
      process.kill(net.kakuri.pid, 'SIGSTOP');
      try {
        await net.lab.unplug('blue-vm2');
        await sleep(6000);
        await net.lab.plug('blue-vm2');
      } finally {
        process.kill(net.kakuri.pid, 'SIGCONT');
      }
      await everybody();
    });
  });

  it('octets that are no OpenFlow, from a switch: its connection alone ends and comes back, nothing is sent again', () =>
    // A header whose message is shorter than itself.
    madeAgain('openflow', () => openflow.say(Buffer.from('0600000000000001', 'hex'), 'upstream', hv1)));

  it('octets that are no JSON, from an ovsdb-server: the same', () =>
    madeAgain('ovsdb', () => ovsdb.say(Buffer.from('{"id":1,"result":[[}!\u0000'), 'client')));

  it('a switch that stops reading: the others go on, it catches up', async () => {
    await whilePinging(async () => {
      openflow.stopReading(true, hv1);
      try {
        await replug();
      } finally {
        openflow.stopReading(false, hv1);
      }
      await everybody();
    });
  });

  it('a half-open connection to a switch: found out by the probe, made again, nothing lost; the others go on', async () => {
    const [since, { hv1: before }] = [logLength(), await reconnects('openflow')];
    await whilePinging(async () => {
      openflow.halfOpen(hv1);
      await replug();
      await logged(/"host":"hv1","state":"connecting"/, since); // 5 s of silence, and as much again
      openflow.mend();
      await eventually('a new connection', async () => (await reconnects('openflow')).hv1 > before || 'none yet');
      await everybody();
    });
    expect(net.kakuri.output.stdout.slice(since)).to.not.match(/"host":"hv[23]","state":"connecting"/);
  });

  it('drift of flows and of a tunnel’s options: found, told with what changed, and nothing but that put right', async () => {
    const contents = async () =>
      (await net.lab.flows('hv3'))
        .map((flow) => flow.replace(/(duration|n_packets|n_bytes|idle_age)=[^,]*, ?/g, ''))
        .sort();
    const [right, sent, since] = [await contents(), await flowModsSent('hv3'), logLength()];
    const tunnel = (await hostState('hv3'))?.tunnels[0]?.name as string;
    const of = (await net.lab.flows('hv3', { names: false })).find((flow) => flow.includes('arp_op=1')) as string;
    const match = (flow: string) => flow.replace(/.*?(table=\d+),.*?(priority=[^ ]*) actions=.*/, '$1,$2');
    await ok(net.lab.ofctl('hv3', ['-O', 'OpenFlow15', '--strict', 'del-flows', 'br-int', match(of)]));
    await eventually('the flow to be back', async () => {
      const now = await contents();
      return now.join('\n') === right.join('\n') ? true : `${now.length} of ${right.length} flows`;
    });
    await logged(/"host":"hv3","drift":\["flow gone: [^"]+"\]/, since);
    expect(await flowModsSent('hv3')).to.equal(sent + 1);
    await ok(net.lab.vsctl('hv3', 'set', 'Interface', tunnel, 'options:key=7'));
    await eventually('the option to be back', async () => {
      const key = await ok(net.lab.vsctl('hv3', 'get', 'Interface', tunnel, 'options:key'));
      return key.trim() === 'flow' ? true : key;
    });
    await logged(new RegExp(`"host":"hv3","rows":\\["Interface ${tunnel} set: options`), since);
    await net.plugAll();
  });

  it('a table that is full: told with the flow it concerns, the rest of the host goes on, right when there is room', async () => {
    await net.lab.unplug('blue-vm2');
    await net.ready(Object.keys(net.lab.ready.vms).filter((vm) => vm !== 'blue-vm2'));
    const count = (await net.lab.flows('hv2', { names: false })).filter((flow) => /table=0,/.test(flow)).length;
    const table = (await ok(net.lab.vsctl('hv2', 'get', 'Bridge', 'br-int', 'flow_tables:0'))).trim();
    await ok(net.lab.vsctl('hv2', 'set', 'Flow_Table', table, `flow_limit=${count}`, 'overflow_policy=refuse'));
    await whilePinging(async () => {
      await net.lab.plug('blue-vm2');
      await eventually('the full table to be told', async () => {
        const host = await hostState('hv2');
        const told = host?.errors.join() ?? '';
        return host?.state === 'blocked' && /blue-vm2.*table.?full/i.test(told) ? true : told;
      });
      await ok(net.lab.vsctl('hv2', 'clear', 'Flow_Table', table, 'flow_limit'));
      await everybody();
    });
  });

  it('a full disk under the state directory: told, nothing changed, and taken up when there is room', async () => {
    await net.end();
    const state = join(dir, 'state');
    const mount = 'mount -t tmpfs -o size=8k tmpfs "$0" && exec "$@"';
    net.process = { through: ['unshare', '-m', 'sh', '-c', mount, state] };
    await net.run('--advertise', advertise);
    await everybody();
    const file = net.topology as string;
    const [right, generation, since] = [readFileSync(file, 'utf8'), (await net.status()).generation, logLength()];
    const many = (n: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: n }, (_, i) => [`net${i}`, {}])));
    await whilePinging(async () => {
      writeFileSync(file, withTenant(right, many(1000)));
      await logged(/disk is full[^\n]*nothing changed/, since);
      expect((await net.status()).generation).to.equal(generation);
      writeFileSync(file, withTenant(right, many(2)));
      await eventually(
        'the smaller file to be taken',
        async () => (await net.status()).generation > generation || 'not yet',
      );
      await everybody();
    });
  });
});

/** The topology with one tenant more, whose networks have no keys of their own. */
function withTenant(text: string, nets: string): string {
  const file = JSON.parse(text) as { tenants: Record<string, unknown> };
  return JSON.stringify({ ...file, tenants: { ...file.tenants, yellow: { networks: JSON.parse(nets) } } });
}
