/** What the log says of a pass: one line per change, none at rest. */
import type { HostReport, Log } from './options.js';
import type { PassResult } from './reconcile.js';

/** Tells how `result` differs from what was known of the host `before`. */
export function logChange(log: Log, host: string, before: HostReport, result: PassResult): void {
  for (const warning of result.warnings) if (!before.result?.warnings.includes(warning)) log.warn({ host }, warning);
  // While a host is on its way its errors are only what it is waiting for; the line of its state says so.
  const waiting = result.state === 'unreachable' || result.state === 'connecting';
  if (!waiting)
    for (const error of result.errors) if (!before.result?.errors.includes(error)) log.error({ host }, error);
  if (result.rows !== undefined && result.rows.length > 0) log.info({ host, rows: result.rows }, 'rows changed');
  if (result.drift !== undefined)
    log.warn({ host, drift: result.drift }, 'the tables were changed by somebody else: put right');
  if (result.flowModsSent > 0) log.info({ host, flowMods: result.flowModsSent }, 'tables changed');
  if (before.result?.state !== result.state)
    log.info({ host, state: result.state, ...(waiting ? { waitingFor: result.errors } : {}) }, 'host state');
}
