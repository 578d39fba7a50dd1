/** `kakuri verify`: proves isolation from what the switches hold, or shows a packet that leaks and its way. */

import { withApi } from './ask.js';
import { command, type Declare } from './command.js';
import type { VerifyOptions } from './run-verify.js';

export const declareVerify: Declare = (program, version) => {
  withApi(
    command(
      program,
      version,
      'verify',
      'proves isolation from what the switches hold, or shows a packet that leaks',
      'kakuri verify --dumps today',
    ),
  )
    .option('--dumps <dir>', 'saved dumps instead of the running controller’s hosts')
    .option('--tenants <file>', 'hosts of another controller: a YAML file that says whose each port is (port: tenant)')
    .option('--state <dir>', 'where allocated keys are remembered, for a topology without keys')
    .option('--json', 'for machines')
    .action(async (options: VerifyOptions) => {
      const { runVerify } = await import('./run-verify.js');
      process.exitCode = await runVerify(options);
    });
};
