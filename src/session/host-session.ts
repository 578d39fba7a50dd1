/**
 * One host: its OVSDB, which Kakuri dials, and its switch, which dials Kakuri. Holds the connections and nothing else:
 * what the host is comes out as values, what is to be done goes in as values.
 */

import type { Names, Session } from 'ts-openflow';
import type { Change, HostRows, SwitchPorts } from '../desired/index.js';
import {
  type ActualFlow,
  type ActualState,
  type FlowPlan,
  isEmpty,
  type PreparedPort,
  type TablesRead,
} from '../diff/index.js';
import { TABLES } from '../pipeline/index.js';
import type { Host } from '../topology/index.js';
import type { DumpTexts } from '../verify/index.js';
import { followArrivals } from './arrivals.js';
import { carryOut } from './changes.js';
import { readBridgeTexts, readDumpTexts } from './dump-texts.js';
import { EarlyPorts } from './early-ports.js';
import { type HostOvsdbOptions, ovsdbOf } from './host-ovsdb.js';
import { type HostClient, isRelevant, RowReader } from './host-rows.js';
import type { CountedFlow, HostLink, SendResult } from './link.js';
import { followProbes, type ProbeWay, sendProbe } from './probes.js';
import { followPunts, type Punt, sendAnnouncement, sendAnswer } from './punts.js';
import { sendPlan } from './send-plan.js';
import { followPorts } from './switch-ports.js';
import {
  readCounted,
  readGroups,
  readMeterDrops,
  readMeters,
  readOwners,
  readTableOctets,
  readTables,
} from './switch-tables.js';

/**
 * Milliseconds from a change of rows to what is made of it. The switch hears of a new port's row at the same moment, and
 * the port waits for the switch first: where it shares its cores with the controller, it goes first.
 */
const AFTER_SWITCH_MS = 5;
/**
 * Milliseconds from the octets of a port opened early to what else is made of it, where no other host waits for that: the
 * switch needs the core for the port's first packets. (Of 1, 3, 6 and 10 the longer ones were faster; bench/README.md.)
 */
const AFTER_EARLY_MS = 10;

export class HostSession implements HostLink {
  readonly name: string;
  readonly #client: HostClient;
  readonly #ovsdb: string;
  readonly #onChange: () => void;
  readonly #reader = new RowReader();
  readonly #early = new EarlyPorts();
  readonly #onArrival: (ofport: number) => void;
  #rows: HostRows | undefined;
  #switch: Session | undefined;
  #ports: SwitchPorts | undefined;
  #epoch = 0;
  #synced = 0;
  #onPunt: (punt: Punt) => void = () => undefined;
  #onProbe: (frame: Buffer) => void = () => undefined;
  #preparedFor: (name: string, ofport: number) => PreparedPort | undefined = () => undefined;
  #trouble: string | undefined;
  #telling: NodeJS.Timeout | undefined;
  /** Numbers that the switch gave new ports whose rows are still on their way. */
  readonly #rowless = new Map<string, number>();
  /** A port was opened early, of which the controller will be told a little later. */
  #openedEarly = false;

  /** `onArrival`: a VM behind this port says that it has arrived (table `arrival`). */
  constructor(
    host: Host,
    onChange: () => void,
    onArrival: (ofport: number) => void = () => undefined,
    options: HostOvsdbOptions = {},
  ) {
    this.#onArrival = onArrival;
    this.name = host.name;
    this.#ovsdb = host.ovsdb;
    this.#onChange = onChange;
    this.#client = ovsdbOf(host, options);
    this.#client.onChange((changes) => {
      if (!changes.some(isRelevant)) return;
      this.#rows = this.#reader.read(this.#client);
      if (this.#openWithRows()) this.#tellAfterEarly();
      else this.#tellLater();
    });
    this.#client.onStatus((status) => {
      this.#trouble = status.state === 'synced' ? undefined : `OVSDB ${host.ovsdb}: ${status.reason ?? status.state}`;
      if (status.state === 'synced') {
        this.#synced += 1;
        this.#rows = this.#reader.read(this.#client);
      }
      onChange();
    });
    this.#client.start();
  }

  /** Of a change of rows: in a moment, or with the next word of the switch. */
  #tellLater(): void {
    this.#telling ??= setTimeout(() => this.#tell(), AFTER_SWITCH_MS);
  }

  #tellAfterEarly(): void {
    this.#openedEarly = true;
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => this.#tell(), AFTER_EARLY_MS);
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#openedEarly = false;
    this.#early.told();
    this.#onChange();
  }

  /** Opens a new port by what was prepared for it; true where nobody waits for what else is to be done. */
  #openEarly(session: Session, name: string, ofport: number): boolean {
    if (this.#switch !== session) return false;
    if (!this.#hasRow(name)) {
      this.#rowless.set(name, ofport);
      return false;
    }
    const prepared = this.#preparedFor(name, ofport);
    if (prepared === undefined || prepared.version !== session.version) return false;
    this.#early.open(session, prepared, ofport);
    // Ports that may be on this host only are known to the others already (desired/bound.ts).
    return prepared.port.hosts?.length === 1;
  }

  #hasRow = (name: string): boolean => this.#rows?.interfaces.some((row) => row.name === name) === true;

  /** The same for ports whose rows came after the switch's word; true where a port was opened and nobody waits. */
  #openWithRows(): boolean {
    const session = this.#switch;
    if (session === undefined || this.#rowless.size === 0) return false;
    const names = new Set(this.#rows?.interfaces.map(({ name }) => name));
    let opened = false;
    for (const [name, ofport] of this.#rowless) {
      if (!names.has(name)) continue;
      this.#rowless.delete(name);
      if (this.#ports?.get(name) === ofport && this.#openEarly(session, name, ofport)) opened = true;
    }
    return opened;
  }

  rows(): HostRows | undefined {
    return this.#trouble === undefined ? this.#rows : undefined;
  }

  epoch(): number {
    return this.#switch === undefined ? 0 : this.#epoch;
  }

  switchPorts(): SwitchPorts | undefined {
    return this.#ports;
  }

  reconnects(): { readonly openflow: number; readonly ovsdb: number } {
    return { openflow: Math.max(0, this.#epoch - 1), ovsdb: Math.max(0, this.#synced - 1) };
  }

  troubles(): readonly string[] {
    const troubles = this.#trouble === undefined ? [] : [this.#trouble];
    if (this.#switch === undefined) troubles.push('the switch is not connected by OpenFlow');
    return troubles;
  }

  /** The address by which this host's OVSDB sees us; undefined on a unix socket. */
  get localAddress(): string | undefined {
    return this.#client.localAddress;
  }

  /** True while a switch is connected: a second one that claims to be this host gets nothing. */
  get hasSwitch(): boolean {
    return this.#switch !== undefined;
  }

  /** Takes a switch's session as this host's own, until it closes. */
  attach(session: Session): void {
    this.#switch = session;
    this.#epoch += 1;
    this.#early.forget();
    this.#rowless.clear();
    let opened = false;
    const tell = (ports: SwitchPorts): void => {
      if (this.#switch !== session) return;
      this.#ports = ports;
      if (opened) this.#tellAfterEarly();
      else if (!this.#openedEarly) this.#tell();
      opened = false;
    };
    const stop = followPorts(session, tell, (name, ofport) => {
      opened = this.#openEarly(session, name, ofport);
    });
    const stopPunts = followPunts(session, (punt) => this.#onPunt(punt));
    const stopProbes = followProbes(session, (frame) => this.#onProbe(frame));
    const stopArrivals = followArrivals(session, this.#onArrival);
    void session.closed.then(() => {
      stop();
      stopPunts();
      stopProbes();
      stopArrivals();
      if (this.#switch !== session) return;
      this.#switch = undefined;
      this.#ports = undefined;
      this.#onChange();
    });
  }

  configure(changes: readonly Change[], unheeded?: 'unheeded'): Promise<void> {
    return carryOut(this.#client, changes, unheeded === undefined);
  }

  async read(): Promise<ActualState> {
    this.#early.forget();
    return readTables(this.#session());
  }

  async readTables(): Promise<TablesRead> {
    this.#early.forget();
    return readTableOctets(this.#session());
  }

  async readOwners(owners: readonly bigint[]): Promise<readonly ActualFlow[]> {
    return readOwners(this.#session(), owners);
  }

  async readGroups(ids?: readonly number[]): Promise<ActualState['groups']> {
    return readGroups(this.#session(), ids);
  }

  async readMeters(ids?: readonly number[]): Promise<ActualState['meters']> {
    return readMeters(this.#session(), ids);
  }

  async meterDrops(): Promise<ReadonlyMap<number, bigint>> {
    return readMeterDrops(this.#session());
  }

  async send(plan: FlowPlan): Promise<SendResult> {
    const session = this.#session();
    const rest = await this.#early.settle(plan);
    if (rest !== plan && isEmpty(rest)) return { committed: true, refusals: [] };
    const { added, ...sent } = await sendPlan(session, rest);
    return rest === plan && added !== undefined ? { ...sent, added } : sent;
  }

  preparedFor(find: (name: string, ofport: number) => PreparedPort | undefined): void {
    this.#preparedFor = find;
  }

  openedEarly(): number {
    return this.#early.opened;
  }

  keepEarly(numbers: ReadonlyMap<string, number>): Promise<void> {
    return this.#early.keep(numbers);
  }

  onPunt(listener: (punt: Punt) => void): void {
    this.#onPunt = listener;
  }

  answer(punt: Punt, frame: Buffer): void {
    if (this.#switch !== undefined) sendAnswer(this.#switch, punt, frame);
  }

  announce(network: number, mac: string): void {
    if (this.#switch !== undefined) sendAnnouncement(this.#switch, network, mac);
  }

  probe(way: ProbeWay, frame: Buffer): void {
    if (this.#switch !== undefined) sendProbe(this.#switch, way, frame);
  }

  onProbe(listener: (frame: Buffer) => void): void {
    this.#onProbe = listener;
  }

  async counted(): Promise<readonly CountedFlow[]> {
    return readCounted(this.#session(), this.#names());
  }

  async dump(): Promise<DumpTexts> {
    return readDumpTexts(this.#session(), this.#rows?.interfaces ?? []);
  }

  async dumpBridge(bridge: string): Promise<DumpTexts> {
    return readBridgeTexts(this.#ovsdb, bridge, this.#rows?.interfaces ?? []);
  }

  async close(): Promise<void> {
    clearTimeout(this.#telling);
    this.#switch?.close();
    this.#client.close();
  }

  /** Names as `ovs-ofctl --names` prints them. */
  #names(): Names {
    return {
      ports: new Map([...(this.#ports ?? [])].map(([name, ofport]) => [ofport, name])),
      tables: new Map(TABLES.map((table) => [table.id, table.name])),
    };
  }

  #session(): Session {
    if (this.#switch === undefined) throw new Error(`${this.name}: the switch is not connected`);
    return this.#switch;
  }
}
