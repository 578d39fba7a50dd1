/** `kakuri flows`: what the switches hold now, in ovs-ofctl syntax, each flow with its owner and reason. */
import type { FlowReport } from '../controller/index.js';
import { type AskOptions, ask, withApi } from './ask.js';
import { command, type Declare } from './command.js';

interface Options extends AskOptions {
  readonly json?: boolean;
  readonly tenant?: string;
  readonly network?: string;
  readonly explain?: boolean;
  readonly dumps?: string;
  readonly state?: string;
}

/** Of the running controller's hosts. */
function live(host: string | undefined, options: Options): Promise<readonly FlowReport[]> {
  const query = new URLSearchParams();
  if (host !== undefined) query.set('host', host);
  if (options.tenant !== undefined) query.set('tenant', options.tenant);
  if (options.network !== undefined) query.set('network', options.network);
  if (options.explain === true) query.set('explain', '1');
  return ask<FlowReport[]>(`/flows?${query}`, options);
}

/** Of saved dumps. */
async function saved(directory: string, host: string | undefined, options: Options): Promise<readonly FlowReport[]> {
  const { dumpedFlows } = await import('./dumped-flows.js');
  const { tenant, network, explain, state } = options;
  const filter = {
    ...(host === undefined ? {} : { host }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(network === undefined ? {} : { network }),
    explain: explain === true,
  };
  return dumpedFlows(directory, filter, state);
}

/** What an owner's kind is called; `%` stands for the rest of its id. */
const KINDS: Readonly<Record<string, string>> = {
  tunnel: 'Tunnel port %',
  vtep: 'Tunnel port and host %',
  remote: 'On another host',
  address: 'Answer for an address',
  peer: 'Other host of the network',
};

/** Whose a flow is: `Port red-vm1 of network web of tenant red`. */
function whose({ owner, tenant, network, port }: FlowReport): string {
  const space = owner.indexOf(' ');
  const [kind, rest] = space < 0 ? [owner, ''] : [owner.slice(0, space), owner.slice(space + 1)];
  if (owner === 'host') return 'Every bridge';
  if (owner === 'foreign') return 'Foreign';
  if (owner === 'kept') return 'Left from before';
  const words = KINDS[kind]?.replace('%', rest);
  if (network === undefined) return words ?? owner;
  const name = network.slice((tenant ?? '').length + 1);
  const object = `${port === undefined ? '' : `port ${port} of `}network ${name} of tenant ${tenant}`;
  const detail = kind === 'peer' || kind === 'address' ? ` ${rest.slice(rest.lastIndexOf(' ') + 1)}` : '';
  return words === undefined ? `${object[0]?.toUpperCase()}${object.slice(1)}` : `${words}${detail}, ${object}`;
}

const packetsText = (packets: number): string => (packets === 1 ? '1 packet' : `${packets} packets`);

/** One flow as one sentence: whose, generation, hits, why, and what would be otherwise without it. */
export function sentence(report: FlowReport): string {
  const { generation, packets, why, without } = report;
  const known = generation === undefined ? '' : `, generation ${generation}`;
  return `${whose(report)}${known}, ${packetsText(packets)}: ${why}; without it, ${without}.`;
}

/** Flows as a person reads them: host by host, each flow with its owner beside it and its sentence where asked. */
export function flowsText(reports: readonly FlowReport[], explain: boolean): string {
  const lines: string[] = [];
  let host: string | undefined;
  for (const report of reports) {
    if (report.host !== host) lines.push(...(host === undefined ? [] : ['']), `# ${report.host}`);
    host = report.host;
    lines.push(`${report.flow}   # ${report.owner}`);
    if (explain) lines.push(`    ${sentence(report)}`);
  }
  return lines.join('\n');
}

export const declareFlows: Declare = (program, version) => {
  withApi(
    command(
      program,
      version,
      'flows',
      'the live flow dump, with owner and reason of each flow',
      'kakuri flows hv1 --tenant red --explain',
    ),
  )
    .argument('[host]', 'one host only')
    .option('--tenant <name>', 'only what belongs to the tenant')
    .option('--network <name>', 'only what belongs to the network')
    .option(
      '--explain',
      'each flow as one sentence: whose it is, its hits, why it is there, what would be otherwise without it',
    )
    .option('--dumps <dir>', 'saved dumps instead of the running controller’s hosts')
    .option('--state <dir>', 'with --dumps: where allocated keys are remembered, for a topology without keys')
    .option('--json', 'for machines')
    .action(async (host: string | undefined, options: Options) => {
      const reports =
        options.dumps === undefined ? await live(host, options) : await saved(options.dumps, host, options);
      console.log(options.json ? JSON.stringify(reports) : flowsText(reports, options.explain === true));
    });
};
