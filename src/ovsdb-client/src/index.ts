/** ovsdb-client: RFC 7047 and Open vSwitch's extensions to it. The library's one door; see README.md. */
export {
  type ActiveAddress,
  formatAddress,
  OVSDB_PORT,
  type PassiveAddress,
  parseActive,
  parsePassive,
} from './address.js';
export { type ClientStatus, type Index, OvsdbClient, type OvsdbClientOptions } from './client.js';
export { type ClientErrorCode, type Outcome, OvsdbError } from './errors.js';
export { FRAMING_LIMITS, Framer, type FramingLimits } from './json/framing.js';
export { type Token, token } from './json/reader.js';
export { parseJson, writeJson } from './json/text.js';
export type { Window } from './json/window.js';
export { rowsOfSnapshot, type Tables } from './replica/load.js';
export type { MonitorMethod } from './replica/monitor.js';
export { columnFits, schemaMismatches, typeText } from './schema/check.js';
export * from './schema/columns.js';
export { OPEN_VSWITCH } from './schema/open-vswitch.js';
export { declarationText } from './schema/print.js';
export type * from './schema/row.js';
export {
  type BaseType,
  type ColumnSchema,
  type DatabaseSchema,
  parseSchema,
  type TableSchema,
} from './schema/server-schema.js';
export { toggleMap, toggleSet } from './schema/table.js';
export type { ReadBig, Reading } from './session/big-answer.js';
export type { TlsOptions } from './session/dial.js';
export { type ListenOptions, listenOvsdb, type OvsdbListener } from './session/listen.js';
export type { LockState, OvsdbLock } from './session/locks.js';
export { withConnection } from './session/once.js';
export {
  RECONNECT_TIMES,
  type ReconnectEvent,
  type ReconnectOrder,
  type ReconnectState,
  type ReconnectTimes,
  reconnectStart,
  reconnectStep,
} from './session/reconnect.js';
export { RpcConnection, type RpcEvents } from './session/rpc.js';
export { type RequestOptions, RPC_OPTIONS, type RpcOptions } from './session/rpc-options.js';
export { TransactionResult } from './transaction/result.js';
export {
  type InsertHandle,
  type Mutation,
  type Mutator,
  type Operation,
  type OperationHandle,
  Transaction,
  type WaitOptions,
} from './transaction/transaction.js';
export { byUuid, type Condition, type ConditionFunction, type Where } from './transaction/where.js';
