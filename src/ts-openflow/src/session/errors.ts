/** Errors of a session: what a switch refused, and a connection that ended. */
import type { Message, MessageInput } from '../message.js';

/** The switch answered with OFPT_ERROR; it carries the request it answers. */
export class OpenFlowError extends Error {
  /** Names of type and code as the specification has them, numbers where it has none. */
  readonly type: string;
  readonly code: string;
  /** What was asked, where the session still has it; else what the switch gave back of it. */
  readonly request: MessageInput | Buffer | undefined;

  constructor(error: Extract<Message, { kind: 'Error' }>, request: MessageInput | Buffer | undefined) {
    const { type, code } = error;
    super(`${type} ${code}`);
    this.name = 'OpenFlowError';
    this.type = String(type);
    this.code = String(code);
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
