/** What may be set of a connection, and of a request. */
import { FRAMING_LIMITS, type FramingLimits } from '../json/framing.js';
import type { ReadBig } from './big-answer.js';

export interface RpcOptions extends FramingLimits {
  /** A request without an answer for so long is rejected; 0 waits for ever. */
  readonly requestTimeoutMs: number;
  /** Most octets that may wait to be sent before further requests are refused. */
  readonly maxQueuedBytes: number;
  /** How long to stay awake for the one answer that is to come, where they come as soon as that (`Vigil`); 0 for never. */
  readonly awakeMs: number;
}
export const RPC_OPTIONS: RpcOptions = {
  ...FRAMING_LIMITS,
  requestTimeoutMs: 60_000,
  maxQueuedBytes: 256 << 20,
  awakeMs: 0.4,
};

export interface RequestOptions {
  /** How to read the answer while it comes, if it may be big. */
  readonly readBig?: ReadBig;
  readonly timeoutMs?: number;
  /** Withdraws the request: a transact is cancelled at the server (RFC 7047 4.1.4), anything else only forgotten. */
  readonly signal?: AbortSignal;
}
