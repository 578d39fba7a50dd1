/** Declares `kakuri openflow decode` and `kakuri openflow parse-flow`. */
import { command, type Declare } from './command.js';

export const declareOpenflow: Declare = (program, version) => {
  const openflow = command(
    program,
    version,
    'openflow',
    'OpenFlow messages and flow text, line by line',
    'echo 0500000800000001 | kakuri openflow decode',
  );
  command(
    openflow,
    version,
    'decode',
    'one message in hex a line on stdin: one JSON a line on stdout',
    'echo 0500000800000001 | kakuri openflow decode',
  )
    .option('--json', 'JSON lines, as always')
    .action(async () => {
      const { answerLines, decodeLine } = await import('./openflow.js');
      await answerLines(decodeLine);
    });
  command(
    openflow,
    version,
    'parse-flow',
    '{"version","text"} a line on stdin: {"ok","hex","error"} a line on stdout',
    `echo '{"version":"1.3","text":"in_port=1,actions=2"}' | kakuri openflow parse-flow`,
  )
    .option('--json', 'JSON lines, as always')
    .action(async () => {
      const { answerLines, parseFlowLine } = await import('./openflow.js');
      await answerLines(parseFlowLine);
    });
};
