/**
 * What tshark 4.0 cannot read though it is right: each kind with the reason. The test holds that no kind is listed
 * that tshark reads well, and that it says the same of the octets of Open vSwitch.
 */
import { decodeMessage, encodeMessage, type Message, type MessageInput, type OpenFlowVersion } from 'ts-openflow';
import { BASIC } from './plain.js';

const EXPERIMENTER = 'reads the body of an experimenter reply beyond its end';
const QUEUES = 'reads the list of properties beyond its end';
const BUCKETS = 'reads the properties of a bucket as actions';

/** Kinds that it names malformed, from which version on, and why. */
export const LIMITS: Readonly<Record<string, readonly [from: OpenFlowVersion, why: string]>> = {
  'MultipartReply NX_FLOW_MONITOR': [4, EXPERIMENTER],
  'MultipartReply NX_IPFIX_BRIDGE': [4, EXPERIMENTER],
  'MultipartReply NX_IPFIX_FLOW': [4, EXPERIMENTER],
  'MultipartReply ONF_FLOW_MONITOR': [4, EXPERIMENTER],
  'MultipartReply EXPERIMENTER': [4, EXPERIMENTER],
  'MultipartReply QUEUE': [5, QUEUES],
  'MultipartReply QUEUE_DESC': [5, QUEUES],
  GroupMod: [6, BUCKETS],
  'MultipartReply GROUP_DESC': [6, BUCKETS],
  ControllerStatus: [6, 'reads the list of properties beyond its end'],
  'MultipartReply CONTROLLER_STATUS': [6, 'reads the list of properties beyond its end'],
  'MultipartReply FLOW_STATS': [6, 'takes the priority for a match'],
  'MultipartReply BUNDLE_FEATURES': [6, 'does not know it'],
};

/** The name of a message in this list. */
export const nameOf = (m: MessageInput): string =>
  m.kind === 'MultipartRequest' || m.kind === 'MultipartReply' ? `${m.kind} ${m.type}` : m.kind;

/** Whether there is a field of class OPENFLOW_BASIC within, or a copy_field, whose padding it reads as a field. */
function hasBasic(value: unknown): boolean {
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return false;
  const { kind, field } = value as { kind?: string; field?: string };
  if (kind === 'move' || (kind === 'set_field' && BASIC.has(field ?? ''))) return true;
  return Object.entries(value).some(
    ([name, member]) =>
      (BASIC.has(name) && typeof member === 'object' && member !== null && 'value' in member) || hasBasic(member),
  );
}

const hasProperties = (body: unknown): boolean =>
  (body as readonly { properties?: readonly unknown[] }[]).some((entry) => (entry.properties ?? []).length > 0);

/** Why tshark cannot be asked about a message; undefined where it can. */
export function limit(m: MessageInput | Message, version: OpenFlowVersion): string | undefined {
  const [from, why] = LIMITS[nameOf(m)] ?? [7, undefined];
  if (from <= version) return why;
  if (m.kind.startsWith('Multipart') && 'body' in m && Array.isArray(m.body) && m.body.length === 0)
    return 'reads an entry where a list is empty';
  if (version >= 5 && nameOf(m) === 'MultipartReply PORT' && m.kind === 'MultipartReply' && hasProperties(m.body))
    return 'reads an experimenter property of port statistics beyond its end';
  if (
    version >= 6 &&
    nameOf(m) === 'MultipartReply TABLE_FEATURES' &&
    m.kind === 'MultipartReply' &&
    hasProperties(m.body)
  )
    return 'reads the padding of a list of fields as fields';
  // An error carries the request it answers.
  if (m.kind === 'Error' && m.data !== undefined && m.data.length >= 8 && m.data.readUInt16BE(2) === m.data.length)
    return limit(decodeMessage(m.data), version);
  if (m.kind === 'BundleAddMessage' && encodeMessage(m.message, version).length % 8 !== 0)
    return 'wants padding after the message, which stands only before properties';
  if (m.kind === 'BundleAddMessage' || m.kind === 'RequestForward') return limit(m.message, version);
  return version >= 6 && hasBasic(m) ? 'stops at the field number of an OXM of class OPENFLOW_BASIC' : undefined;
}
