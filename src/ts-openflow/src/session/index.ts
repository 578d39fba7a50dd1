/** Sessions: connections to switches. */
export { type Address, AddressError, formatAddress, OFP_PORT, parseAddress } from './address.js';
export type { BundleResult } from './bundle.js';
export { type ConnectOptions, connect, type Listener, type ListenOptions, listen } from './connect.js';
export { OpenFlowError, SessionClosedError, SessionTimeoutError } from './errors.js';
export { Framer } from './framer.js';
export { HandshakeError, negotiate } from './hello.js';
export {
  type FeaturesReply,
  type MultipartBody,
  type MultipartEntry,
  Session,
  type SessionOptions,
} from './session.js';
