/**
 * Whose a flow of a dump is and why it is there: the desired state is computed from the topology and from where the dumps
 * have its ports, and flows are found in it by table, priority and match. A flow that is not in it is told by its cookie.
 */
import type { HostFacts } from '../desired/index.js';
import { dropCodeOf, dropReason, isOurs, ownerOf } from '../pipeline/index.js';
import type { Topology } from '../topology/index.js';
import { compileMatch } from './compile.js';
import type { Reasons } from './leak-report.js';
import { type HostDump, isTunnel } from './model.js';
import { isOtherBridge } from './other-bridges.js';
import { type Settled, settle } from './settled.js';

/** Where the ports are, as a dump has them. */
export function factsOf(dump: Pick<HostDump, 'ports'>): HostFacts {
  const ports = [...dump.ports.values()];
  return {
    interfaces: ports
      .filter((port) => port.ifaceId !== undefined)
      .map(({ name, ofport, ifaceId }) => ({
        name,
        ofport,
        inactive: false,
        ...(ifaceId === undefined ? {} : { ifaceId }),
      })),
    // A trunk is an interface like any other; the topology says which.
    tunnels: ports
      .filter((port) => isTunnel(port) || port.ifaceId === undefined)
      .map(({ name, ofport }) => ({ name, ofport })),
  };
}

interface Known {
  readonly owner: string;
  readonly why: string;
}

/** Reasons for the flows of Kakuri's own hosts. Computed when first asked for, host by host. */
export function kakuriReasons(topology: Topology, all: readonly HostDump[]): Reasons {
  const dumps = all.filter((dump) => !isOtherBridge(dump));
  const byName = new Map(dumps.map((dump) => [dump.host, dump]));
  const owners = new Map<bigint, string>();
  const known = new Map<string, ReadonlyMap<string, Known>>();
  let settled: Settled | undefined;
  const flowsOf = (host: string): ReadonlyMap<string, Known> => {
    let flows = known.get(host);
    if (flows === undefined) {
      settled ??= settle(topology, new Map(dumps.map((dump) => [dump.host, factsOf(dump)])));
      const desired = settled.of(host).flows;
      for (const flow of desired) owners.set(ownerOf(flow.cookie), flow.owner.id);
      flows = new Map(
        desired.map(({ table_id, priority, match, owner, why }) => [
          `${table_id} ${priority} ${compileMatch(match).terms.join()}`,
          { owner: owner.id, why },
        ]),
      );
      known.set(host, flows);
    }
    return flows;
  };
  return (host, number) => {
    const dump = byName.get(host);
    if (dump === undefined) return { owner: 'foreign', why: 'a flow of another bridge' };
    const { table, priority, cookie, terms } = dump.flows.read(number);
    const found = flowsOf(host).get(`${table} ${priority} ${terms.join()}`);
    if (found !== undefined) return found;
    if (!isOurs(cookie)) return { owner: 'foreign', why: 'not installed by Kakuri' };
    const reason = dropReason(dropCodeOf(cookie));
    const why = reason === undefined ? 'not what the topology asks for' : `drops: ${reason}`;
    return { owner: owners.get(ownerOf(cookie)) ?? 'kakuri', why };
  };
}
