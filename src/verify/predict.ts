/**
 * What the hosts will hold when a topology is in effect and every host has confirmed it: computed from the topology and
 * from what the dumps have now. What is not Kakuri's stays; VMs stay where they are plugged in. A tunnel port that does
 * not exist yet gets a number that is free: Open vSwitch may choose another, so flows are compared by names of ports.
 */
import { type DesiredState, desiredTunnels, type TunnelIntent } from '../desired/index.js';
import { isOurs } from '../pipeline/index.js';
import type { Topology } from '../topology/index.js';
import { dumpGroup } from './build.js';
import { compileFlow } from './compile.js';
import { desiredLine } from './line.js';
import { type DumpGroup, type DumpPort, FlowSet, type HostDump } from './model.js';
import { isOtherBridge } from './other-bridges.js';
import { factsOf } from './reasons.js';
import { settle } from './settled.js';
import { flowText } from './text.js';

export interface Prediction {
  /** Of every host of the topology, and of others' bridges as they are. */
  readonly dumps: readonly HostDump[];
  /** What Kakuri wants of each host. */
  readonly desired: ReadonlyMap<string, DesiredState>;
}

const EMPTY_PORTS: ReadonlyMap<number, DumpPort> = new Map();

/** The numbers Open vSwitch gives from 1 on; above are reserved ones. */
function freeNumber(taken: ReadonlySet<number>): number {
  let number = 1;
  while (taken.has(number)) number++;
  return number;
}

/** The host's ports with the tunnels that `after` wants, and without those that only `before` wanted. */
function portsAfter(now: HostDump | undefined, before: readonly TunnelIntent[], after: readonly TunnelIntent[]) {
  const present = [...(now?.ports ?? EMPTY_PORTS).values()];
  const byName = new Map(present.map((port) => [port.name, port]));
  const ours = new Set([...before, ...after].map(({ name }) => name));
  const ports = new Map(present.filter(({ name }) => !ours.has(name)).map((port) => [port.ofport, port]));
  // Numbers of ports that go are not given again at once.
  const taken = new Set(present.map(({ ofport }) => ofport));
  for (const { name, type, options } of after) {
    const ofport = byName.get(name)?.ofport ?? freeNumber(taken);
    taken.add(ofport);
    ports.set(ofport, { ofport, name, type, options });
  }
  return ports;
}

/** The tables of one host: what is desired, and what is not ours. */
function predictHost(
  host: string,
  desired: DesiredState,
  now: HostDump | undefined,
  ports: HostDump['ports'],
): HostDump {
  const flows = new FlowSet();
  const lines: string[] = [];
  for (const flow of desired.flows) {
    flows.add(compileFlow(flow));
    lines.push(desiredLine(flow));
  }
  if (now !== undefined)
    for (const flow of now.flows.numbers()) {
      if (isOurs(now.flows.cookie(flow))) continue;
      flows.add(now.flows.read(flow));
      lines.push(flowText(now, flow));
    }
  const groups = new Map<number, DumpGroup>(desired.groups.map((group) => [group.group_id, dumpGroup(group)]));
  const meters = new Set(desired.meters.map(({ meter_id }) => meter_id));
  return {
    host,
    flows,
    groups,
    meters,
    ports,
    ...(now?.elsewhere === undefined ? {} : { elsewhere: now.elsewhere }),
    lines: (flow) => lines[flow],
  };
}

/** `before`: the topology in effect now, whose tunnels are ours. */
export function predict(before: Topology, after: Topology, dumps: readonly HostDump[]): Prediction {
  const now = new Map(dumps.filter((dump) => !isOtherBridge(dump)).map((dump) => [dump.host, dump]));
  const ports = new Map(
    after.hosts.map(({ name }) => {
      const [was, will] = [before, after].map((topology) => desiredTunnels(topology, name));
      return [name, portsAfter(now.get(name), was ?? [], will ?? [])] as const;
    }),
  );
  const facts = new Map(
    after.hosts.map(({ name }) => [name, factsOf({ ports: ports.get(name) ?? EMPTY_PORTS })] as const),
  );
  const settled = settle(after, facts);
  const desired = new Map(after.hosts.map(({ name }) => [name, settled.of(name)] as const));
  const predicted = [...desired].map(([host, state]) =>
    predictHost(host, state, now.get(host), ports.get(host) ?? EMPTY_PORTS),
  );
  return { dumps: [...predicted, ...dumps.filter(isOtherBridge)], desired };
}
