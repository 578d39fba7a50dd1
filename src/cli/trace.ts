/** `kakuri trace`: the way of one packet across hosts, table by table, and where it ends. */
import { InvalidArgumentError } from 'commander';
import { withApi } from './ask.js';
import { command, type Declare } from './command.js';
import type { TraceOptions } from './run-trace.js';

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('expected 1 to 65535');
  return port;
}

export const declareTrace: Declare = (program, version) => {
  withApi(
    command(
      program,
      version,
      'trace',
      'the way of a packet across hosts, table by table, and why it ends where it does',
      'kakuri trace red/web/red-vm1 red/web/red-vm2 --tcp 80',
    ),
  )
    .argument('<from>', 'the sender: a port, as TENANT/NETWORK/PORT or by its name where that is one')
    .argument('[to]', 'a port, or an address; not needed with --packet')
    .option('--tcp <port>', 'a connection to this port (an echo request unless said)', portNumber)
    .option('--udp <port>', 'a datagram to this port', portNumber)
    .option('--icmp', 'an echo request')
    .option('--arp', 'the question who has the address')
    .option('--packet <match>', 'the packet in ovs-ofctl syntax: what a match says, over the sender’s MAC address')
    .option('--dumps <dir>', 'saved dumps instead of the running controller’s hosts')
    .option('--state <dir>', 'where allocated keys are remembered, for a topology without keys')
    .option('--confirm', 'also ask each switch (ofproto/trace), and say whether it agrees')
    .option('--json', 'for machines')
    .action(async (from: string, to: string | undefined, options: TraceOptions) => {
      const { runTrace } = await import('./run-trace.js');
      process.exitCode = await runTrace(from, to, options);
    });
};
