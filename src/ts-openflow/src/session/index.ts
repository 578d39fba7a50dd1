/** Sessions: connections to switches. */
export { type Address, AddressError, formatAddress, OFP_PORT, parseAddress } from './address.js';
export type { BundleOptions, BundleResult } from './bundle.js';
export { type ConnectOptions, connect, type Listener, type ListenOptions, listen, openSession } from './connect.js';
export { Connector, type ConnectorOptions } from './connector.js';
export { OpenFlowError, SessionClosedError, SessionTimeoutError } from './errors.js';
export { Framer } from './framer.js';
export { HandshakeError, negotiate } from './hello.js';
export { type MultipartBody, type MultipartEntry, type MultipartOptions, MultipartTooLongError } from './multipart.js';
export {
  RECONNECT_DEFAULTS,
  type ReconnectEvent,
  type ReconnectOrder,
  type ReconnectState,
  type ReconnectStep,
  type ReconnectTimes,
  step as reconnectStep,
  VOID as RECONNECT_VOID,
} from './reconnect.js';
export { type FeaturesReply, type RoleReply, Session, type SessionOptions } from './session.js';
export type { TlsOptions } from './transport.js';
