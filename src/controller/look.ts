/**
 * A look at a host: its rows and ports as values, and what follows from them. Computed once for each set of rows, however
 * often it is asked for: between two changes of the rows a host is passed over many times.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type ConfigPlan,
  configPlan,
  desiredTunnels,
  type HostFacts,
  hostFacts,
  type TopologyIndex,
  type TunnelIntent,
} from '../desired/index.js';
import type { HostLink } from '../session/index.js';
import type { Topology } from '../topology/index.js';

export interface Look {
  /** What the rows lack; undefined while OVSDB is not heard. */
  readonly config: ConfigPlan | undefined;
  /** Undefined while OVSDB or the switch is not heard. The same value as before where nothing changed. */
  readonly facts: HostFacts | undefined;
}

/** The last value of a function of some values, kept while they stay the same. */
class Kept<A extends readonly unknown[], V> {
  #of: A | undefined;
  #value: V | undefined;

  get(of: A, compute: (before: V | undefined) => V): V {
    if (this.#of === undefined || of.some((value, i) => value !== this.#of?.[i])) {
      this.#value = compute(this.#value);
      this.#of = of;
    }
    return this.#value as V;
  }
}

/** Marks are our own writing: they matter when a host is heard first, and are no news after that. */
const unmarked = ({ interfaces, tunnels }: HostFacts) => ({
  interfaces: interfaces.map(({ mark: _, ...row }) => row),
  tunnels,
});

const same = (facts: HostFacts, before: HostFacts | undefined): HostFacts =>
  before !== undefined && isDeepStrictEqual(unmarked(facts), unmarked(before)) ? before : facts;

/** What is looked up in a topology: by an index of it, else found anew. */
type Found = Partial<Pick<TopologyIndex, 'tunnels' | 'byIfaceId'>>;

const tunnelsOf = ({ tunnels }: Found, topology: Topology, host: string): readonly TunnelIntent[] =>
  tunnels === undefined ? desiredTunnels(topology, host) : tunnels(host);

export class HostLook {
  readonly #config = new Kept<readonly unknown[], ConfigPlan>();
  readonly #facts = new Kept<readonly unknown[], HostFacts>();

  /** `target`: what the host is told to connect to; `index`: of the topology. */
  at(link: HostLink, topology: Topology, controllerTarget: string, index: Found = {}): Look {
    const rows = link.rows();
    const config =
      rows &&
      this.#config.get([rows, topology, controllerTarget], () =>
        configPlan(
          {
            host: link.name,
            controllerTarget,
            topology,
            tunnels: tunnelsOf(index, topology, link.name),
            ...(index.byIfaceId === undefined ? {} : { ports: index.byIfaceId }),
          },
          rows,
        ),
      );
    return { config, facts: this.factsAt(link, topology, index) };
  }

  /** The facts alone. */
  factsAt(link: HostLink, topology: Topology, index: Found = {}): HostFacts | undefined {
    const rows = link.rows();
    const ports = link.switchPorts();
    if (rows === undefined || ports === undefined) return undefined;
    return this.#facts.get([rows, ports, topology], (before) =>
      same(hostFacts(topology, link.name, rows, ports, tunnelsOf(index, topology, link.name)), before),
    );
  }
}
