/** What a right file means: defaults, canonical values, the same value for the same content, and the shipped files. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { allocateKeys, overhead, parseTopology } from '../../src/topology/index.js';
import { draftOf, fileOf } from './file.js';

const TOPOLOGIES = new URL('../../../topologies/', import.meta.url);
const SHIPPED = readdirSync(TOPOLOGIES).filter((name) => name.endsWith('.yaml'));

describe('topology drafts', () => {
  it('takes services in, and with SLAAC the address of each port that follows from its MAC address', () => {
    const { networks } = draftOf(
      fileOf({
        web: 'subnets: ["fd00:1::/64", 192.168.0.0/24]\n        ra: slaac\n        dhcp: { dns: ["FD00:1::0053"] }',
        networks: 'db: { ra: off, subnets: ["fd00:1::/64"], ports: { a: { mac: "02:00:00:00:01:01" } } }',
      }),
    );
    const [db, web] = networks;
    expect(web).to.deep.include({ ra: 'slaac', dhcp: { dns: ['fd00:1::53'], routes: [], lease: 604_800 } });
    expect(web?.ports[0]?.ips).to.deep.equal(['192.168.0.1', 'fd00:1::ff:fe00:101']);
    expect(db).to.not.have.any.keys('ra', 'dhcp');
    expect(db?.ports[0]?.ips).to.deep.equal([]);
  });

  it('fills in defaults and writes values in one form', () => {
    const draft = draftOf(`
hosts: { b: { ovsdb: "tcp:[::1]:6640", vtep: 10.0.0.2 }, a: { ovsdb: "ssl:a.example:6640", vtep: 10.0.0.1 } }
tenants:
  red:
    networks:
      web:
        encapsulation: gre
        key: 0xffffffff
        subnets: ["fd00:0:1::/64", 10.0.0.0/31]
        ports: { z: { mac: "0A:00:00:00:00:0F", ips: ["FD00:0:1::00A", 10.0.0.1], hosts: [b, a] }, "2": { mac: "02:00:00:00:00:01", iface-id: "{x}" } }
  blue: { networks: { web: {} } }
  empty: {}
`);
    const { keyAt: blueAt, ...blue } = draft.networks[0] ?? expect.fail('no network');
    const { keyAt: redAt, ...red } = draft.networks[1] ?? expect.fail('no network');
    expect(draft.underlay).to.deep.equal({ encapsulation: 'geneve', tunnels: 'mesh', mtu: 1500 });
    expect(draft.hosts).to.deep.equal([
      { name: 'a', ovsdb: 'ssl:a.example:6640', vtep: '10.0.0.1' },
      { name: 'b', ovsdb: 'tcp:[::1]:6640', vtep: '10.0.0.2' },
    ]);
    expect(blue).to.deep.equal({
      path: 'blue/web',
      tenant: 'blue',
      name: 'web',
      encapsulation: 'geneve',
      subnets: [],
      mtu: 1450,
      ports: [],
    });
    expect(red).to.deep.equal({
      path: 'red/web',
      tenant: 'red',
      name: 'web',
      key: 0xffffffff,
      encapsulation: 'gre',
      subnets: ['10.0.0.0/31', 'fd00:0:1::/64'],
      mtu: 1458,
      ports: [
        { path: 'red/web/2', name: '2', ifaceId: '{x}', mac: '02:00:00:00:00:01', ips: [] },
        {
          path: 'red/web/z',
          name: 'z',
          ifaceId: 'z',
          mac: '0a:00:00:00:00:0f',
          ips: ['10.0.0.1', 'fd00:0:1::a'],
          hosts: ['a', 'b'],
        },
      ],
    });
    expect([redAt, blueAt]).to.deep.equal([
      { line: 8, column: 14 },
      { line: 11, column: 23 },
    ]);
  });

  it("writes a port's further keys in one form, and leaves out what changes nothing", () => {
    const draft = draftOf(
      fileOf({
        ports: `{
          a: { mac: "02:00:00:00:01:01", allowed: ["FD00:2::/64", 10.0.0.7/32, 10.0.0.0/30], ip-checks: true, unknown: false, qos: {} },
          b: { mac: "02:00:00:00:01:02", ip-checks: false, unknown: true, broadcast-rate: 9, qos: { rate: 10, burst: 1, dscp: 0 } },
          c: { mac: "02:00:00:00:01:03", allowed: [10.0.0.7] } }`,
      }),
    );
    const given = draft.networks[0]?.ports.map(({ path: _, name, ifaceId: __, mac: ___, ips: ____, ...rest }) => [
      name,
      rest,
    ]);
    expect(given).to.deep.equal([
      ['a', { allowed: ['10.0.0.0/30', '10.0.0.7', 'fd00:2::/64'] }],
      ['b', { ipChecks: false, unknown: true, broadcastRate: 9, qos: { rate: 10, burst: 1, dscp: 0 } }],
      ['c', { allowed: ['10.0.0.7'] }],
    ]);
  });

  it('takes the same identities in two tenants, and a family of addresses each', () => {
    const port = '{ mac: "02:00:00:00:01:01", ips: [192.168.0.1] }';
    const draft = draftOf(
      fileOf({ tenants: `blue: { networks: { web: { subnets: [192.168.0.0/24], ports: { b1: ${port} } } } }` }),
    );
    expect(draft.networks.map((n) => n.ports[0]?.mac)).to.deep.equal(['02:00:00:00:01:01', '02:00:00:00:01:01']);
  });

  it('reads aliases where they are used', () => {
    const draft = draftOf(fileOf({ web: 'subnets: &net [192.168.0.0/24]', networks: 'db: { subnets: *net }' }));
    expect(draft.networks.map((n) => n.subnets)).to.deep.equal([['192.168.0.0/24'], ['192.168.0.0/24']]);
  });

  it('reckons the overhead of each encapsulation over IPv4 and IPv6', () => {
    const kinds = ['geneve', 'vxlan', 'gre', 'nvgre'] as const;
    expect(kinds.map((kind) => overhead(kind, 'ipv4'))).to.deep.equal([50, 50, 42, 42]);
    expect(kinds.map((kind) => overhead(kind, 'ipv6'))).to.deep.equal([70, 70, 62, 62]);
    expect(draftOf(fileOf({ underlay: '{ mtu: 1330 }' })).networks[0]?.mtu).to.equal(1280);
  });

  it('gives equal values for the same content in another order', () => {
    const value = (name: string) => ({ ovsdb: `unix:/${name}`, vtep: `10.0.0.${name}` });
    const names = ['1', '2', '3', '4', '5'];
    const shuffled = fc.shuffledSubarray(names, { minLength: names.length });
    const build = (hosts: string[], nets: string[]) =>
      stringify({
        tenants: { t: { networks: Object.fromEntries(nets.map((n) => [`n${n}`, { subnets: [`10.${n}.0.0/16`] }])) } },
        hosts: Object.fromEntries(hosts.map((h) => [`h${h}`, value(h)])),
      });
    const reference = allocateKeys(draftOf(build(names, names)));
    fc.assert(
      fc.property(shuffled, shuffled, (hosts, nets) => {
        expect(allocateKeys(draftOf(build(hosts, nets)))).to.deep.equal(reference);
      }),
    );
  });

  it('answers any value and any text with a draft or with problems, never with an exception', () => {
    const key = fc.constantFrom(
      'underlay',
      'hosts',
      'tenants',
      'networks',
      'ports',
      'mac',
      'ips',
      'subnets',
      'key',
      'x',
    );
    const leaf = fc.oneof(
      fc.constantFrom('10.0.0.0/8', '10.0.0.1', 'unix:/x', '__proto__', 'constructor'),
      fc.jsonValue(),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 7 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    const answered = (text: string) => {
      const { draft, problems } = parseTopology(text, 'x');
      expect(draft === undefined).to.equal(problems.length > 0);
      for (const { line, column } of problems) expect(Math.min(line, column)).to.be.at.least(1);
    };
    fc.assert(
      fc.property(tree, (value) => answered(stringify(value))),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'{}[]:,-&*!?|>%"\'#\n\t ab1') }), answered), {
      numRuns: 500,
    });
    const right = fileOf({});
    const cut = fc.tuple(fc.nat(right.length), fc.nat(40), fc.string({ maxLength: 5 }));
    fc.assert(fc.property(cut, ([at, length, put]) => answered(right.slice(0, at) + put + right.slice(at + length))));
  });
});

describe('topologies/', () => {
  it('has the files that the documents name', () => {
    expect(SHIPPED).to.include.members(['two-tenants.yaml', 'overlap.yaml', 'eight-hosts.yaml']);
  });

  const read = (name: string) => draftOf(readFileSync(new URL(name, TOPOLOGIES), 'utf8'));
  for (const name of SHIPPED) it(`${name} has no problem`, () => void read(name));

  for (const [name, hosts, tenants, networks, ports] of [
    ['two-tenants.yaml', 2, 2, 2, 4],
    ['overlap.yaml', 3, 3, 6, 18],
    ['eight-hosts.yaml', 8, 4, 4, 32],
  ] as const) {
    it(`${name}: ${hosts} hosts, ${tenants} tenants, ${networks} networks, ${ports} VMs, each with a place to run`, () => {
      const draft = read(name);
      const all = draft.networks.flatMap((network) => network.ports);
      expect(draft.hosts).to.have.length(hosts);
      expect(new Set(draft.networks.map((network) => network.tenant))).to.have.length(tenants);
      expect(draft.networks).to.have.length(networks);
      expect(all).to.have.length(ports);
      expect(all.every((port) => port.hosts?.length === 1)).to.equal(true);
    });
  }

  it('two-tenants.yaml and overlap.yaml give every network the same MACs and addresses', () => {
    for (const name of ['two-tenants.yaml', 'overlap.yaml']) {
      const [first, ...rest] = read(name).networks.map(({ ports }) => ports.map(({ mac, ips }) => [mac, ips]));
      for (const other of rest) expect(other).to.deep.equal(first);
    }
  });
});
