/**
 * One simulated host behind the controller's HostLink: ovsdb-server, ovs-vswitchd, and the connections to both. Rows and
 * tables are in memory, everything takes a seeded time, and each part fails by itself: a connection is lost before a
 * request is carried out or after it, falls silent, ovs-vswitchd starts again with empty tables and other numbers.
 */
import { BRIDGE, type Change, type HostRows } from '../../src/desired/index.js';
import { type applied, EMPTY, type FlowPlan } from '../../src/diff/index.js';
import { ownerOf } from '../../src/pipeline/index.js';
import type { HostLink, SendResult } from '../../src/session/index.js';
import { Connection } from './connection.js';
import { SimulatedRows } from './simulated-rows.js';
import { SimulatedSwitch } from './simulated-switch.js';
import type { VirtualClock } from './virtual-clock.js';

export interface Surroundings {
  readonly clock: VirtualClock;
  readonly random: () => number;
  /** Carries out a plan; a test plants a defect here. */
  readonly carryOut: typeof applied;
  readonly tell: (event: string) => void;
  /** Something is as it must never be. */
  readonly violated: (what: string) => void;
  /** Tables or ports of the host are others now. */
  readonly moment: (host: SimulatedHost) => void;
}

/** Longest time of a message on its way, of ovs-vswitchd's turn, and of a connection made again, milliseconds. */
const LATENCY_MS = 40;
const TURN_MS = 30;
const RECONNECT_MS = 1500;

/** What the controller was told last. */
interface Seen {
  readonly rows: HostRows | undefined;
  readonly ports: ReadonlyMap<string, number> | undefined;
}

export class SimulatedHost {
  readonly name: string;
  rows = new SimulatedRows();
  vswitchd: SimulatedSwitch;
  flowMods = 0;
  /** Flows that somebody else took away: that the controller does not know yet is no fault of it. */
  readonly drifted = new Set<string>();
  /** Its network is silent. */
  isSilent = false;
  /** Times slower than others. */
  slowness = 1;
  readonly #around: Surroundings;
  #restarts = 0;
  #isDying = false;
  #epoch = 0;
  #seen: Seen = { rows: undefined, ports: undefined };
  #ovsdb: Connection | undefined;
  #openflow: Connection | undefined;
  /** Whoever waits until ovs-vswitchd has acted on the rows. */
  #waiting: (() => void)[] = [];
  #onChange: (() => void) | undefined;
  #onArrival: (ofport: number) => void = () => undefined;

  constructor(name: string, around: Surroundings) {
    this.name = name;
    this.#around = around;
    this.vswitchd = new SimulatedSwitch(1 + Math.floor(around.random() * 50));
  }

  get tables() {
    return this.vswitchd.tables;
  }

  /** Iface-ids of the VMs whose rows are on the bridge. */
  get plugged(): readonly string[] {
    return this.rows.snapshot.interfaces.flatMap(({ external_ids: { 'iface-id': id } }) =>
      id === undefined ? [] : [id],
    );
  }

  get hasBridge(): boolean {
    return this.rows.snapshot.bridges.some(({ name }) => name === BRIDGE);
  }

  plug(ifaceId: string, tap: string): void {
    const bridge = this.rows.snapshot.bridges.find(({ name }) => name === BRIDGE);
    if (bridge === undefined) return;
    this.#commit([
      { op: 'insert', table: 'Interface', name: 'i', row: { name: tap, external_ids: { 'iface-id': ifaceId } } },
      { op: 'insert', table: 'Port', name: 'p', row: { name: tap, interfaces: [{ inserted: 'i' }] } },
      ...this.#membership('insert', { inserted: 'p' }),
    ]);
  }

  unplug(ifaceId: string): void {
    const { interfaces, ports } = this.rows.snapshot;
    const uuids = interfaces.filter((row) => row.external_ids['iface-id'] === ifaceId).map(({ _uuid }) => _uuid);
    const found = ports.find((port) => port.interfaces.some((uuid) => uuids.includes(uuid)));
    if (found !== undefined) this.#commit(this.#membership('delete', { uuid: found._uuid }));
  }

  /** The VM behind the port says that it is there. */
  arrive(ifaceId: string): void {
    const port = [...this.vswitchd.ports.values()].find((p) => p.ifaceId === ifaceId);
    if (port !== undefined) this.#openflow?.tell(() => this.#onArrival(port.ofport));
  }

  /** The connections are lost, and made again after a while. */
  disconnect(which: 'ovsdb' | 'openflow' | 'both' = 'both'): void {
    if (which !== 'openflow') this.#lose('ovsdb');
    if (which !== 'ovsdb') this.#lose('openflow');
  }

  /** ovs-vswitchd is another, with empty tables, and other numbers unless it remembers. */
  restart(): void {
    this.#lose('openflow');
    const room = this.vswitchd.room;
    this.vswitchd = new SimulatedSwitch(1 + Math.floor(this.#around.random() * 50));
    this.vswitchd.room = room;
    this.drifted.clear();
    this.#restarts += 1;
    this.#around.moment(this);
    this.#turnSoon();
  }

  /** Nothing reaches the host or comes from it, and nobody is told. */
  silence(isSilent: boolean): void {
    this.isSilent = isSilent;
    this.#ovsdb?.pump();
    this.#openflow?.pump();
  }

  /** The controller is told once more what it knows. */
  repeat(): void {
    this.#onChange?.();
  }

  /** The link of one controller; of the one before nothing comes any more. */
  link(onChange: () => void, onArrival: (ofport: number) => void): HostLink {
    this.disconnect();
    this.#onChange = onChange;
    this.#onArrival = onArrival;
    const mine = onChange;
    const isMine = (): boolean => this.#onChange === mine;
    const ask = <V>(which: 'ovsdb' | 'openflow', work: () => V | Promise<V>): Promise<V> =>
      isMine() ? this.#ask(which, work) : Promise.reject(new Error(`${this.name}: closed`));
    const read = () => ask('openflow', () => this.tables);
    const dump = () => Promise.reject(new Error('nobody asks for dumps here'));
    return {
      name: this.name,
      rows: () => (isMine() ? this.#seen.rows : undefined),
      epoch: () => (isMine() && this.#openflow !== undefined ? this.#epoch : 0),
      switchPorts: () => (isMine() ? this.#seen.ports : undefined),
      troubles: () => (this.#openflow === undefined ? ['the switch is not connected'] : []),
      configure: (changes, unheeded) => ask('ovsdb', () => this.#configure(changes, unheeded === 'unheeded')),
      read,
      readOwners: async (owners) =>
        [...(await read()).flows.values()].filter(({ cookie }) => owners.includes(ownerOf(cookie))),
      readGroups: async () => (await read()).groups,
      readMeters: async () => (await read()).meters,
      meterDrops: () => ask('openflow', () => new Map<number, bigint>()),
      send: (plan) => ask('openflow', () => this.#take(plan)),
      onPunt: () => undefined,
      answer: () => undefined,
      counted: () => Promise.resolve([]),
      dump,
      dumpBridge: dump,
      close: async () => {
        if (!isMine()) return;
        this.#onChange = undefined;
        this.disconnect();
      },
    };
  }

  #membership(mutator: 'insert' | 'delete', port: { uuid: string } | { inserted: string }): readonly Change[] {
    const bridge = this.rows.snapshot.bridges.find(({ name }) => name === BRIDGE);
    if (bridge === undefined) return [];
    return [{ op: 'mutate', table: 'Bridge', at: { uuid: bridge._uuid }, column: 'ports', mutator, value: [port] }];
  }

  #commit(changes: readonly Change[]): void {
    this.rows.commit(changes);
    this.#around.moment(this);
    this.#tellRows();
    this.#turnSoon();
  }

  #configure(changes: readonly Change[], isUnheeded: boolean): Promise<void> | undefined {
    this.#around.tell(`${this.name} rows: ${changes.length} changes`);
    this.#commit(changes);
    return isUnheeded ? undefined : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** ovs-vswitchd looks at the rows in a moment. */
  #turnSoon(): void {
    const { clock, random } = this.#around;
    const restarts = this.#restarts;
    clock.at(clock.now + 1 + Math.floor(random() * TURN_MS * this.slowness), () => {
      if (restarts === this.#restarts) this.#turn();
    });
  }

  #turn(): void {
    const { clock, random, moment } = this.#around;
    const { snapshot } = this.rows;
    const isChanged = this.vswitchd.follow(snapshot);
    if (isChanged) moment(this);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
    if (isChanged) this.#tellPorts();
    const now = this.vswitchd;
    const late = snapshot.interfaces.filter(({ name, ofport }) => ofport !== now.ports.get(name)?.ofport);
    if (late.length > 0)
      clock.at(clock.now + 3 + Math.floor(random() * 13 * this.slowness), () => {
        for (const { _uuid, name } of late) {
          const ofport = now.ports.get(name)?.ofport;
          if (ofport !== undefined && this.vswitchd === now) this.rows.number(_uuid, ofport);
        }
        this.#tellRows();
      });
    if (this.#openflow === undefined) this.#connectSoon('openflow');
  }

  #tellRows(): void {
    const rows = this.rows.snapshot;
    this.#ovsdb?.tell(() => this.#see({ ...this.#seen, rows }));
  }

  #tellPorts(): void {
    const ports = this.vswitchd.numbers;
    this.#openflow?.tell(() => this.#see({ ...this.#seen, ports }));
  }

  #see(seen: Seen): void {
    this.#seen = seen;
    this.#onChange?.();
  }

  #lose(which: 'ovsdb' | 'openflow'): void {
    this.#isDying = true;
    if (which === 'ovsdb') {
      this.#ovsdb?.close();
      this.#ovsdb = undefined;
      this.#waiting = [];
    } else {
      this.#openflow?.close();
      this.#openflow = undefined;
    }
    this.#isDying = false;
    this.#see(which === 'ovsdb' ? { ...this.#seen, rows: undefined } : { ...this.#seen, ports: undefined });
    this.#connectSoon(which);
  }

  #connectSoon(which: 'ovsdb' | 'openflow'): void {
    const { clock, random } = this.#around;
    clock.at(clock.now + 1 + Math.floor(random() * RECONNECT_MS), () => this.#connect(which));
  }

  #connect(which: 'ovsdb' | 'openflow'): void {
    const isThere = which === 'ovsdb' ? this.#ovsdb : this.#openflow;
    if (isThere !== undefined || this.#onChange === undefined) return;
    if (this.isSilent) {
      this.#connectSoon(which);
      return;
    }
    // A switch knows its controller by the rows.
    if (which === 'openflow' && (!this.hasBridge || this.rows.snapshot.controllers.length === 0)) return;
    const { clock, random, violated } = this.#around;
    const way = { clock, random, latency: () => LATENCY_MS * this.slowness, isSilent: () => this.isSilent };
    const connection = new Connection(`${this.name} ${which}`, way, violated);
    if (which === 'ovsdb') {
      this.#ovsdb = connection;
      this.#tellRows();
      return;
    }
    this.#openflow = connection;
    this.#epoch += 1;
    this.#tellPorts();
  }

  #ask<V>(which: 'ovsdb' | 'openflow', work: () => V | Promise<V>): Promise<V> {
    const connection = which === 'ovsdb' ? this.#ovsdb : this.#openflow;
    return connection?.ask(work) ?? Promise.reject(new Error(`${this.name}: not connected`));
  }

  #take(plan: FlowPlan): SendResult {
    const { carryOut, tell, moment, random, violated } = this.#around;
    for (const flow of [...plan.add, ...plan.modify]) {
      const held = this.tables.flows.get(flow.identity);
      if (held?.content === flow.content && held.cookie === flow.cookie)
        violated(`${this.name}: needless FLOW_MOD: add ${flow.identity}`);
    }
    for (const { identity } of plan.remove)
      if (!this.tables.flows.has(identity) && !this.drifted.has(identity))
        violated(`${this.name}: needless FLOW_MOD: delete ${identity}`);
    const sent = this.vswitchd.take(plan, {
      carryOut,
      random,
      moment: () => {
        moment(this);
        return !(this.#isDying && random() < 0.5);
      },
    });
    const count = plan.add.length + plan.modify.length + plan.remove.length;
    this.flowMods += count;
    tell(
      `${this.name} +${plan.add.length} ~${plan.modify.length} -${plan.remove.length}${sent.committed ? '' : ` refused ${sent.refusals.map(({ about }) => about)}`}`,
    );
    moment(this);
    return sent;
  }

  /** Somebody takes a flow away. */
  drift(): void {
    const flows = [...this.tables.flows];
    const picked = flows[Math.floor(this.#around.random() * flows.length)];
    if (picked === undefined) return;
    this.drifted.add(picked[0]);
    this.vswitchd.tables = { ...this.tables, flows: new Map(flows.filter((entry) => entry !== picked)) };
    this.#around.moment(this);
  }

  /** The same host with the same ports, and empty tables. */
  fresh(around: Surroundings): SimulatedHost {
    const other = new SimulatedHost(this.name, around);
    other.rows = this.rows.copy();
    other.vswitchd.ports = this.vswitchd.ports;
    other.vswitchd.tables = EMPTY;
    return other;
  }
}
