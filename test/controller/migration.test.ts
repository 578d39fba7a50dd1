/** A migration step by step, in the pure state: who receives, who may send, and who has the port. */
import { expect } from 'chai';
import { initialState, reduce, type State } from '../../src/controller/state.js';
import { desiredState } from '../../src/desired/index.js';
import { factsOf, topologyOf } from '../world.js';

const topology = topologyOf({ hosts: 4, ports: 3, tenants: ['red'] });
const PORT = 'red/web/red-vm1';
const HOSTS = ['hv1', 'hv2', 'hv3', 'hv4'];

const heard = (state: State, host: string, ...ids: string[]): State =>
  reduce(state, { kind: 'facts', host, facts: factsOf(topology, host, ids) });
const confirmed = (state: State, host: string): State => {
  const { ports, peers, sends } = desiredState(state.world, host, state.bound);
  return reduce(state, { kind: 'confirmed', host, confirmed: { ports, peers, sends } });
};
/** Every host carries out what it should, until nothing changes any more. */
const settled = (state: State): State => [...HOSTS, ...HOSTS, ...HOSTS].reduce(confirmed, state);
/** vm1 on hv1, vm2 on hv2, vm3 on hv3. */
const start = (): State =>
  settled(HOSTS.reduce((s, h, i) => heard(s, h, ...(i < 3 ? [`red-vm${i + 1}`] : [])), initialState(topology)));
/** vm1 is on hv1 and appears on hv2. */
const window = (): State => settled(heard(start(), 'hv2', 'red-vm2', 'red-vm1'));

/** Where a host sends packets for vm1, as its table l2 says: here, and by tunnels to VTEPs. */
function receivers(state: State, host: string): readonly string[] {
  const { flows } = desiredState(state.world, host, state.bound);
  const l2 = flows.filter((f) => f.table_id === 30 && f.match.eth_dst?.value === 0x02_00_00_00_01_01);
  const tunnels = new Map(state.world.facts.get(host)?.tunnels.map((t) => [t.ofport, t.name]));
  return l2.flatMap((f) => [
    ...(f.instructions.some((i) => i.kind === 'goto_table') ? ['here'] : []),
    ...f.instructions.flatMap((i) =>
      i.kind === 'apply_actions'
        ? (i.actions ?? []).flatMap((a) => (a.kind === 'output' ? [`hv${Number(tunnels.get(a.port)?.slice(-1))}`] : []))
        : [],
    ),
  ]);
}
/** True when the host lets the VM behind vm1's port there send. */
const maySend = (state: State, host: string): boolean =>
  desiredState(state.world, host, state.bound).flows.some((f) => f.table_id === 0 && f.owner.id === `port ${PORT}`);
const everywhere = (state: State) => HOSTS.slice(0, 3).map((host) => receivers(state, host));

describe('a migration', () => {
  it('sends to both ends from every host once the destination has confirmed, and not before', () => {
    const opening = heard(start(), 'hv2', 'red-vm2', 'red-vm1');
    expect(everywhere(opening)).to.deep.equal([['here'], ['here', 'hv1'], ['hv1']]);
    expect([...confirmed(opening, 'hv2').dirty].sort()).to.deep.equal(['hv1', 'hv3']);
    expect(everywhere(window())).to.deep.equal([
      ['here', 'hv2'],
      ['here', 'hv1'],
      ['hv1', 'hv2'],
    ]);
    expect(window().bound.get(PORT)).to.deep.include({ host: 'hv1', to: { host: 'hv2', name: 'tap1', ofport: 11 } });
  });

  it('tells only the controller of the arrival, only from the destination, and only until it is over', () => {
    const asking = (state: State) =>
      HOSTS.filter((host) =>
        desiredState(state.world, host, state.bound).flows.some(
          (f) => f.table_id === 5 && f.owner.id === `port ${PORT}`,
        ),
      );
    expect(asking(start())).to.deep.equal([]);
    expect(asking(window())).to.deep.equal(['hv2']);
    expect(asking(reduce(window(), { kind: 'arrived', host: 'hv2', ofport: 11 }))).to.deep.equal([]);
  });

  it('is over when the VM has arrived: the destination alone, though the row of the source is still there', () => {
    const over = settled(reduce(window(), { kind: 'arrived', host: 'hv2', ofport: 11 }));
    expect(over.bound.get(PORT)).to.deep.equal({
      ...{ state: 'bound', host: 'hv2', name: 'tap1', ofport: 11 },
      conflict: 'still on hv1, which it has left for hv2',
    });
    expect(everywhere(over).slice(1)).to.deep.equal([['here'], ['hv2']]);
    expect([maySend(over, 'hv1'), maySend(over, 'hv2')]).to.deep.equal([false, true]);
    const gone = heard(over, 'hv1');
    expect(gone.world.left?.size).to.equal(0);
    const back = settled(heard(gone, 'hv1', 'red-vm1'));
    expect(back.bound.get(PORT)).to.deep.include({ host: 'hv2', to: { host: 'hv1', name: 'tap0', ofport: 10 } });
  });

  it('takes an arrival of any other port for nothing', () => {
    for (const [host, ofport] of [
      ['hv1', 10],
      ['hv2', 10],
      ['hv3', 11],
    ] as const) {
      const state = reduce(window(), { kind: 'arrived', host, ofport });
      expect(state.bound.get(PORT)).to.deep.include({ host: 'hv1' });
      expect(state.dirty.size).to.equal(0);
    }
  });

  it('is over when the source goes, and nobody stops sending to the destination meanwhile', () => {
    const over = heard(window(), 'hv1');
    expect(over.bound.get(PORT)).to.deep.include({ host: 'hv2' });
    expect(over.world.moving.size).to.equal(0);
    expect(receivers(over, 'hv3')).to.deep.equal(['hv2']);
  });

  it('has not happened when the destination goes, before or after its arrival', () => {
    const aborted = settled(heard(window(), 'hv2', 'red-vm2'));
    expect(everywhere(aborted)).to.deep.equal(everywhere(start()));
    const late = reduce(window(), { kind: 'arrived', host: 'hv2', ofport: 11 });
    const back = settled(heard(late, 'hv2', 'red-vm2'));
    expect(everywhere(back)).to.deep.equal(everywhere(start()));
    expect(back.bound.get(PORT)).to.not.have.property('conflict');
  });

  it('gives a third host nothing, and leaves the migration as it is', () => {
    const third = settled(heard(window(), 'hv4', 'red-vm1'));
    expect(third.bound.get(PORT)).to.deep.include({
      host: 'hv1',
      conflict: 'also seen on hv4; hv1 had it first',
      to: { host: 'hv2', name: 'tap1', ofport: 11 },
    });
    expect(everywhere(third)).to.deep.equal(everywhere(window()));
    expect(maySend(third, 'hv4')).to.equal(false);
  });
});
