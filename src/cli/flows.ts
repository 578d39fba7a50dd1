/** `kakuri flows`: what the switches hold now, in ovs-ofctl syntax, each flow with its owner and reason. */
import type { FlowReport } from '../controller/index.js';
import { type AskOptions, ask, withApi } from './ask.js';
import { command, type Declare } from './command.js';

interface Options extends AskOptions {
  readonly json?: boolean;
  readonly tenant?: string;
  readonly network?: string;
  readonly explain?: boolean;
}

/** Flows as a person reads them: host by host, each flow with its owner beside it and its reason where asked. */
export function flowsText(reports: readonly FlowReport[], explain: boolean): string {
  const lines: string[] = [];
  let host: string | undefined;
  for (const report of reports) {
    if (report.host !== host) lines.push(...(host === undefined ? [] : ['']), `# ${report.host}`);
    host = report.host;
    lines.push(`${report.flow}   # ${report.owner}`);
    if (explain) lines.push(`    ${report.why}`);
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
    .option('--explain', 'each flow with the reason why it is there')
    .option('--json', 'for machines')
    .action(async (host: string | undefined, options: Options) => {
      const query = new URLSearchParams();
      if (host !== undefined) query.set('host', host);
      if (options.tenant !== undefined) query.set('tenant', options.tenant);
      if (options.network !== undefined) query.set('network', options.network);
      const reports = await ask<FlowReport[]>(`/flows?${query}`, options);
      console.log(options.json ? JSON.stringify(reports) : flowsText(reports, options.explain === true));
    });
};
