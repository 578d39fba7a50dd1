/** What `flows` says: each flow that a switch holds now, as ovs-ofctl prints it, with its owner and its reason. */
import type { Owner } from '../desired/index.js';
import { isOurs } from '../pipeline/index.js';
import type { Controller } from './controller.js';

export interface FlowReport {
  readonly host: string;
  readonly table: string;
  readonly flow: string;
  /** `tenant/network/port`, as far as the owner has them; the kind of object; or `foreign`. */
  readonly owner: string;
  readonly why: string;
}

export interface FlowFilter {
  readonly host?: string;
  readonly tenant?: string;
  readonly network?: string;
}

/** The owner in words: `port red/web/red-vm1`. */
const ownerText = (owner: Owner): string => owner.id;

const wanted = (owner: Owner | undefined, { tenant, network }: FlowFilter): boolean =>
  (tenant === undefined || owner?.tenant === tenant) &&
  (network === undefined || owner?.network === network || owner?.network?.split('/')[1] === network);

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
      return flows
        .map((flow) => ({ flow, known: isOurs(flow.cookie) ? desired.get(flow.identity) : undefined }))
        .filter(({ known }) => wanted(known?.owner, filter))
        .sort(
          (a, b) =>
            a.flow.table_id - b.flow.table_id ||
            b.flow.priority - a.flow.priority ||
            (a.flow.text < b.flow.text ? -1 : 1),
        )
        .map(({ flow, known }) => ({
          host: link.name,
          table: tableName(flow.table_id),
          flow: flow.text,
          owner: known === undefined ? (isOurs(flow.cookie) ? 'kept' : 'foreign') : ownerText(known.owner),
          why:
            known?.why ??
            (isOurs(flow.cookie) ? 'kept as it is until its host has been heard' : 'not installed by Kakuri'),
        }));
    }),
  );
  return perHost.flat();
}
