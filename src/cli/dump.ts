/** `kakuri dump`: saves what every host holds now, in the words of ovs-ofctl and ovs-vsctl. */
import type { DumpReport } from '../controller/index.js';
import { type AskOptions, ask, withApi } from './ask.js';
import { command, type Declare } from './command.js';

interface Options extends AskOptions {
  readonly json?: boolean;
  readonly topology?: string;
  readonly state?: string;
  readonly timeout: string;
}

export const declareDump: Declare = (program, version) => {
  withApi(
    command(program, version, 'dump', 'saves what every host holds: flows, groups, meters, ports', 'kakuri dump today'),
  )
    .argument('<dir>', 'the folder to write; files of the same name are replaced')
    .option('--topology <file>', 'read the hosts of this file themselves, without a controller (local sockets only)')
    .option('--state <dir>', 'with --topology: where allocated keys are remembered')
    .option('--timeout <seconds>', 'with --topology: how long a host may take to answer', '10')
    .option('--json', 'for machines')
    .action(async (directory: string, options: Options) => {
      const { writeFolder } = await import('./dump-folder.js');
      const report =
        options.topology === undefined
          ? await ask<DumpReport>('/dump', options)
          : await (await import('./read-hosts.js')).readHosts(options.topology, options.state, Number(options.timeout));
      await writeFolder(directory, report);
      const missing = report.hosts.filter(({ texts }) => texts === undefined);
      const saved = report.hosts.filter(({ texts }) => texts !== undefined).map(({ host }) => host);
      if (options.json)
        console.log(JSON.stringify({ directory, hosts: saved, missing: missing.map(({ host }) => host) }));
      else console.log(`${saved.length} hosts saved in ${directory}`);
      for (const { host, error } of missing) console.error(`kakuri: ${host}: ${error}`);
      if (missing.length > 0) process.exitCode = 3;
    });
};
