/** Errors of a session: what a switch refused, and a connection that ended. */
import { EXPERIMENTER } from '../constants.js';
import type { Message, MessageInput } from '../message.js';
import { errorName } from '../text/errors.js';

/** ofp_error_type (OpenFlow 1.5.1, 7.5.4), by number. */
const TYPES =
  'HELLO_FAILED BAD_REQUEST BAD_ACTION BAD_INSTRUCTION BAD_MATCH FLOW_MOD_FAILED GROUP_MOD_FAILED PORT_MOD_FAILED TABLE_MOD_FAILED QUEUE_OP_FAILED SWITCH_CONFIG_FAILED ROLE_REQUEST_FAILED METER_MOD_FAILED TABLE_FEATURES_FAILED BAD_PROPERTY ASYNC_CONFIG_FAILED FLOW_MONITOR_FAILED BUNDLE_FAILED'.split(
    ' ',
  );
const EXPERIMENTER_TYPE = 0xffff;
const BUNDLE_FAILED = 17;
/** The codes of ONF extension 230 (bundles on 1.3) are those of BUNDLE_FAILED from here on. */
const ONF_BUNDLE = 2300;

type ErrorMessage = Extract<Message, { kind: 'Error' }>;

function codeName({ type, code, experimenter }: ErrorMessage): string {
  const onf = experimenter === EXPERIMENTER.ONF && code >= ONF_BUNDLE;
  return (onf ? errorName(BUNDLE_FAILED, code - ONF_BUNDLE) : errorName(type, code, experimenter)) ?? String(code);
}

/** The switch answered with OFPT_ERROR; it carries the request it answers. */
export class OpenFlowError extends Error {
  /** OFPET_BAD_MATCH; its number where the specification has no name. */
  readonly type: string;
  /** OFPBMC_BAD_PREREQ; its number where neither the specification nor Open vSwitch has a name. */
  readonly code: string;
  /** What was asked, where the session still has it; else what the switch gave back of it. */
  readonly request: MessageInput | Buffer | undefined;

  constructor(error: ErrorMessage, request: MessageInput | Buffer | undefined) {
    const known = TYPES[error.type];
    const type = known === undefined ? String(error.type) : `OFPET_${known}`;
    const code = codeName(error);
    super(`${error.type === EXPERIMENTER_TYPE ? 'experimenter error' : type} ${code}`);
    this.name = 'OpenFlowError';
    this.type = type;
    this.code = code;
    this.request = request ?? error.data;
  }
}

/** The connection ended before the answer came; whether the switch acted is not known. */
export class SessionClosedError extends Error {
  constructor(readonly reason: string) {
    super(`the OpenFlow session ended: ${reason}`);
    this.name = 'SessionClosedError';
  }
}

/** The answer did not come in time. */
export class SessionTimeoutError extends Error {
  constructor(what: string, timeoutMs: number) {
    super(`no answer to ${what} within ${timeoutMs} ms`);
    this.name = 'SessionTimeoutError';
  }
}
