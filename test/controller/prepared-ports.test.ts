/** When a port may be opened by what was prepared for it: only where nothing at all is in doubt. */
import { expect } from 'chai';
import { type Memory, NOTHING_KNOWN } from '../../src/controller/memory.js';
import { PreparedPorts, undoubted } from '../../src/controller/prepared-ports.js';
import { initialState, reduce, type State } from '../../src/controller/state.js';
import { desiredState, type HostRows, type InterfaceRow, rememberingFlowsOf } from '../../src/desired/index.js';
import { holdingExactly } from '../../src/diff/index.js';
import type { HostLink } from '../../src/session/index.js';
import { worldOf } from '../world.js';

const TAP = 'tap-new';
const PATH = 'red/web/red-vm3';
const WORLD = worldOf({ hosts: 2, ports: 4, keys: (i) => ({ hosts: [i % 2 === 0 ? 'hv1' : 'hv2'] }) });

/** hv1 and hv2 with all ports but red-vm3, and what else is said of the hosts. */
function stateWith(more: Readonly<Record<string, readonly object[]>> = {}): State {
  let state = initialState(WORLD.topology);
  for (const [host, { interfaces, tunnels }] of WORLD.facts) {
    const rows = [...interfaces.filter(({ ifaceId }) => ifaceId !== 'red-vm3'), ...(more[host] ?? [])];
    state = reduce(state, { kind: 'facts', host, facts: { interfaces: rows as never, tunnels } });
  }
  return state;
}

const row = (name: string, ids: Readonly<Record<string, string>>, more: Partial<InterfaceRow> = {}): InterfaceRow => ({
  _uuid: name,
  name,
  type: '',
  options: {},
  bfd: {},
  external_ids: ids,
  ...more,
});

interface Case {
  readonly state?: State;
  readonly rows?: readonly InterfaceRow[];
  readonly heard?: boolean;
  readonly epoch?: number;
  readonly memory?: Partial<Memory>;
  readonly name?: string;
  readonly ofport?: number;
}

const NEW = row(TAP, { 'iface-id': 'red-vm3' });

function found({ state = stateWith(), rows = [NEW], heard = true, epoch = 1, memory, name = TAP, ofport = 77 }: Case) {
  const link = {
    name: 'hv1',
    epoch: () => epoch,
    rows: () => (heard ? ({ interfaces: rows } as unknown as HostRows) : undefined),
  } as unknown as HostLink;
  const held = desiredState(state.world, 'hv1', state.bound);
  const known: Memory = { ...NOTHING_KNOWN, epoch: 1, actual: holdingExactly(held), held, ...memory };
  return undoubted({ link, state, memory: known }, name, ofport)?.port.path;
}

describe('a port that may be opened early', () => {
  it('is the one whose row was just seen, on the only host where it may be', () => {
    expect(found({})).to.equal(PATH);
    expect(found({ rows: [row(TAP, { 'iface-id': 'red-vm3' }, { ofport: 77 })] })).to.equal(PATH);
    const pending = stateWith({ hv1: [{ name: TAP, ifaceId: 'red-vm3', inactive: false }] });
    expect(found({ state: pending })).to.equal(PATH);
  });

  const doubts: readonly (readonly [string, Case])[] = [
    ['its row is not there', { rows: [] }],
    ['its row has no iface-id', { rows: [row(TAP, {})] }],
    ['its iface-id is nobody’s', { rows: [row(TAP, { 'iface-id': 'nobody' })] }],
    ['its row is not in use', { rows: [row(TAP, { 'iface-id': 'red-vm3', 'iface-status': 'inactive' })] }],
    ['its row is a tunnel’s', { rows: [row(TAP, { 'iface-id': 'red-vm3', 'kakuri-tunnel': 'x' })] }],
    ['its row was installed before', { rows: [row(TAP, { 'iface-id': 'red-vm3', 'kakuri-installed': '1' })] }],
    ['its row says another number', { rows: [row(TAP, { 'iface-id': 'red-vm3' }, { ofport: 78 })] }],
    ['another row has its iface-id', { rows: [NEW, row('tap-two', { 'iface-id': 'red-vm3' })] }],
    ['OVSDB is not heard', { heard: false }],
    ['the connection is another one', { epoch: 2 }],
    ['the tables are not known', { memory: { held: undefined } as never }],
    ['something undecided is in the tables', { memory: { beside: { flows: new Map() } } }],
    ['another port has the number', { ofport: 10 }],
    ['the number is none of a port’s', { ofport: 0xfffffffe }],
    [
      'its name may be cut short',
      { name: 'tap-of-15-octet', rows: [row('tap-of-15-octet', { 'iface-id': 'red-vm3' })] },
    ],
    ['it may not run here', { rows: [row(TAP, { 'iface-id': 'red-vm2' })] }],
    ['it is bound already', { rows: [row(TAP, { 'iface-id': 'red-vm1' })] }],
    [
      'another host has claimed it',
      { state: stateWith({ hv2: [{ name: 'tap-x', ifaceId: 'red-vm3', ofport: 99, inactive: false }] }) },
    ],
    [
      'another row of the host has claimed it',
      { state: stateWith({ hv1: [{ name: 'tap-x', ifaceId: 'red-vm3', ofport: 99, inactive: false }] }) },
    ],
  ];
  for (const [why, given] of doubts) it(`is not one where ${why}`, () => expect(found(given)).to.equal(undefined));

  it('is not the first one of its network on the host', () => {
    const state = stateWith();
    const { interfaces = [], tunnels = [] } = state.world.facts.get('hv1') ?? {};
    const facts = { interfaces: interfaces.filter(({ ifaceId }) => ifaceId !== 'red-vm1'), tunnels };
    expect(found({ state: reduce(state, { kind: 'facts', host: 'hv1', facts }) })).to.equal(undefined);
  });

  it('is prepared once for each topology, and only while it is nowhere', () => {
    const ports = new PreparedPorts(rememberingFlowsOf());
    const state = stateWith();
    expect([ports.prepareOne(state), ports.prepareOne(state)]).to.deep.equal([true, false]);
    const held = desiredState(state.world, 'hv1', state.bound);
    const link = {
      name: 'hv1',
      epoch: () => 1,
      rows: () => ({ interfaces: [NEW] }) as unknown as HostRows,
    } as unknown as HostLink;
    const memory: Memory = { ...NOTHING_KNOWN, epoch: 1, actual: holdingExactly(held), held };
    expect(ports.at({ link, state, memory }, TAP, 77)?.port.path).to.equal(PATH);
    const other = initialState(structuredClone(WORLD.topology));
    expect(ports.prepareOne(other), 'nobody was heard: nothing is known to be nowhere').to.equal(false);
    expect(ports.at({ link, state, memory }, TAP, 77), 'of another topology').to.equal(undefined);
  });
});
