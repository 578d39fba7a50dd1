/** Questions of guests and the network's answers, octet by octet, with frames that the tests' own code builds. */
import { expect } from 'chai';
import fc from 'fast-check';
import { DHCP4, type Dhcp4Message, dhcp4Octets, readDhcp4 } from '../../src/services/dhcp4-message.js';
import { dhcp6Octets, type Option6, optionOctets6, readDhcp6 } from '../../src/services/dhcp6-message.js';
import { readFrame, type Udp, udp4Frame } from '../../src/services/frames.js';
import { answer, type Guest } from '../../src/services/index.js';
import type { Network } from '../../src/topology/index.js';
import { BROADCAST, checksum, ETH, ethernet, IP_PROTO, ipOctets, ipv4, macOctets, udp } from '../lab/frames.js';
import { checksum6, eui64, groupMac, icmpv6, ip6Octets, ipv6, neighbour, solicitedNode, udp6 } from '../lab/ipv6.js';
import { topologyOf } from '../world.js';

const [plain] = topologyOf({ ports: 2, dual: true }).networks as [Network];
const network: Network = {
  ...plain,
  ra: 'managed',
  dhcp: {
    dns: ['192.168.0.53', 'fd00:1::53'],
    routes: [{ to: '10.8.0.0/13', via: '192.168.0.9' }],
    gateway: '192.168.0.254',
    lease: 7200,
  },
};
const [port, other] = network.ports as [Network['ports'][number], Network['ports'][number]];
const guest: Guest = { network, port };
const ZERO = Buffer.alloc(4);

const message = (
  type: number,
  over: Partial<Dhcp4Message> = {},
  options: readonly [number, Buffer][] = [],
): Dhcp4Message => ({
  op: 1,
  xid: 0x12345678,
  broadcast: false,
  ciaddr: ZERO,
  yiaddr: ZERO,
  giaddr: ZERO,
  chaddr: macOctets(port.mac),
  options: new Map([[53, Buffer.from([type])], ...options]),
  ...over,
});
const asked4 = (m: Dhcp4Message, src = port.mac): Buffer =>
  ethernet(
    { dst: BROADCAST, src, type: ETH.ipv4 },
    ipv4(
      { src: '0.0.0.0', dst: '255.255.255.255', proto: IP_PROTO.udp },
      udp({ sport: 68, dport: 67 }, dhcp4Octets(m)),
    ),
  );
/** The answer taken apart, its checksums verified. */
function told4(frame: Buffer | undefined) {
  if (frame === undefined) return undefined;
  expect(checksum(frame.subarray(14, 34))).to.equal(0);
  const { payload } = readFrame(frame) as Udp;
  const m = readDhcp4(payload) as Dhcp4Message;
  const option = (code: number) => m.options.get(code)?.toString('hex');
  return { m, option, dst: frame.subarray(0, 6).toString('hex'), ip: frame.subarray(30, 34).join('.') };
}
const REQUESTED = (ip: string): [number, Buffer] => [50, ipOctets(ip)];

describe('DHCPv4', () => {
  it('offers the address of the topology with all that belongs to it', () => {
    const told = told4(answer(guest, asked4(message(DHCP4.discover))));
    expect(told?.m.yiaddr.join('.')).to.equal('192.168.0.1');
    expect(told?.m).to.include({ op: 2, xid: 0x12345678 });
    const values = [53, 54, 51, 1, 3, 6, 26, 121].map((code) => told?.option(code));
    expect(values).to.deep.equal([
      '02',
      'a9fea9fd',
      '00001c20',
      'ffffff00',
      'c0a800fe',
      'c0a80035',
      network.mtu.toString(16).padStart(4, '0'),
      '0d0a08c0a80009' + '00c0a800fe',
    ]);
    expect([told?.dst, told?.ip]).to.deep.equal([port.mac.replaceAll(':', ''), '192.168.0.1']);
  });

  it('acknowledges at once whoever asks for rapid commit', () => {
    const told = told4(answer(guest, asked4(message(DHCP4.discover, {}, [[80, Buffer.alloc(0)]]))));
    expect([told?.option(53), told?.option(80)]).to.deep.equal(['05', '']);
  });

  it('acknowledges a request for that address, and refuses any other', () => {
    expect(told4(answer(guest, asked4(message(DHCP4.request, {}, [REQUESTED('192.168.0.1')]))))?.option(53)).to.equal(
      '05',
    );
    const renewed = told4(answer(guest, asked4(message(DHCP4.request, { ciaddr: ipOctets('192.168.0.1') }))));
    expect([renewed?.option(53), renewed?.ip]).to.deep.equal(['05', '192.168.0.1']);
    for (const wrong of [{ options: [REQUESTED('192.168.0.2')] }, { ciaddr: ipOctets('192.168.0.7') }]) {
      const { options = [], ...over } = wrong as { options?: [number, Buffer][]; ciaddr?: Buffer };
      const told = told4(answer(guest, asked4(message(DHCP4.request, over, options))));
      expect([told?.option(53), told?.option(51), told?.m.yiaddr.join('.')]).to.deep.equal([
        '06',
        undefined,
        '0.0.0.0',
      ]);
      expect([told?.dst, told?.ip]).to.deep.equal(['ffffffffffff', '255.255.255.255']);
    }
  });

  it('answers by broadcast whoever wants it, and INFORM without an address', () => {
    expect(told4(answer(guest, asked4(message(DHCP4.discover, { broadcast: true }))))?.dst).to.equal('ffffffffffff');
    const told = told4(answer(guest, asked4(message(DHCP4.inform, { ciaddr: ipOctets('192.168.0.1') }))));
    expect([told?.option(53), told?.option(51), told?.m.yiaddr.join('.')]).to.deep.equal(['05', undefined, '0.0.0.0']);
    expect(told?.option(26)).to.not.equal(undefined);
  });

  it('has no answer for other servers’ clients, relays, foreign MAC addresses, DECLINE and RELEASE', () => {
    const questions = [
      asked4(message(DHCP4.request, {}, [REQUESTED('192.168.0.1'), [54, ipOctets('192.168.0.9')]])),
      asked4(message(DHCP4.discover, { giaddr: ipOctets('192.168.0.9') })),
      asked4(message(DHCP4.discover, { chaddr: macOctets(other.mac) })),
      asked4(message(DHCP4.discover), other.mac),
      asked4(message(DHCP4.discover, { op: 2 })),
      asked4(message(DHCP4.inform, { ciaddr: ipOctets('192.168.0.2') })),
      asked4(message(DHCP4.decline)),
      asked4(message(DHCP4.release)),
    ];
    for (const frame of questions) expect(answer(guest, frame)).to.equal(undefined);
    expect(answer({ network: plain, port }, asked4(message(DHCP4.discover)))).to.equal(undefined);
    expect(answer({ network, port: { ...port, ips: [] } }, asked4(message(DHCP4.discover)))).to.equal(undefined);
  });

  it('reads what it writes, options of any length too', () => {
    const octets = (length: number) =>
      fc.uint8Array({ minLength: length, maxLength: length }).map((a) => Buffer.from(a));
    const any = fc.record({
      op: fc.integer({ min: 0, max: 255 }),
      xid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      broadcast: fc.boolean(),
      ciaddr: octets(4),
      yiaddr: octets(4),
      giaddr: octets(4),
      chaddr: octets(6),
      options: fc
        .array(
          fc.tuple(
            fc.integer({ min: 1, max: 254 }),
            fc.uint8Array({ maxLength: 700 }).map((a) => Buffer.from(a)),
          ),
        )
        .map((list) => new Map(list)),
    });
    fc.assert(fc.property(any, (m) => void expect(readDhcp4(dhcp4Octets(m))).to.deep.equal(m)));
  });
});

const CLIENT: Option6 = { code: 1, value: Buffer.from('00030001020000000101', 'hex') };
const SERVER: Option6 = { code: 2, value: Buffer.from('00030001026b616b7572', 'hex') };
const iaNa = (...ips: string[]): Option6 => ({
  code: 3,
  value: Buffer.concat([
    Buffer.from('000000070000000000000000', 'hex'),
    ...ips.map((ip) => optionOctets6({ code: 5, value: Buffer.concat([ip6Octets(ip), Buffer.alloc(8)]) })),
  ]),
});
const local = eui64(port.mac);
const asked6 = (type: number, options: readonly Option6[], src = local): Buffer => {
  const ends = { src, dst: 'ff02::1:2' };
  const payload = dhcp6Octets({ type, transaction: Buffer.from('abcdef', 'hex'), options });
  return ethernet(
    { dst: groupMac(ends.dst), src: port.mac, type: ETH.ipv6 },
    ipv6({ ...ends, next: IP_PROTO.udp }, udp6({ sport: 546, dport: 547 }, payload, ends)),
  );
};
const SERVICE_LOCAL = eui64('02:6b:61:6b:75:72');
function told6(frame: Buffer | undefined) {
  if (frame === undefined) return undefined;
  expect(checksum6({ src: SERVICE_LOCAL, dst: local }, IP_PROTO.udp, frame.subarray(54))).to.equal(0);
  const m = readDhcp6((readFrame(frame) as Udp).payload);
  const option = (code: number) => m?.options.find((o) => o.code === code)?.value.toString('hex');
  return { type: m?.type, transaction: m?.transaction.toString('hex'), option };
}
/** IAADDR of the port's address for the lease. */
const LEASED = `00050018${ip6Octets('fd00:1::1').toString('hex')}00001c2000001c20`;

describe('DHCPv6', () => {
  it('advertises, and gives, the address of the topology and DNS', () => {
    for (const [type, answerType, options] of [
      [1, 2, [CLIENT, iaNa()]],
      [1, 7, [CLIENT, iaNa(), { code: 14, value: Buffer.alloc(0) }]],
      [3, 7, [CLIENT, SERVER, iaNa('fd00:1::1')]],
      [5, 7, [CLIENT, SERVER, iaNa('fd00:1::1')]],
      [6, 7, [CLIENT, iaNa('fd00:1::1')]],
    ] as const) {
      const told = told6(answer(guest, asked6(type, options)));
      expect([told?.type, told?.transaction], `type ${type}`).to.deep.equal([answerType, 'abcdef']);
      expect(told?.option(1)).to.equal(CLIENT.value.toString('hex'));
      expect(told?.option(2)).to.equal(SERVER.value.toString('hex'));
      expect(told?.option(3)).to.equal(`0000000700000e1000001680${LEASED}`);
      expect(told?.option(23)).to.equal(ip6Octets('fd00:1::53').toString('hex'));
      expect(told?.option(14)).to.equal(answerType === 7 && type === 1 ? '' : undefined);
    }
  });

  it('ends the time of an address that is not the port’s, and confirms only those that are', () => {
    const told = told6(answer(guest, asked6(5, [CLIENT, SERVER, iaNa('fd00:1::2')])));
    expect(told?.option(3)).to.equal(
      `0000000700000e1000001680${LEASED}00050018${ip6Octets('fd00:1::2').toString('hex')}0000000000000000`,
    );
    expect(told6(answer(guest, asked6(4, [CLIENT, iaNa('fd00:1::1')])))?.option(13)).to.equal('0000');
    expect(told6(answer(guest, asked6(4, [CLIENT, iaNa('fd00:1::2')])))?.option(13)).to.equal('0004');
  });

  it('has no address to give with SLAAC, but DNS', () => {
    const slaac: Guest = { network: { ...network, ra: 'slaac' }, port };
    expect(told6(answer(slaac, asked6(1, [CLIENT, iaNa()])))?.option(3)).to.equal(
      '000000070000000000000000000d00020002',
    );
    expect(told6(answer(slaac, asked6(11, [CLIENT])))?.option(23)).to.equal(ip6Octets('fd00:1::53').toString('hex'));
  });

  it('has no answer without the identifiers that a message must have, from ::, or without router advertisements', () => {
    const foreign: Option6 = { code: 2, value: Buffer.from('00030001020000000999', 'hex') };
    for (const frame of [
      asked6(1, [iaNa()]),
      asked6(1, [CLIENT, SERVER, iaNa()]),
      asked6(3, [CLIENT, iaNa()]),
      asked6(3, [CLIENT, foreign, iaNa()]),
      asked6(1, [CLIENT, iaNa()], '::'),
      asked6(2, [CLIENT, SERVER]),
    ])
      expect(answer(guest, frame)).to.equal(undefined);
    expect(answer({ network: plain, port }, asked6(11, []))).to.equal(undefined);
  });

  it('reads what it writes', () => {
    const any = fc.record({
      type: fc.integer({ min: 0, max: 255 }),
      transaction: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((a) => Buffer.from(a)),
      options: fc.array(
        fc.record({
          code: fc.integer({ min: 0, max: 65535 }),
          value: fc.uint8Array({ maxLength: 300 }).map((a) => Buffer.from(a)),
        }),
      ),
    });
    fc.assert(fc.property(any, (m) => void expect(readDhcp6(dhcp6Octets(m))).to.deep.equal(m)));
  });
});

const solicitRouters = (src = local, hopLimit = 255): Buffer =>
  ethernet(
    { dst: groupMac('ff02::2'), src: port.mac, type: ETH.ipv6 },
    icmpv6({ src, dst: 'ff02::2', hopLimit }, 133, Buffer.alloc(4)),
  );

describe('router advertisements', () => {
  const told = (ra: 'slaac' | 'managed') => {
    const frame = answer({ network: { ...network, ra }, port }, solicitRouters()) as Buffer;
    expect(frame.subarray(0, 6).toString('hex')).to.equal('333300000001');
    expect(checksum6({ src: SERVICE_LOCAL, dst: 'ff02::1' }, 58, frame.subarray(54))).to.equal(0);
    return frame.subarray(54 + 4).toString('hex');
  };
  const prefix = (flags: string) => `030440${flags}ffffffffffffffff00000000${ip6Octets('fd00:1::').toString('hex')}`;
  const mtu = `05010000${network.mtu.toString(16).padStart(8, '0')}`;
  const dns = `19030000ffffffff${ip6Octets('fd00:1::53').toString('hex')}`;
  const head = (flags: string) => `40${flags}00000000000000000000` + `0101026b616b7572${mtu}`;

  it('say that addresses are made of the prefix, or given by DHCPv6; the MTU and DNS; and that there is no router', () => {
    expect(told('slaac')).to.equal(head('40') + prefix('c0') + dns);
    expect(told('managed')).to.equal(head('c0') + prefix('80') + dns);
  });

  it('are not given to who asks from afar, and where there are none', () => {
    expect(answer(guest, solicitRouters(local, 64))).to.equal(undefined);
    expect(answer({ network: plain, port }, solicitRouters())).to.equal(undefined);
    expect(answer(guest, solicitRouters('::'))).to.not.equal(undefined);
  });
});

describe('neighbour solicitations', () => {
  const solicit = (target: string, src: string) => {
    const dst = solicitedNode(target);
    return ethernet(
      { dst: groupMac(dst), src: port.mac, type: ETH.ipv6 },
      neighbour(135, { src, dst, target, hopLimit: 255 }),
    );
  };
  const advertised = (ends: { src: string; dst: string; to: string }, flags: number) =>
    ethernet(
      { dst: ends.to, src: other.mac, type: ETH.ipv6 },
      neighbour(136, { ...ends, target: ends.src, mac: other.mac, hopLimit: 255, flags }),
    );

  it("find another's address taken: to all nodes for who has no address, to the asker otherwise", () => {
    for (const src of ['fd00:1::2', eui64(other.mac)]) {
      const all = { src, dst: 'ff02::1', to: groupMac('ff02::1') };
      expect(answer(guest, solicit(src, '::'))).to.deep.equal(advertised(all, 0x20));
      const one = { src, dst: 'fd00:1::1', to: port.mac };
      expect(answer(guest, solicit(src, 'fd00:1::1'))).to.deep.equal(advertised(one, 0x60));
    }
  });

  it('find its own address, and unknown ones, free', () => {
    for (const target of ['fd00:1::1', local, 'fd00:1::77'])
      expect(answer(guest, solicit(target, '::'))).to.equal(undefined);
  });
});

describe('frames of guests', () => {
  it('never make the services fail, whatever is in them', () => {
    const questions = [
      asked4(message(DHCP4.discover)),
      asked6(1, [CLIENT, iaNa('fd00:1::1')]),
      asked6(4, [CLIENT, iaNa('fd00:1::1')]),
      solicitRouters(),
    ];
    const damaged = fc
      .tuple(fc.constantFrom(...questions), fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }))
      .map(([question, length, changes]) => {
        const frame = Buffer.from(question.subarray(0, question.length - (length % 60)));
        for (const [at, value] of changes) if (frame.length > 0) frame[at % frame.length] = value;
        return frame;
      });
    const any = fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 200 }).map((a) => Buffer.from(a)),
    );
    fc.assert(
      fc.property(any, (frame) => {
        const told = answer(guest, frame);
        if (told !== undefined) expect(told.length).to.be.at.most(network.mtu + 14);
      }),
      { numRuns: 2000 },
    );
  });

  it('are not read as fragments, with tags, or for other ports', () => {
    const whole = asked4(message(DHCP4.discover));
    const fragment = Buffer.from(whole);
    fragment.writeUInt16BE(0x2000, 20);
    expect(answer(guest, fragment)).to.equal(undefined);
    const ends = { fromMac: macOctets(port.mac), toMac: macOctets(BROADCAST), from: ZERO, to: Buffer.alloc(4, 255) };
    expect(answer(guest, udp4Frame(ends, 68, 69, dhcp4Octets(message(DHCP4.discover))))).to.equal(undefined);
    expect(answer(guest, udp4Frame(ends, 68, 67, dhcp4Octets(message(DHCP4.discover))))).to.not.equal(undefined);
  });
});
