/** Tunnel keys as a value: unique, stable, never one that rests; and the text of the memory. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Allocation,
  allocateKeys,
  EMPTY_MEMORY,
  type Encapsulation,
  formatKeyMemory,
  type KeyMemory,
  parseKeyMemory,
  QUARANTINE_MS,
  type TopologyDraft,
} from '../../src/topology/index.js';

interface Given {
  readonly key?: number;
  readonly encapsulation?: Encapsulation;
  /** Id of its VLAN half. */
  readonly vlan?: number;
  /** Hosts of its one port; absent: it has no ports. */
  readonly hosts?: readonly string[];
}

/** A draft of networks alone, `{ 'red/web': { key: 5 } }`. */
function draft(networks: Readonly<Record<string, Given>>, hosts: TopologyDraft['hosts'] = []): TopologyDraft {
  const sorted = Object.entries(networks).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    file: 'f',
    underlay: { encapsulation: 'geneve', tunnels: 'mesh', mtu: 1500 },
    hosts,
    networks: sorted.map(([path, { key, encapsulation = 'geneve', vlan, hosts: places }], index) => ({
      path,
      tenant: path.split('/')[0] ?? '',
      name: path.split('/')[1] ?? '',
      ...(key !== undefined && { key }),
      keyAt: { line: index + 1, column: 1 },
      encapsulation,
      ...(vlan !== undefined && { vlan: { id: vlan, hosts: [], gateways: [] } }),
      subnets: [],
      mtu: 1450,
      ports:
        places === undefined ? [] : [{ path: `${path}/a`, name: 'a', ifaceId: path, mac: '', ips: [], hosts: places }],
    })),
  };
}

const keysOf = ({ topology }: Allocation) => Object.fromEntries((topology?.networks ?? []).map((n) => [n.path, n.key]));
const T0 = Date.UTC(2026, 0, 1);

/** Allocates each draft in turn with the memory of the one before. */
function history(
  ...steps: readonly (readonly [now: number, networks: Readonly<Record<string, Given>>])[]
): Allocation[] {
  const allocations: Allocation[] = [];
  let memory: KeyMemory = EMPTY_MEMORY;
  for (const [now, networks] of steps) {
    const allocation = allocateKeys(draft(networks), memory, now);
    memory = allocation.memory;
    allocations.push(allocation);
  }
  return allocations;
}

const last = <T>(list: readonly T[]): T => list.at(-1) ?? expect.fail('empty');

describe('tunnel keys', () => {
  it('frees no key while a host is away that may still send with it', () => {
    const { memory: red } = allocateKeys(draft({ 'red/web': {} }));
    const { memory } = allocateKeys(draft({}), red, 0);
    const late = 2 * QUARANTINE_MS;
    const key = (allocation: Allocation) => allocation.topology?.networks[0]?.key;
    expect(key(allocateKeys(draft({ 'blue/web': {} }), memory, late))).to.equal(1);
    const away = allocateKeys(draft({ 'blue/web': {} }), memory, late, { hosts: 'away' });
    expect(key(away)).to.equal(2);
    expect(away.memory.quarantine.map(({ path, until }) => [path, until])).to.deep.equal([
      ['red/web', late + QUARANTINE_MS],
    ]);
    const [problem] = allocateKeys(draft({ 'blue/web': { key: 1 } }), memory, late, { hosts: 'away' }).problems;
    expect(problem?.code).to.equal('key-in-quarantine');
  });

  it('gives a key that has rested only where the file says so, while nothing is known of the hosts', () => {
    const { memory: red } = allocateKeys(draft({ 'red/web': {} }));
    const { memory } = allocateKeys(draft({}), red, 0);
    const late = 2 * QUARANTINE_MS;
    const unknown = { hosts: 'unknown' } as const;
    const allocated = allocateKeys(draft({ 'blue/web': {} }), memory, late, unknown);
    expect(allocated.topology?.networks[0]?.key).to.equal(2);
    // It is still remembered: a host that is away may hold it.
    expect(allocated.memory.quarantine).to.deep.equal(memory.quarantine);
    const given = allocateKeys(draft({ 'blue/web': { key: 1 } }), memory, late, unknown);
    expect(given.topology?.networks[0]?.key).to.equal(1);
    expect(given.memory.quarantine).to.deep.equal([]);
    const early = allocateKeys(draft({ 'blue/web': { key: 1 } }), memory, QUARANTINE_MS / 2, unknown);
    expect(early.problems[0]?.code).to.equal('key-in-quarantine');
  });

  it('takes given keys and fills the lowest free ones in the order of paths', () => {
    const [allocation] = history([T0, { 'b/y': {}, 'a/x': {}, 'c/z': { key: 2 }, 'b/x': {} }]);
    expect(keysOf(allocation ?? expect.fail())).to.deep.equal({ 'a/x': 1, 'b/x': 3, 'b/y': 4, 'c/z': 2 });
  });

  it('keeps the key of a network when others come before it, and when a given key is left out', () => {
    const steps = history([T0, { 'm/a': {}, 'm/b': { key: 900 } }], [T0 + 1, { 'a/a': {}, 'm/a': {}, 'm/b': {} }]);
    expect(keysOf(last(steps))).to.deep.equal({ 'a/a': 2, 'm/a': 1, 'm/b': 900 });
  });

  it('lets a key rest for an hour after its network left, and gives it again then', () => {
    const steps = history(
      [T0, { 'a/a': {}, 'a/b': {} }],
      [T0 + 1000, { 'a/b': {} }],
      [T0 + 1000 + QUARANTINE_MS - 1, { 'a/b': {}, 'a/c': {} }],
      [T0 + 1000 + QUARANTINE_MS, { 'a/b': {}, 'a/c': {}, 'a/d': {} }],
    );
    expect(steps.map(keysOf).slice(2)).to.deep.equal([
      { 'a/b': 2, 'a/c': 3 },
      { 'a/b': 2, 'a/c': 3, 'a/d': 1 },
    ]);
    expect(steps[1]?.memory.quarantine).to.deep.equal([
      { key: 1, encapsulation: 'geneve', path: 'a/a', until: T0 + 1000 + QUARANTINE_MS },
    ]);
    expect(last(steps).memory.quarantine).to.deep.equal([]);
  });

  it('gives a network that comes back its own resting key', () => {
    const steps = history([T0, { 'a/a': {}, 'a/b': {} }], [T0 + 1, {}], [T0 + 2, { 'a/0': {}, 'a/b': {} }]);
    expect(keysOf(last(steps))).to.deep.equal({ 'a/0': 3, 'a/b': 2 });
    expect(last(steps).memory.quarantine.map((entry) => entry.path)).to.deep.equal(['a/a']);
  });

  it('lets the old key of a network rest when it is given another', () => {
    const steps = history(
      [T0, { 'a/a': {} }],
      [T0 + 1, { 'a/a': { key: 7 } }],
      [T0 + 2, { 'a/0': {}, 'a/a': { key: 7 } }],
    );
    expect(keysOf(last(steps))).to.deep.equal({ 'a/0': 2, 'a/a': 7 });
  });

  it('refuses a given key that rests for another network, and changes nothing', () => {
    const steps = history([T0, { 'a/a': { key: 100 } }], [T0 + 1, {}], [T0 + 2, { 'a/b': { key: 100 } }]);
    const until = '2026-01-01T01:00:00.001Z';
    expect(last(steps)).to.deep.equal({
      topology: undefined,
      memory: steps[1]?.memory,
      problems: [
        {
          file: 'f',
          line: 1,
          column: 1,
          code: 'key-in-quarantine',
          message: `tunnel key 100 was that of network a/a and rests until ${until}: choose another, or leave it out`,
        },
      ],
    });
  });

  it('refuses a given key that another network has until this edit, renamed or exchanged', () => {
    const renamed = last(history([T0, { 'a/a': { key: 100 } }], [T0 + 1, { 'a/b': { key: 100 } }]));
    expect(renamed.problems.map((p) => p.message)).to.deep.equal([
      'tunnel key 100 is kept for network a/a until that has left the file, or has another key, for 60 min: choose another, leave it out, or name another --state if these are other hosts',
    ]);
    const before = { 'a/a': { key: 1 }, 'a/b': { key: 2 } };
    const exchanged = last(history([T0, before], [T0 + 1, { 'a/a': { key: 2 }, 'a/b': { key: 1 } }]));
    expect(exchanged.problems).to.have.length(2);
    const taken = last(history([T0, { 'a/a': {} }], [T0 + 1, { 'a/a': {}, 'a/b': { key: 1 } }]));
    expect(taken.problems.map((p) => p.message).join()).to.include('kept for network a/a');
  });

  it('gives 4094 networks a VLAN id each, beside tunnels with the same numbers, and refuses the 4095th by name', () => {
    const vlans = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `red/v${String(i).padStart(4, '0')}`,
          { encapsulation: 'vlan' as const },
        ]),
      );
    const full = allocateKeys(draft({ ...vlans(4094), 'blue/web': { key: 7 } }));
    const ids = new Set((full.topology?.networks ?? []).flatMap((n) => (n.encapsulation === 'vlan' ? [n.key] : [])));
    expect([ids.size, Math.min(...ids), Math.max(...ids)]).to.deep.equal([4094, 1, 4094]);
    const over = allocateKeys(draft(vlans(4095)));
    expect(over.topology).to.equal(undefined);
    expect(over.problems.map(({ code, message }) => `${code}: ${message}`)).to.deep.equal([
      'keys-exhausted: no VLAN id is left for red/v4094: VLAN has 4094; take another encapsulation for it',
    ]);
  });

  it('lets the id of a VLAN half rest as a key does, and keeps it for its network on the way from a VLAN to tunnels', () => {
    const vlan = { encapsulation: 'vlan', key: 120 } as const;
    const joined = { key: 1120, vlan: 120 } as const;
    const steps = history(
      [T0, { 'a/a': vlan }],
      [T0 + 1, { 'a/a': joined }],
      [T0 + 2, { 'a/a': { key: 1120 } }],
      [T0 + 3, { 'a/a': joined }],
      [T0 + 4, { 'a/a': { key: 1120 } }],
      [T0 + 5, { 'a/a': vlan }],
      [T0 + 6, { 'a/a': joined }],
      [T0 + 7, { 'a/a': joined, 'a/b': vlan }],
    );
    expect(steps.flatMap(({ problems }) => problems.map(({ message }) => message))).to.deep.equal([
      'tunnel key 120 was that of network a/a and rests until 2026-01-01T01:00:00.006Z: choose another, or leave it out',
    ]);
    const others = history(
      [T0, { 'a/a': joined }],
      [T0 + 1, { 'a/a': { key: 1120 } }],
      [T0 + 2, { 'a/a': { key: 1120 }, 'a/b': { key: 9, vlan: 120 } }],
      [T0 + 3, { 'a/a': { key: 1120 }, 'a/b': { encapsulation: 'vlan' } }],
      [T0 + 1 + QUARANTINE_MS, { 'a/a': { key: 1120 }, 'a/b': { key: 9, vlan: 120 } }],
    );
    expect(others.map(({ problems }) => problems.map(({ code }) => code))).to.deep.equal([
      [],
      [],
      ['key-in-quarantine'],
      [],
      [],
    ]);
    expect(parseKeyMemory(formatKeyMemory(last(others).memory))).to.deep.equal(last(others).memory);
  });

  describe('VLAN ids of zones', () => {
    const hosts = (['west', 'west', 'east'] as const).map((zone, i) => ({
      name: `hv${i + 1}`,
      ovsdb: `unix:/${i}`,
      vtep: `10.0.0.${i}`,
      trunk: 'eth1',
      zone,
    }));
    const vlan = (at: readonly string[] | undefined, key?: number): Given => ({
      encapsulation: 'vlan',
      ...(at && { hosts: at }),
      ...(key !== undefined && { key }),
    });
    const west = vlan(['hv1', 'hv2']);
    const east = vlan(['hv3']);

    /** Each draft in turn with the memory of the one before, in the text that is kept of it. */
    function zoned(...steps: readonly (readonly [now: number, networks: Readonly<Record<string, Given>>])[]) {
      let memory: KeyMemory = EMPTY_MEMORY;
      return steps.map(([now, networks]) => {
        const allocation = allocateKeys(draft(networks, hosts), memory, now);
        memory = parseKeyMemory(formatKeyMemory(allocation.memory));
        return allocation;
      });
    }
    const said = (steps: readonly Allocation[]) =>
      steps.map(({ problems }) => problems.map(({ code, message }) => `${code}: ${message}`));

    it('are given once a zone, and stay', () => {
      const networks = { 'a/a': west, 'b/b': east, 'c/c': vlan(['hv1', 'hv3']), 'd/d': vlan(undefined) };
      const [first, second] = zoned([T0, networks], [T0 + 1, networks]);
      expect(keysOf(first ?? expect.fail())).to.deep.equal({ 'a/a': 1, 'b/b': 1, 'c/c': 2, 'd/d': 3 });
      expect(keysOf(second ?? expect.fail())).to.deep.equal({ 'a/a': 1, 'b/b': 1, 'c/c': 2, 'd/d': 3 });
    });

    it('collide when a VM may go to a zone where its id is another network’s, and both are named', () => {
      const wide = vlan(['hv1', 'hv3']);
      const steps = zoned(
        [T0, { 'a/a': west, 'b/b': east }],
        [T0 + 1, { 'a/a': wide, 'b/b': east }],
        [T0 + 2, { 'a/a': west, 'b/b': east }],
      );
      expect(said(steps)).to.deep.equal([
        [],
        [
          'vlan-collision: VLAN id 1 of b/b is that of network a/a in zone east, where ports of both may run: give one of them another (key: 2 is free), or keep their ports apart (hosts)',
        ],
        [],
      ]);
      expect(keysOf(last(steps)), 'nothing was changed').to.deep.equal({ 'a/a': 1, 'b/b': 1 });
      const mended = zoned([T0, { 'a/a': west, 'b/b': east }], [T0 + 1, { 'a/a': wide, 'b/b': { ...east, key: 2 } }]);
      expect(said(mended)[1], 'the id rests in the zone that b/b had it in').to.deep.equal([
        'key-in-quarantine: tunnel key 1 is kept for network b/b in zone east until that has left the file, or has another key, for 60 min: choose another, leave it out, or name another --state if these are other hosts',
      ]);
    });

    it('rest in a zone that their network has left, and there only', () => {
      const wide = vlan(['hv1', 'hv3'], 7);
      const narrow = vlan(['hv1'], 7);
      const steps = zoned(
        [T0, { 'a/a': wide }],
        [T0 + 1, { 'a/a': narrow }],
        [T0 + 2, { 'a/a': narrow, 'b/b': vlan(['hv3'], 7) }],
        [T0 + 3, { 'a/a': narrow, 'b/b': vlan(['hv3'], 8) }],
        [T0 + 1 + QUARANTINE_MS, { 'a/a': narrow, 'b/b': vlan(['hv3'], 7) }],
      );
      expect(said(steps).map((problems) => problems.map((p) => p.split(' and rests')[0]))).to.deep.equal([
        [],
        [],
        ['key-in-quarantine: tunnel key 7 was that of network a/a in zone east'],
        [],
        [],
      ]);
    });

    it('of a file that had no zones are everywhere until that is over', () => {
      const plain = hosts.map(({ zone: _, ...host }) => host);
      const before = allocateKeys(draft({ 'a/a': vlan(['hv1'], 7) }, plain), EMPTY_MEMORY, T0);
      const file = { 'a/a': vlan(['hv1'], 7), 'b/b': vlan(['hv3'], 7) };
      const now = allocateKeys(draft(file, hosts), before.memory, T0 + 1);
      expect(now.problems.map(({ code }) => code)).to.deep.equal(['key-in-quarantine']);
      const zonedFirst = allocateKeys(draft({ 'a/a': vlan(['hv1'], 7) }, hosts), before.memory, T0 + 1);
      const later = allocateKeys(draft(file, hosts), zonedFirst.memory, T0 + 1 + QUARANTINE_MS);
      expect(later.problems).to.deep.equal([]);
    });
  });

  it('keeps GRE keys and VSIDs apart on the wire, when allocating and in quarantine', () => {
    const nvgre = { encapsulation: 'nvgre' } as const;
    const steps = history(
      [T0, { 'a/a': { encapsulation: 'gre', key: 0x1ff }, 'a/b': nvgre }],
      [T0 + 1, { 'a/b': nvgre }],
      [T0 + 2, { 'a/b': nvgre, 'a/c': nvgre }],
      [T0 + 3, { 'a/b': nvgre, 'a/c': nvgre, 'a/d': { ...nvgre, key: 1 } }],
    );
    expect(keysOf(steps[0] ?? expect.fail())).to.deep.equal({ 'a/a': 0x1ff, 'a/b': 2 });
    expect(keysOf(steps[2] ?? expect.fail())).to.deep.equal({ 'a/b': 2, 'a/c': 3 });
    expect(last(steps).problems.map((p) => p.code)).to.deep.equal(['key-in-quarantine']);
  });

  it('lets networks go from GRE to IP tunnels and back with the keys that they have', () => {
    const all = (encapsulation: Encapsulation) => ({
      'a/a': { encapsulation, key: 101 },
      'a/b': { encapsulation, key: 102 },
      'b/a': { encapsulation },
    });
    const ways: readonly Encapsulation[] = ['gre', 'ip-tunnel', 'gre', 'nvgre', 'ip-tunnel'];
    const steps = history(...ways.map((encapsulation, i) => [T0 + i, all(encapsulation)] as const));
    expect(steps.map(({ problems }) => problems.map(({ message }) => message))).to.deep.equal([[], [], [], [], []]);
    expect(keysOf(last(steps))).to.deep.equal({ 'a/a': 101, 'a/b': 102, 'b/a': 1 });
  });

  it('gives a network another key when its encapsulation cannot carry the old one', () => {
    const wide = { encapsulation: 'gre', key: 0x1000000 } as const;
    const steps = history([T0, { 'a/a': wide }], [T0 + 1, { 'a/a': { encapsulation: 'vxlan' } }]);
    expect(keysOf(last(steps))).to.deep.equal({ 'a/a': 1 });
  });

  it('does not keep a key for years after a clock that was wrong', () => {
    const future = T0 + 1e12;
    const { memory } = last(history([future, { 'a/a': {} }], [future, {}]));
    const now = allocateKeys(draft({}), memory, T0);
    expect(now.memory.quarantine.map((entry) => entry.until)).to.deep.equal([T0 + QUARANTINE_MS]);
  });

  it('takes the time of rest as an option', () => {
    const { memory } = allocateKeys(draft({ 'a/a': {} }), EMPTY_MEMORY, T0);
    const left = allocateKeys(draft({}), memory, T0, { quarantineMs: 5 });
    expect(left.memory.quarantine[0]?.until).to.equal(T0 + 5);
  });
});

const PATHS = ['a/a', 'a/b', 'b/a', 'b/b', 'c/c', 'd/d'];
const given = fc.record(
  { key: fc.integer({ min: 1, max: 8 }), encapsulation: fc.constantFrom<Encapsulation>('geneve', 'vxlan', 'gre') },
  { requiredKeys: [] },
);
/** Files as `check` lets them pass: no key given twice. */
const networks = fc.dictionary(fc.constantFrom(...PATHS), given, { maxKeys: 6 }).filter((file) => {
  const keys = Object.values(file).flatMap(({ key }) => key ?? []);
  return new Set(keys).size === keys.length;
});
const edits = fc.array(fc.tuple(fc.integer({ min: 0, max: QUARANTINE_MS }), networks), { minLength: 1, maxLength: 8 });

describe('tunnel keys, whatever the edits', () => {
  it("are unique, as given, kept by their network, and never another network's within the hour", () => {
    fc.assert(
      fc.property(edits, (steps) => {
        let memory = EMPTY_MEMORY;
        let now = T0;
        /** When each network last had each key, by the model: what hosts may still hold. */
        const had = new Map<string, number>();
        for (const [pause, file] of steps) {
          now += pause;
          for (const [path, { key }] of Object.entries(memory.keys)) had.set(`${key} ${path}`, now);
          const { topology, memory: next, problems } = allocateKeys(draft(file), memory, now);
          if (!topology) {
            expect(problems).to.not.deep.equal([]);
            expect(next).to.equal(memory);
            continue;
          }
          const keys = topology.networks.map((network) => network.key);
          expect(new Set(keys).size).to.equal(keys.length);
          for (const { path, key } of topology.networks) {
            expect(key).to.equal(file[path]?.key ?? memory.keys[path]?.key ?? key);
            for (const [pair, at] of had) {
              const [number, owner] = pair.split(' ');
              if (Number(number) === key && owner !== path) expect(now - at).to.be.at.least(QUARANTINE_MS);
            }
          }
          memory = next;
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('are the same again with the memory they left, and through its text', () => {
    fc.assert(
      fc.property(edits, (steps) => {
        const allocation = last(history(...steps.map(([pause, file], n) => [T0 + n * pause, file] as const)));
        const memory = parseKeyMemory(formatKeyMemory(allocation.memory));
        expect(memory).to.deep.equal(allocation.memory);
        const again = allocateKeys(draft({}), memory, T0);
        expect(formatKeyMemory(allocateKeys(draft({}), allocation.memory, T0).memory)).to.equal(
          formatKeyMemory(again.memory),
        );
      }),
    );
    fc.assert(
      fc.property(networks, (file) => {
        const once = allocateKeys(draft(file), EMPTY_MEMORY, T0);
        expect(allocateKeys(draft(file), once.memory, T0 + 1)).to.deep.equal(once);
      }),
    );
  });
});

describe('the text of a key memory', () => {
  const held = '{"key":1,"encapsulation":"geneve"}';
  for (const [what, text] of [
    ['empty', ''],
    ['torn', '{"version":1,"keys":{"a/a":'],
    ['another version', '{"version":2,"keys":{},"quarantine":[]}'],
    ['not ours', '{"name":"kakuri"}'],
    ['a strange key', `{"version":1,"keys":{"a/a":${held}},"quarantine":[],"x":1}`],
    ['a path that is none', `{"version":1,"keys":{"a":${held}},"quarantine":[]}`],
    ['key 0', '{"version":1,"keys":{"a/a":{"key":0,"encapsulation":"geneve"}},"quarantine":[]}'],
    ['a fraction', '{"version":1,"keys":{"a/a":{"key":1.5,"encapsulation":"geneve"}},"quarantine":[]}'],
    ['no time', `{"version":1,"keys":{},"quarantine":[{"key":1,"encapsulation":"gre","path":"a/a"}]}`],
  ] as const) {
    it(`is refused: ${what}`, () => expect(() => parseKeyMemory(text)).to.throw(Error));
  }
});
