/**
 * What the file says in a simulation, edited at random: tenants with the same addresses, whose networks and ports come
 * and go, change key and encapsulation. Keys are allocated as `kakuri run` does it, with its memory.
 */
import {
  type AllocateOptions,
  allocateKeys,
  EMPTY_MEMORY,
  type Encapsulation,
  type KeyMemory,
  type NetworkDraft,
  type Port,
  type Topology,
} from '../../src/topology/index.js';

const TENANTS = ['blue', 'green', 'red'] as const;
const ENCAPSULATIONS = ['geneve', 'vxlan', 'gre', 'nvgre', 'ip-tunnel'] as const;
const PORTS = 3;

type Hosts = NonNullable<AllocateOptions['hosts']>;

interface Intended {
  readonly path: string;
  readonly tenant: string;
  encapsulation: Encapsulation;
  /** Given by the file; absent: allocated. */
  key: number | undefined;
  isThere: boolean;
  /** Numbers of the ports that the file leaves out. */
  readonly gone: Set<number>;
  /** The last octet of the first port's MAC address. */
  mac: number;
  /** Its guests are served, and its second port has meters. */
  rich: boolean;
}

export interface IntentOptions {
  readonly random: () => number;
  readonly hosts: number;
  /** How long keys rest, milliseconds; a test plants a defect here. */
  readonly quarantineMs?: number;
}

export class Intent {
  /** The state directory. */
  memory: KeyMemory = EMPTY_MEMORY;
  readonly #random: () => number;
  readonly #hosts: readonly { name: string; ovsdb: string; vtep: string }[];
  readonly #networks: readonly Intended[];
  readonly #allocation: AllocateOptions;
  #tunnels: 'mesh' | 'flow';
  #nextKey = 0x100000;

  constructor({ random, hosts, quarantineMs }: IntentOptions) {
    this.#random = random;
    this.#tunnels = random() < 0.5 ? 'mesh' : 'flow';
    this.#allocation = quarantineMs === undefined ? {} : { quarantineMs, hosts: 'right' };
    this.#hosts = Array.from({ length: hosts }, (_, i) => ({
      name: `hv${i + 1}`,
      ovsdb: `unix:/run/hv${i + 1}.sock`,
      vtep: `10.99.0.${i + 1}`,
    }));
    const encapsulation = this.#pick(ENCAPSULATIONS);
    this.#networks = TENANTS.flatMap((tenant) =>
      ['db', 'web'].map((name) => ({
        path: `${tenant}/${name}`,
        tenant,
        encapsulation,
        key: undefined,
        isThere: name === 'web' || random() < 0.3,
        gone: new Set<number>(),
        mac: 1,
        rich: random() < 0.3,
      })),
    );
  }

  /** Every port that the file may name. */
  get ifaceIds(): readonly string[] {
    return this.#networks.flatMap((network) => portsOf(network, false).map(({ ifaceId }) => ifaceId));
  }

  /** Changes something; says what. */
  edit(): string {
    const network = this.#pick(this.#networks);
    // Where keys do not rest, networks that come and go show it.
    const dice = this.#random() * (this.#allocation.quarantineMs === undefined ? 1 : 0.3);
    if (dice < 0.3) {
      network.isThere = !network.isThere;
      return `${network.path} ${network.isThere ? 'added' : 'removed'}`;
    }
    if (dice < 0.5) {
      const port = Math.floor(this.#random() * PORTS);
      if (!network.gone.delete(port)) network.gone.add(port);
      return `${network.path}: port ${port + 1} ${network.gone.has(port) ? 'removed' : 'added'}`;
    }
    if (dice < 0.65) {
      network.encapsulation = this.#pick(ENCAPSULATIONS);
      return `${network.path}: ${network.encapsulation}`;
    }
    if (dice < 0.8) {
      network.key = this.#random() < 0.3 ? undefined : this.#nextKey++;
      return `${network.path}: key ${network.key ?? 'allocated'}`;
    }
    if (dice < 0.88) {
      network.mac = network.mac === 1 ? 119 : 1;
      return `${network.path}: another MAC address`;
    }
    if (dice < 0.91) {
      network.rich = !network.rich;
      return `${network.path}: ${network.rich ? 'services and rates' : 'no services and rates'}`;
    }
    if (dice < 0.95) {
      const there = this.#random() < 0.5;
      for (const other of this.#networks) if (other.tenant === network.tenant) other.isThere = there;
      return `tenant ${network.tenant} ${there ? 'added' : 'removed'}`;
    }
    this.#tunnels = this.#tunnels === 'mesh' ? 'flow' : 'mesh';
    return `tunnels: ${this.#tunnels}`;
  }

  /** The file as a topology, with its keys; `wall`: milliseconds since 1970; `hosts`: as in AllocateOptions. */
  topology(wall: number, hosts: Hosts): Topology {
    const draft = {
      file: 'topology.yaml',
      underlay: { encapsulation: 'geneve' as const, tunnels: this.#tunnels, mtu: 1500 },
      hosts: this.#hosts,
      networks: this.#networks.filter(({ isThere }) => isThere).map(draftOf),
    };
    const { topology, memory, problems } = allocateKeys(draft, this.memory, wall, { hosts, ...this.#allocation });
    if (topology === undefined) throw new Error(`the file is refused: ${problems.map(({ message }) => message)}`);
    this.memory = memory;
    return topology;
  }

  #pick = <T>(list: readonly T[]): T => list[Math.floor(this.#random() * list.length)] as T;
}

const octet = (n: number): string => n.toString(16).padStart(2, '0');

function portsOf({ path, tenant, gone, mac, rich }: Intended, present: boolean): readonly Port[] {
  const all = Array.from({ length: PORTS }, (_, i) => ({
    path: `${path}/vm${i + 1}`,
    name: `vm${i + 1}`,
    ifaceId: `${tenant}-${path.split('/')[1]}-vm${i + 1}`,
    mac: `02:00:00:00:01:${octet(i === 0 ? mac : i + 1)}`,
    ips: [`192.168.0.${i + 1}`],
    ...(rich && i === 1 ? { broadcastRate: 10, qos: { rate: 1000, dscp: 10 } } : {}),
  }));
  return present ? all.filter((_, i) => !gone.has(i)) : all;
}

const draftOf = (network: Intended): NetworkDraft => ({
  path: network.path,
  tenant: network.tenant,
  name: network.path.split('/')[1] as string,
  encapsulation: network.encapsulation,
  ...(network.key === undefined ? {} : { key: network.key }),
  keyAt: { line: 1, column: 1 },
  subnets: ['192.168.0.0/24'],
  mtu: 1400,
  ...(network.rich ? { dhcp: { dns: ['192.168.0.53'], routes: [], gateway: '192.168.0.254', lease: 3600 } } : {}),
  ports: portsOf(network, true),
});
