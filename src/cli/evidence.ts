/** `kakuri evidence`: an archive for an auditor: the topology, what every host holds, the proof of it, versions, checksums. */
import { withApi } from './ask.js';
import { command, type Declare } from './command.js';
import type { EvidenceOptions } from './run-evidence.js';

export const declareEvidence: Declare = (program, version) => {
  withApi(
    command(
      program,
      version,
      'evidence',
      'an archive for an auditor: topology, dumps, proof, versions, checksums',
      'kakuri evidence evidence.tar.gz',
    ),
  )
    .argument('<file>', 'the archive to write, OUT.tar.gz')
    .option('--dumps <dir>', 'saved dumps instead of the running controller’s hosts')
    .option('--state <dir>', 'with --dumps: where allocated keys are remembered, for a topology without keys')
    .option('--json', 'for machines')
    .action(async (file: string, options: EvidenceOptions) => {
      const { runEvidence } = await import('./run-evidence.js');
      process.exitCode = await runEvidence(file, options, version);
    });
};
