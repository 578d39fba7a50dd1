/**
 * OpenFlow messages as a capture file (libpcap's format): one connection over IPv4 and TCP port 6653, each message in a
 * segment of its own, so that the frame number tells the message.
 */

/** One message, and who sends it. */
export interface Sent {
  readonly octets: Buffer;
  readonly fromSwitch: boolean;
}

const ETHERNET = 14;
const IPV4 = 20;
const TCP = 20;
const CONTROLLER_PORT = 6653;
const SWITCH_PORT = 40_000;

function frame({ octets, fromSwitch }: Sent, seq: number, ack: number): Buffer {
  const head = Buffer.alloc(ETHERNET + IPV4 + TCP);
  head.writeUInt16BE(0x0800, 12);
  const ip = head.subarray(ETHERNET);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(IPV4 + TCP + octets.length, 2);
  ip.writeUInt8(64, 8);
  ip.writeUInt8(6, 9);
  ip.writeUInt32BE(fromSwitch ? 0x7f000002 : 0x7f000001, 12);
  ip.writeUInt32BE(fromSwitch ? 0x7f000001 : 0x7f000002, 16);
  const tcp = ip.subarray(IPV4);
  tcp.writeUInt16BE(fromSwitch ? SWITCH_PORT : CONTROLLER_PORT, 0);
  tcp.writeUInt16BE(fromSwitch ? CONTROLLER_PORT : SWITCH_PORT, 2);
  tcp.writeUInt32BE(seq >>> 0, 4);
  tcp.writeUInt32BE(ack >>> 0, 8);
  tcp.writeUInt16BE(0x5018, 12);
  tcp.writeUInt16BE(0xffff, 14);
  return Buffer.concat([head, octets]);
}

/** A capture of these messages, in this order; frame n is message n, counted from 1. */
export function pcap(messages: readonly Sent[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(0x40000, 16);
  header.writeUInt32LE(1, 20);
  const parts: Buffer[] = [header];
  const next = { fromSwitch: 1, toSwitch: 1 };
  for (const [i, message] of messages.entries()) {
    const [mine, other] = message.fromSwitch
      ? (['fromSwitch', 'toSwitch'] as const)
      : (['toSwitch', 'fromSwitch'] as const);
    const octets = frame(message, next[mine], next[other]);
    next[mine] += message.octets.length;
    const record = Buffer.alloc(16);
    record.writeUInt32LE(i, 0);
    record.writeUInt32LE(octets.length, 8);
    record.writeUInt32LE(octets.length, 12);
    parts.push(record, octets);
  }
  return Buffer.concat(parts);
}
