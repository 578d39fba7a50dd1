/**
 * A host in memory that is as it should be from the start, and takes what it is sent. The hosts elsewhere of a large
 * installation are such: the controller computes for them as for any, and their switches cost nothing.
 */
import type { State } from '../../src/controller/state.js';
import { type DesiredState, desiredState, type HostRows, INSTALLED_KEY } from '../../src/desired/index.js';
import {
  type ActualFlow,
  type ActualState,
  actualOf,
  type FlowPlan,
  heldOtherwise,
  holdingExactly,
} from '../../src/diff/index.js';
import { ownerOf } from '../../src/pipeline/index.js';
import type { HostLink, SendResult } from '../../src/session/index.js';
import type { Topology } from '../../src/topology/index.js';
import { rightRows } from '../../test/rows.js';

export interface RightHostOptions {
  readonly topology: Topology;
  readonly host: string;
  /** Of its ports. */
  readonly ifaceIds: readonly string[];
  /** The controller's address as its row has it. */
  readonly target: string;
  readonly state: () => State;
}

/** Its rows, with the marks that its ports have when all is done. */
function markedRows({ topology, host, ifaceIds, target }: RightHostOptions): HostRows {
  const rows = rightRows(topology, host, ifaceIds);
  const interfaces = rows.interfaces.map((row) =>
    row.external_ids['iface-id'] === undefined
      ? row
      : { ...row, external_ids: { ...row.external_ids, [INSTALLED_KEY]: '1' } },
  );
  return { ...rows, interfaces, controllers: rows.controllers.map((row) => ({ ...row, target })) };
}

export class RightHost implements HostLink {
  readonly name: string;
  readonly #rows: HostRows;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #state: () => State;
  /** What it was sent since it was read, by owner and identity. */
  readonly #sent = new Map<bigint, Map<string, ActualFlow>>();

  constructor(options: RightHostOptions) {
    this.name = options.host;
    this.#rows = markedRows(options);
    this.#ports = new Map(
      this.#rows.interfaces.flatMap(({ name, ofport }) => (ofport === undefined ? [] : [[name, ofport] as const])),
    );
    this.#state = options.state;
  }

  #desired(): DesiredState {
    const { world, bound } = this.#state();
    return desiredState(world, this.name, bound);
  }

  rows = (): HostRows => this.#rows;
  epoch = (): number => 1;
  switchPorts = (): ReadonlyMap<string, number> => this.#ports;
  troubles = (): readonly string[] => [];
  configure = (): Promise<void> => Promise.resolve();
  read = (): Promise<ActualState> => Promise.resolve(holdingExactly(this.#desired()));
  readGroups = async (): Promise<ActualState['groups']> => heldOtherwise(this.#desired()).groups;
  readMeters = async (): Promise<ActualState['meters']> => heldOtherwise(this.#desired()).meters;
  meterDrops = () => Promise.resolve(new Map<number, bigint>());
  readOwners = async (owners: readonly bigint[]): Promise<readonly ActualFlow[]> =>
    owners.flatMap((owner) => [...(this.#sent.get(owner)?.values() ?? [])]);

  send = async ({ add, modify, remove }: FlowPlan): Promise<SendResult> => {
    for (const flow of remove) this.#sent.get(ownerOf(flow.cookie))?.delete(flow.identity);
    for (const flow of [...add, ...modify]) {
      const owner = ownerOf(flow.cookie);
      const known = this.#sent.get(owner) ?? new Map<string, ActualFlow>();
      this.#sent.set(owner, known.set(flow.identity, actualOf(flow)));
    }
    return { committed: true, refusals: [] };
  };

  onPunt = (): void => undefined;
  answer = (): void => undefined;
  counted = () => Promise.resolve([]);
  dump = () => Promise.resolve({ flows: '', groups: '', meters: '', ports: '', interfaces: '' });
  dumpBridge = () => this.dump();
  close = (): Promise<void> => Promise.resolve();
}
