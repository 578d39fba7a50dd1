/** `kakuri diff`: what two saved dumps differ in, host by host, flow by flow. */
import { command, type Declare } from './command.js';

export const declareDiff: Declare = (program, version) => {
  command(program, version, 'diff', 'what two saved dumps differ in', 'kakuri diff yesterday today')
    .argument('<dir-a>', 'the earlier dumps')
    .argument('<dir-b>', 'the later dumps')
    .option('--json', 'for machines')
    .action(async (a: string, b: string, options: { readonly json?: boolean }) => {
      const [{ readFolder }, { diffDumps }] = await Promise.all([
        import('./dump-folder.js'),
        import('../verify/index.js'),
      ]);
      const differences = diffDumps(await readFolder(a), await readFolder(b));
      if (options.json) console.log(JSON.stringify(differences));
      else
        for (const { host, removed, added } of differences)
          console.log([`# ${host}`, ...removed.map((l) => `- ${l}`), ...added.map((l) => `+ ${l}`)].join('\n'));
      process.exitCode = differences.length === 0 ? 0 : 1;
    });
};
