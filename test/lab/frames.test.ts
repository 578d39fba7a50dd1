/**
 * Frame builders and parsers. Expected octets are not made by our own code: the ARP and ping frames were captured from a
 * Linux guest (kernel 6.18, iputils ping), the tunnel frames from Open vSwitch 3.1.0, both in the lab.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { CAPTURED } from './captured-frames.js';
import {
  arp,
  checksum,
  ethernet,
  geneve,
  gre,
  icmpEcho,
  ipv4,
  pingFrame,
  tcpSyn,
  tunnelFrame,
  udp,
  vxlan,
} from './frames.js';
import { parseFrame } from './parse-frame.js';

const a = { mac: '02:00:00:00:01:01', ip: '192.168.0.1' };
const b = { mac: '02:00:00:00:01:02', ip: '192.168.0.2' };

describe('frames', () => {
  it('builds ARP as a Linux kernel does', () => {
    const request = arp({ op: 1, sha: a.mac, spa: a.ip, tpa: b.ip });
    expect(ethernet({ dst: 'ff:ff:ff:ff:ff:ff', src: a.mac, type: 0x0806 }, request).toString('hex')).to.equal(
      CAPTURED.arp,
    );
  });

  it('builds ICMP echo in IPv4 as ping does, checksums included', () => {
    const seen = parseFrame(CAPTURED.ping);
    const octets = Buffer.from(CAPTURED.ping, 'hex');
    const message = icmpEcho({ kind: 'request', id: seen.icmp?.id ?? 0, seq: seen.icmp?.seq ?? 0 }, seen.payload);
    const packet = ipv4({ src: a.ip, dst: b.ip, proto: 1, id: octets.readUInt16BE(18) }, message);
    expect(ethernet({ dst: b.mac, src: a.mac, type: 0x0800 }, packet).toString('hex')).to.equal(CAPTURED.ping);
  });

  for (const kind of ['geneve', 'vxlan', 'gre'] as const) {
    it(`takes a ${kind} frame of Open vSwitch apart and builds it again`, () => {
      const octets = Buffer.from(CAPTURED[kind], 'hex');
      const seen = parseFrame(octets);
      expect(seen.ip).to.include({ src: '10.99.0.1', dst: '10.99.0.2' });
      expect(seen.tunnel).to.include({ kind, key: 100 });
      expect(seen.tunnel?.inner.ip).to.include({ src: a.ip, dst: b.ip });
      expect(seen.tunnel?.inner.icmp).to.include({ type: 8, code: 0 });
      const inner = octets.subarray(octets.length - (14 + 20 + 8 + seen.payload.length));
      const outer = {
        kind,
        key: 100,
        from: { mac: seen.eth.src, ip: '10.99.0.1' },
        to: { mac: seen.eth.dst, ip: '10.99.0.2' },
        sport: seen.udp?.sport ?? 0,
      };
      expect(tunnelFrame(outer, inner).toString('hex')).to.equal(CAPTURED[kind]);
    });
  }

  it('makes checksums that verify to zero', () => {
    const pseudo = { src: a.ip, dst: b.ip };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 65535 }), (payload, port) => {
        const zeros = Buffer.from([192, 168, 0, 1, 192, 168, 0, 2, 0]);
        const verify = (proto: number, segment: Buffer) =>
          checksum(zeros, Buffer.from([proto, segment.length >> 8, segment.length & 255]), segment);
        expect(verify(17, udp({ sport: port, dport: 53 }, payload, pseudo))).to.equal(0);
        expect(verify(6, tcpSyn({ sport: port, dport: 80 }, pseudo))).to.equal(0);
        expect(checksum(icmpEcho({ kind: 'reply', id: port, seq: 1 }, payload))).to.equal(0);
      }),
    );
  });

  it('carries any key of its width, and refuses wider ones', () => {
    const inner = pingFrame(a, b);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), fc.integer({ min: 0, max: 0xffffffff }), (vni, key) => {
        for (const kind of ['geneve', 'vxlan'] as const)
          expect(parseFrame(tunnelFrame({ kind, key: vni, from: a, to: b }, inner)).tunnel?.key).to.equal(vni);
        expect(parseFrame(tunnelFrame({ kind: 'gre', key, from: a, to: b }, inner)).tunnel?.key).to.equal(key);
      }),
    );
    expect(() => geneve(0x1000000, inner)).to.throw(RangeError, 'wider than 24 bits');
    expect(() => vxlan(-1, inner)).to.throw(RangeError);
    expect(gre(undefined, Buffer.alloc(0)).toString('hex')).to.equal('00006558');
  });

  it('parses any octets or throws RangeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom('0800', '0806', '86dd'), (octets, type) => {
        const frame = Buffer.concat([Buffer.alloc(12), Buffer.from(type, 'hex'), octets]);
        try {
          parseFrame(frame);
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError);
        }
      }),
    );
  });

  it('refuses addresses that are none', () => {
    expect(() => ethernet({ dst: '02:00:00:00:01', src: a.mac, type: 0 }, Buffer.alloc(0))).to.throw(RangeError, 'MAC');
    expect(() => arp({ op: 1, sha: a.mac, spa: '192.168.0.256', tpa: b.ip })).to.throw(RangeError, 'IPv4');
  });
});
