/**
 * A host that the controller does not reach goes on with the flows it has. Until it has been read again nothing may be
 * given to another network that those flows use, however long that takes.
 */
import { expect } from 'chai';
import { Controller } from '../../src/controller/index.js';
import { applied } from '../../src/diff/index.js';
import {
  type AllocateOptions,
  allocateKeys,
  EMPTY_MEMORY,
  QUARANTINE_MS,
  type Topology,
} from '../../src/topology/index.js';
import { CONTROLLER } from '../rows.js';
import { topologyOf } from '../world.js';
import { SimulatedHost, type Surroundings } from './simulated-host.js';
import { randomFrom, VirtualClock } from './virtual-clock.js';
import { Watch } from './watch.js';

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
const { underlay, hosts: all, networks } = topologyOf({ tenants: ['red', 'blue'] });

/** Two hosts, of which the first falls silent, and a file with fewer or more networks. */
class Installation {
  readonly clock = new VirtualClock(randomFrom(1));
  readonly hosts: readonly SimulatedHost[];
  readonly controller: Controller;
  #memory = EMPTY_MEMORY;

  constructor(tenants: readonly string[]) {
    const around: Surroundings = {
      clock: this.clock,
      random: randomFrom(2),
      carryOut: applied,
      tell: () => undefined,
      violated: (what) => expect.fail(what),
      moment: () => undefined,
    };
    this.hosts = all.map(({ name }) => new SimulatedHost(name, around));
    this.controller = new Controller({
      topology: this.file(tenants, 'right'),
      openLink: ({ name }, onChange, onArrival) => {
        const host = this.hosts.find((other) => other.name === name);
        if (host === undefined) throw new Error(`no host ${name}`);
        return host.link(onChange, onArrival);
      },
      controllerTarget: () => CONTROLLER,
      log: QUIET,
      now: () => this.clock.now,
      readEveryMs: QUARANTINE_MS,
    });
  }

  /** The file with the networks of these tenants, keys allocated as `kakuri run` does it. */
  file(
    tenants: readonly string[],
    hosts: AllocateOptions['hosts'] = this.controller.isCarriedOut ? 'right' : 'away',
  ): Topology {
    const drafts = networks
      .filter(({ tenant }) => tenants.includes(tenant))
      .map(({ key: _, ...network }) => ({ ...network, keyAt: { line: 1, column: 1 } }));
    const draft = { file: 'f', underlay, hosts: all, networks: drafts };
    const { topology, memory } = allocateKeys(draft, this.#memory, this.clock.now, { hosts });
    if (topology === undefined) throw new Error('the file is refused');
    this.#memory = memory;
    return topology;
  }

  async pass(ms: number): Promise<void> {
    const end = this.clock.now + ms;
    while (this.clock.now < end) await this.clock.step();
  }
}

describe('a host that is away for longer than keys rest', function () {
  this.timeout(20_000);

  /** The key that blue gets after red's has rested, and what the proof then says of the hosts. */
  async function history(returns: boolean, planted?: 'right') {
    const net = new Installation(['red']);
    net.clock.install();
    try {
      net.controller.start();
      await net.pass(5000);
      for (const tenant of ['red', 'blue'])
        for (const [i, host] of net.hosts.entries()) host.plug(`${tenant}-vm${i + 1}`, `${tenant}${i}`);
      await net.pass(5000);
      expect(net.controller.isCarriedOut).to.equal(true);
      net.hosts[0]?.silence(true);
      await net.pass(1000);
      net.controller.setTopology(net.file([]));
      await net.pass(2 * QUARANTINE_MS);
      if (returns) net.hosts[0]?.silence(false);
      await net.pass(10_000);
      expect(net.controller.isCarriedOut).to.equal(returns);
      const blue = net.file(['blue'], planted);
      net.controller.setTopology(blue);
      await net.pass(10_000);
      // The silent host still has red's VM, and its flows.
      const red = networks.flatMap((network) => (network.tenant === 'red' ? [{ ...network, key: 1 }] : []));
      const both = { ...blue, networks: [...blue.networks, ...(returns ? [] : red)] };
      return { key: blue.networks[0]?.key, found: found(both, net.hosts) };
    } finally {
      await net.controller.stop();
      await net.clock.quiet();
      net.clock.restore();
    }
  }

  it('goes on with a key that nobody else gets', async () => {
    const { key, found } = await history(false);
    expect(key).to.equal(2);
    // Blue's VMs do not reach each other before the host is back; nobody else's packets reach them.
    expect(found).to.match(/^LOST: a packet from blue/);
  });

  it('has given it up once it was read again', async () => {
    expect(await history(true)).to.deep.equal({ key: 1, found: 'nothing' });
  });

  it('would leak if the key were given all the same', async () => {
    expect((await history(false, 'right')).found).to.match(/^LEAK/);
  });
});

function found(topology: Topology, held: readonly SimulatedHost[]): string {
  try {
    new Watch(topology).rest(held);
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}
