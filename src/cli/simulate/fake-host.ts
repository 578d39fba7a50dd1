/**
 * One fake host: an OVSDB server and an OpenFlow switch in memory that speak over real sockets, and between them what
 * ovs-vswitchd does for a controller: numbers for new ports, `cur_cfg` after `next_cfg`, and a connection to whatever
 * controller the bridge's row names.
 */
import { type FakeServer, startFakeServer } from 'ovsdb-client/testing';
import { FakeSwitch } from 'ts-openflow/testing';
import { SCHEMA } from './schema.js';

const DATABASE = 'Open_vSwitch';
const BRIDGE = 'br-int';
/** Milliseconds before a switch dials again, as OVS's first back-off. */
const REDIAL_MS = 1000;

type Atom = string | bigint | number | boolean;
type Element = readonly [key: Atom, value?: Atom];
interface Row {
  readonly uuid: string;
  readonly columns: { readonly [column: string]: readonly Element[] };
}

export class FakeHost {
  readonly switch: FakeSwitch;
  readonly #server: FakeServer;
  readonly #root: string;
  readonly #taps = new Map<string, string>();
  #nextPort = 1;
  #target: string | undefined;
  #stopped = false;
  #settling = false;

  private constructor(server: FakeServer, datapathId: bigint) {
    this.#server = server;
    this.switch = new FakeSwitch({ datapath_id: datapathId });
    const row = {
      ovs_version: '3.1.0',
      iface_types: ['set', ['geneve', 'gre', 'internal', 'vxlan']],
    };
    const [result] = server.transact(DATABASE, [{ op: 'insert', table: DATABASE, row }]);
    this.#root = ((result as { uuid: readonly string[] }).uuid[1] ?? '') as string;
    server.onCommit(() => this.#settleSoon());
  }

  /** `listen`: where its OVSDB is reached, as `ptcp:0:127.0.0.1` or `punix:PATH`. */
  static async start(datapathId: bigint, listen: string): Promise<FakeHost> {
    return new FakeHost(await startFakeServer({ schemas: [SCHEMA], listen }), datapathId);
  }

  /** The address of its OVSDB. */
  get remote(): string {
    return this.#server.remote;
  }

  /** True when the controller has made its bridge. */
  get hasBridge(): boolean {
    return this.#bridge() !== undefined;
  }

  /** The type of each tunnel port that it has. */
  tunnelTypes(): readonly string[] {
    const types = this.#rows('Interface').map(({ columns }) => String(columns.type?.[0]?.[0] ?? ''));
    return types.filter((type) => type !== '' && type !== 'internal');
  }

  /** Adds VM ports to the bridge, in one transaction, as `ovs-vsctl add-port` does. */
  plug(ifaceIds: readonly string[]): void {
    const bridge = this.#bridge();
    if (bridge === undefined) throw new Error('the host has no bridge yet');
    const names = ifaceIds.map((ifaceId) => this.#tapOf(ifaceId));
    const operations = ifaceIds.flatMap((ifaceId, i) => [
      {
        op: 'insert',
        table: 'Interface',
        'uuid-name': `iface${i}`,
        row: { name: names[i], external_ids: ['map', [['iface-id', ifaceId]]] },
      },
      {
        op: 'insert',
        table: 'Port',
        'uuid-name': `port${i}`,
        row: { name: names[i], interfaces: ['named-uuid', `iface${i}`] },
      },
    ]);
    const ports = ifaceIds.map((_, i) => ['named-uuid', `port${i}`]);
    this.#transact([...operations, this.#mutateBridge(bridge, 'insert', ports)]);
  }

  /** Takes a VM port off the bridge. */
  unplug(ifaceId: string): void {
    const bridge = this.#bridge();
    const port = this.#rows('Port').find((row) => row.columns.name?.[0]?.[0] === this.#taps.get(ifaceId));
    if (bridge === undefined || port === undefined) throw new Error(`no port ${ifaceId}`);
    this.#transact([this.#mutateBridge(bridge, 'delete', [['uuid', port.uuid]])]);
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.switch.close();
    await this.#server.close();
  }

  /** A name of its own, short enough for a switch to tell it whole. */
  #tapOf(ifaceId: string): string {
    const name = this.#taps.get(ifaceId) ?? `tap${this.#taps.size}`;
    this.#taps.set(ifaceId, name);
    return name;
  }

  #mutateBridge(bridge: Row, mutator: string, ports: readonly unknown[]): object {
    const where = [['_uuid', '==', ['uuid', bridge.uuid]]];
    return { op: 'mutate', table: 'Bridge', where, mutations: [['ports', mutator, ['set', ports]]] };
  }

  #transact(operations: readonly unknown[]): void {
    const results = this.#server.transact(DATABASE, operations);
    const failed = results.find((result) => typeof result === 'object' && result !== null && 'error' in result);
    if (failed !== undefined) throw new Error(`the fake host's own transaction: ${JSON.stringify(failed)}`);
  }

  #rows(table: string): readonly Row[] {
    const rows = this.#server.databases.get(DATABASE)?.tables.get(table) ?? new Map();
    return [...rows].map(([uuid, row]) => ({ uuid, columns: row.columns }));
  }

  #bridge(): Row | undefined {
    return this.#rows('Bridge').find((row) => row.columns.name?.[0]?.[0] === BRIDGE);
  }

  #settleSoon(): void {
    if (this.#settling || this.#stopped) return;
    this.#settling = true;
    setImmediate(() => {
      this.#settling = false;
      if (!this.#stopped) this.#settle();
    });
  }

  /** What ovs-vswitchd does with a new configuration. */
  #settle(): void {
    const bridge = this.#bridge();
    const operations: unknown[] = bridge === undefined ? [] : this.#number(bridge);
    const root = this.#rows(DATABASE)[0]?.columns;
    const [next, current] = [root?.next_cfg?.[0]?.[0], root?.cur_cfg?.[0]?.[0]];
    if (next !== current)
      operations.push({ op: 'update', table: DATABASE, where: this.#isRoot, row: { cur_cfg: next } });
    if (operations.length > 0) this.#transact(operations);
    if (bridge !== undefined) this.#follow(bridge);
  }

  get #isRoot(): readonly unknown[] {
    return [['_uuid', '==', ['uuid', this.#root]]];
  }

  /** Numbers for the bridge's interfaces that have none; the switch's ports are the bridge's. */
  #number(bridge: Row): unknown[] {
    const members = new Set(bridge.columns.ports?.map(([uuid]) => uuid));
    const wanted = new Set(
      this.#rows('Port')
        .filter(({ uuid }) => members.has(uuid))
        .flatMap(({ columns }) => columns.interfaces?.map(([uuid]) => uuid) ?? []),
    );
    const operations: unknown[] = [];
    const present = new Set<string>();
    for (const { uuid, columns } of this.#rows('Interface')) {
      if (!wanted.has(uuid)) continue;
      const name = String(columns.name?.[0]?.[0]);
      present.add(name);
      if ((columns.ofport?.length ?? 0) > 0) continue;
      const ofport = name === BRIDGE ? 0xfffe : this.#nextPort++;
      if (name !== BRIDGE) this.switch.addPort({ port_no: ofport, name: name.slice(0, 15) });
      operations.push({ op: 'update', table: 'Interface', where: [['_uuid', '==', ['uuid', uuid]]], row: { ofport } });
    }
    const shown = new Set([...present].map((name) => name.slice(0, 15)));
    for (const port of [...this.switch.ports]) if (!shown.has(port.name)) this.switch.removePort(port.port_no);
    return operations;
  }

  /** Dials the controller that the bridge's row names, and again whenever it is gone. */
  #follow(bridge: Row): void {
    const [first] = bridge.columns.controller ?? [];
    const row = this.#rows('Controller').find(({ uuid }) => uuid === first?.[0]);
    const target = row?.columns.target?.[0]?.[0];
    if (typeof target !== 'string' || target === this.#target) return;
    this.switch.disconnect();
    this.#target = target;
    this.#dial(target);
  }

  #dial(target: string): void {
    if (this.#stopped || this.#target !== target) return;
    this.switch.dial(target, () => setTimeout(() => this.#dial(target), REDIAL_MS).unref());
  }
}
