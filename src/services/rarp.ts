/**
 * The frame by which the switches of a VLAN learn where a VM is: a RARP request (RFC 903) from its MAC address to all, as QEMU
 * sends it for a VM that has migrated.
 */

const ETH_TYPE_RARP = 0x8035;
const [ETHERNET, IPV4, REQUEST] = [1, 0x0800, 3];

/** `mac` with colons. */
export function rarpRequest(mac: string): Buffer {
  const address = Buffer.from(mac.replaceAll(':', ''), 'hex');
  const head = Buffer.alloc(10);
  head.writeUInt16BE(ETH_TYPE_RARP, 0);
  head.writeUInt16BE(ETHERNET, 2);
  head.writeUInt16BE(IPV4, 4);
  head.set([6, 4], 6);
  head.writeUInt16BE(REQUEST, 8);
  const nobody = Buffer.alloc(4);
  // The least frame is 60 octets without its checksum (IEEE 802.3, 3.2.8).
  return Buffer.concat([Buffer.alloc(6, 0xff), address, head, address, nobody, address, nobody], 60);
}
