/** When a port counts as reached, and what is written on its row for it. */
import { expect } from 'chai';
import { initialState, reduce, type State } from '../../src/controller/state.js';
import {
  desiredState,
  feedbackChanges,
  type HostRows,
  INSTALLED_KEY,
  portsByIfaceId,
  waitingFor,
} from '../../src/desired/index.js';
import { rightRows } from '../rows.js';
import { factsOf, topologyOf } from '../world.js';

const topology = topologyOf({ hosts: 3, ports: 2, tenants: ['red'] });
const PORT = 'red/web/red-vm1';
const [network] = topology.networks;
const [port] = network?.ports ?? [];
if (network === undefined || port === undefined) throw new Error('no port');

const heard = (state: State, host: string, ...ids: string[]): State =>
  reduce(state, { kind: 'facts', host, facts: factsOf(state.world.topology, host, ids) });

/** The host has read back what it should hold in this state. */
function confirmed(state: State, host: string, generation = state.generation): State {
  const { ports, peers, sends, numbers, remotes } = desiredState(state.world, host, state.bound);
  const held = { generation, numbers, remotes };
  return reduce(state, { kind: 'confirmed', host, confirmed: { ports, peers, sends, held } });
}

/** red-vm1 on hv1 and red-vm2 on hv2, nothing confirmed. */
const bound = (): State => heard(heard(heard(initialState(topology), 'hv1', 'red-vm1'), 'hv2', 'red-vm2'), 'hv3');
/** The same, with both hosts' part done: the second round brings what waits for the other's first. */
const reached = (): State => ['hv1', 'hv2', 'hv1', 'hv2'].reduce((state, host) => confirmed(state, host), bound());

const waits = (state: State): readonly string[] => waitingFor(state, { network, port });

function rowsWith(mark?: string): HostRows {
  const rows = rightRows(topology, 'hv1', ['red-vm1']);
  const interfaces = rows.interfaces.map((row) =>
    row.name === 'tap0' && mark !== undefined
      ? { ...row, external_ids: { ...row.external_ids, [INSTALLED_KEY]: mark } }
      : row,
  );
  return { ...rows, interfaces };
}

/** What is done to the mark, as `insert 1` or `delete 1`. */
const marks = (state: State, rows: HostRows): readonly string[] =>
  feedbackChanges(state, 'hv1', rows, portsByIfaceId(state.world.topology)).changes.map((change) =>
    change.op === 'mutate' ? `${change.mutator} ${(change.value as Record<string, string>)[INSTALLED_KEY]}` : change.op,
  );

describe('feedback', () => {
  it('waits for the own host, then for each neighbour in both directions', () => {
    let state = bound();
    expect(waits(state)).to.deep.equal(['hv1 has not confirmed its flows']);
    state = confirmed(state, 'hv1');
    expect(waits(state)).to.deep.equal(['hv1 does not send to hv2', 'hv2 has not confirmed that it sends to hv1']);
    state = confirmed(state, 'hv2');
    expect(waits(state)).to.deep.equal(['hv1 does not send to hv2']);
    expect(waits(confirmed(state, 'hv1'))).to.deep.equal([]);
  });

  it('counts only what was read back', () => {
    const state = bound();
    const { ports, peers, sends } = desiredState(state.world, 'hv1', state.bound);
    const sent = reduce(state, { kind: 'confirmed', host: 'hv1', confirmed: { ports, peers, sends } });
    expect(waits(sent)).to.deep.equal(['hv1 has not confirmed its flows']);
  });

  it('counts what was read back of another number or another intent for nothing', () => {
    const state = reached();
    const [row] = factsOf(topology, 'hv1', ['red-vm1']).interfaces;
    const facts = { ...factsOf(topology, 'hv1', []), interfaces: [{ ...row, ofport: 99 } as never] };
    expect(waits(reduce(state, { kind: 'facts', host: 'hv1', facts }))).to.deep.equal([
      'hv1 has not confirmed its flows',
    ]);
    const mac = '02:00:00:00:09:09';
    const changed = { ...topology, networks: [{ ...network, ports: [{ ...port, mac }, ...network.ports.slice(1)] }] };
    const next = reduce(state, { kind: 'topology', topology: changed });
    const [placed] = changed.networks.map((n) => ({ network: n, port: n.ports[0] as typeof port }));
    expect(waitingFor(next, placed as never)).to.deep.equal(['hv1 has not confirmed its flows']);
    const both = ['hv1', 'hv2'].reduce((s, host) => confirmed(s, host), next);
    expect(waitingFor(both, placed as never)).to.deep.equal([]);
    expect(marks(both, rowsWith('1'))).to.deep.equal(['delete 1', 'insert 2']);
  });

  it('an unchanged port does not wait for a new generation', () => {
    const state = reached();
    const [second] = network.ports.slice(1);
    const changed = { ...topology, networks: [{ ...network, ports: [port, { ...second, ips: [] } as typeof port] }] };
    expect(waits(reduce(state, { kind: 'topology', topology: changed }))).to.deep.equal([]);
  });

  it('sets the mark once, leaves it when a neighbour appears, and takes it away with the port', () => {
    expect(marks(confirmed(bound(), 'hv1'), rowsWith())).to.deep.equal([]);
    const state = reached();
    expect(marks(state, rowsWith())).to.deep.equal(['insert 1']);
    expect(marks(state, rowsWith('1'))).to.deep.equal([]);
    const neighbour = heard(heard(state, 'hv2'), 'hv3', 'red-vm2');
    expect(waits(neighbour)).to.not.deep.equal([]);
    expect(marks(neighbour, rowsWith('1'))).to.deep.equal([]);
    expect(marks(heard(state, 'hv1'), rowsWith('1'))).to.deep.equal(['delete 1']);
  });

  it('says that a host has to be looked at again while a port there waits', () => {
    const places = portsByIfaceId(topology);
    expect(feedbackChanges(confirmed(bound(), 'hv1'), 'hv1', rowsWith(), places).waits).to.equal(true);
    expect(feedbackChanges(reached(), 'hv1', rowsWith(), places).waits).to.equal(false);
  });

  it('leaves the marks of before a restart until the host has been read', () => {
    expect(marks(bound(), rowsWith('7'))).to.deep.equal([]);
    expect(marks(reached(), rowsWith('7'))).to.deep.equal([]);
    expect(marks(heard(initialState(topology), 'hv1', 'red-vm1'), rowsWith('7'))).to.deep.equal([]);
  });

  it('takes the mark from a row that names no port, or a port that is elsewhere', () => {
    const rows = rowsWith('1');
    const renamed = rows.interfaces.map((row) =>
      row.name === 'tap0' ? { ...row, external_ids: { 'iface-id': 'nobody', [INSTALLED_KEY]: '1' } } : row,
    );
    expect(marks(reached(), { ...rows, interfaces: renamed })).to.deep.equal(['delete 1']);
    expect(marks(heard(heard(reached(), 'hv1'), 'hv3', 'red-vm1'), rows)).to.deep.equal(['delete 1']);
    expect(PORT).to.equal(port.path);
  });
});
