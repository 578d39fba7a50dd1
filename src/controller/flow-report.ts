/** What `flows` says: each flow that a switch holds now, as ovs-ofctl prints it, with its owner, reason and hits. */
import type { DesiredFlow, Owner } from '../desired/index.js';
import { isOurs } from '../pipeline/index.js';
import type { CountedFlow } from '../session/index.js';
import { compileFlow, Explanation, FlowSet } from '../verify/index.js';
import type { Controller } from './controller.js';
import { namesOn } from './names.js';

export interface FlowReport {
  readonly host: string;
  readonly table: string;
  readonly flow: string;
  /** `tenant/network/port`, as far as the owner has them; the kind of object; or `foreign`. */
  readonly owner: string;
  readonly why: string;
  readonly tenant?: string;
  /** Path, `tenant/network`. */
  readonly network?: string;
  readonly port?: string;
  /** Of the intent that the host carries out; absent for what is not of it, and until the host has confirmed one. */
  readonly generation?: number;
  /** Packets that matched it, and their octets. */
  readonly packets: number;
  readonly bytes: number;
  /** What would be otherwise without it; only where it was asked for. */
  readonly without?: string;
}

export interface FlowFilter {
  readonly host?: string;
  readonly tenant?: string;
  readonly network?: string;
  /** Says what would be otherwise without each flow. */
  readonly explain?: boolean;
}

/** The owner in words: `port red/web/red-vm1`. */
const ownerText = (owner: Owner): string => owner.id;

const wanted = (owner: Owner | undefined, { tenant, network }: FlowFilter): boolean =>
  (tenant === undefined || owner?.tenant === tenant) &&
  (network === undefined || owner?.network === network || owner?.network?.split('/')[1] === network);

/** What is known of a flow that is in the desired state, or what is said of one that is not. */
function knownOf(
  flow: CountedFlow,
  known: DesiredFlow | undefined,
  generation: number | undefined,
): Pick<FlowReport, 'owner' | 'why' | 'tenant' | 'network' | 'port' | 'generation'> {
  if (known === undefined)
    return isOurs(flow.cookie)
      ? { owner: 'kept', why: 'kept as it is until its host has been heard' }
      : { owner: 'foreign', why: 'not installed by Kakuri' };
  const { tenant, network, port } = known.owner;
  return {
    owner: ownerText(known.owner),
    why: known.why,
    ...(tenant === undefined ? {} : { tenant }),
    ...(network === undefined ? {} : { network }),
    ...(port === undefined ? {} : { port }),
    ...(generation === undefined ? {} : { generation }),
  };
}

/** For each flow of a host what would be otherwise without it. */
function explained(controller: Controller, host: string, flows: readonly CountedFlow[]): (at: number) => string {
  const set = new FlowSet();
  for (const flow of flows) set.add(compileFlow(flow));
  const explanation = new Explanation(set, namesOn(controller.state.world, host));
  return (at) => explanation.without(at);
}

const inTableOrder = (a: { readonly flow: CountedFlow }, b: { readonly flow: CountedFlow }): number =>
  a.flow.table_id - b.flow.table_id || b.flow.priority - a.flow.priority || (a.flow.text < b.flow.text ? -1 : 1);

/** The flows of the hosts and owners asked for, read from the switches now, in table order. */
export async function flowReports(
  controller: Controller,
  filter: FlowFilter,
  tableName: (id: number) => string,
): Promise<readonly FlowReport[]> {
  const links = controller.links.filter((link) => filter.host === undefined || link.name === filter.host);
  const perHost = await Promise.all(
    links.map(async (link) => {
      const desired = new Map(controller.report(link.name).result?.desired?.flows.map((f) => [f.identity, f]) ?? []);
      const flows = await link.counted();
      const generation = controller.state.world.confirmed.get(link.name)?.held?.generation;
      const without = filter.explain === true ? explained(controller, link.name, flows) : undefined;
      return flows
        .map((flow, at) => ({ flow, at, known: isOurs(flow.cookie) ? desired.get(flow.identity) : undefined }))
        .filter(({ known }) => wanted(known?.owner, filter))
        .sort(inTableOrder)
        .map(({ flow, at, known }) => ({
          host: link.name,
          table: tableName(flow.table_id),
          flow: flow.text,
          ...knownOf(flow, known, generation),
          packets: Number(flow.packets),
          bytes: Number(flow.bytes),
          ...(without === undefined ? {} : { without: without(at) }),
        }));
    }),
  );
  return perHost.flat();
}
