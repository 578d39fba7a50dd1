import { expect } from 'chai';
import { initialState, reduce, type State } from '../../src/controller/state.js';
import { desiredState, type World } from '../../src/desired/index.js';
import { ownerCookie } from '../../src/pipeline/index.js';
import { factsOf, topologyOf, worldOf } from '../world.js';

const names = (set: ReadonlySet<string>): string[] => [...set].sort();

/** A state in which every host of the world was heard. */
function heard(world: World): State {
  let state = initialState(world.topology);
  for (const [host, facts] of world.facts) state = reduce(state, { kind: 'facts', host, facts });
  return state;
}

const confirm = (state: State, host: string): State => {
  const { ports, peers, sends } = desiredState(state.world, host, state.bound);
  return reduce(state, { kind: 'confirmed', host, confirmed: { ports, peers, sends } });
};

describe('controller state', () => {
  it('tells that others can be judged when a host is heard for the first time, and only then', () => {
    const world = worldOf({ hosts: 3, ports: 3 });
    const event = { kind: 'facts', host: 'hv2', facts: factsOf(world.topology, 'hv2', []) } as const;
    const state = reduce(initialState(world.topology), event);
    expect([names(state.dirty), state.judgeable]).to.deep.equal([['hv2'], true]);
    expect(reduce(state, event).judgeable).to.equal(false);
  });

  it('looks only at the hosts of the network when one port is bound', () => {
    const world = worldOf({ hosts: 4, tenants: ['red', 'blue'], ports: 2 });
    const state = heard(world);
    const facts = factsOf(world.topology, 'hv3', ['nobody', 'stranger']);
    expect(names(reduce(state, { kind: 'facts', host: 'hv3', facts }).dirty)).to.deep.equal(['hv3']);
    const moved = factsOf(world.topology, 'hv1', ['red-vm1']);
    expect(names(reduce(state, { kind: 'facts', host: 'hv1', facts: moved }).dirty)).to.deep.equal(['hv1', 'hv2']);
  });

  it('looks at the other hosts when a port appears or goes, and only at its own when it gets its number', () => {
    const world = worldOf({ hosts: 3, ports: 3 });
    const without = factsOf(world.topology, 'hv2', []);
    const state = reduce(heard(world), { kind: 'facts', host: 'hv2', facts: without });
    const [row] = factsOf(world.topology, 'hv2', ['red-vm2']).interfaces;
    const seen = (before: State, interfaces: readonly object[]): State =>
      reduce(before, { kind: 'facts', host: 'hv2', facts: { ...without, interfaces: interfaces as never } });
    const { ofport: _, ...numberless } = row as { ofport?: number };
    const pending = seen(state, [numberless]);
    expect(pending.bound.get('red/web/red-vm2')).to.deep.equal({ state: 'pending', host: 'hv2', name: 'tap0' });
    expect(names(pending.dirty)).to.deep.equal(['hv1', 'hv2', 'hv3']);
    expect(names(seen(pending, [row as object]).dirty)).to.deep.equal(['hv2']);
    expect(names(seen(pending, []).dirty)).to.deep.equal(['hv1', 'hv2', 'hv3']);
  });

  it('lets others send to a port that moved only when its new host has confirmed it', () => {
    const world = worldOf({ hosts: 3, ports: 3, tenants: ['red'] });
    let state = ['hv1', 'hv2', 'hv3'].reduce(confirm, heard(world));
    const port = 'red/web/red-vm1';
    const sends = (s: State) => {
      const { flows, keepOwners } = desiredState(s.world, 'hv2', s.bound);
      const flow = flows.find((f) => f.owner.id === `remote ${port}`);
      return { to: flow?.why, kept: keepOwners.has(ownerCookie(`remote ${port}`)) };
    };
    expect(sends(state)).to.deep.equal({ to: 'red-vm1 of red/web is on host hv1', kept: false });
    const facts = (host: string, ...ids: string[]) =>
      ({ kind: 'facts', host, facts: factsOf(world.topology, host, ids) }) as const;
    state = reduce(state, facts('hv3', 'red-vm3', 'red-vm1'));
    state = reduce(state, facts('hv1'));
    expect([...state.world.moving]).to.deep.equal([port]);
    expect(sends(state)).to.deep.equal({ to: undefined, kept: true });
    state = confirm(state, 'hv3');
    expect([...state.dirty]).to.include('hv2');
    expect([...state.world.moving]).to.deep.equal([]);
    expect(sends(state)).to.deep.equal({ to: 'red-vm1 of red/web is on host hv3', kept: false });
  });

  it('tells the other hosts of a network what a host confirmed, once', () => {
    const state = heard(worldOf());
    const first = confirm(state, 'hv1');
    expect(names(first.dirty)).to.deep.equal(['hv2']);
    expect(names(confirm(first, 'hv1').dirty)).to.deep.equal([]);
  });

  it('looks at everything when the topology changes, and forgets hosts that left it', () => {
    const state = confirm(heard(worldOf({ hosts: 3, ports: 3 })), 'hv3');
    const next = reduce(state, { kind: 'topology', topology: topologyOf({ hosts: 2, ports: 3 }) });
    expect(names(next.dirty)).to.deep.equal(['hv1', 'hv2']);
    expect([...next.world.facts.keys()].sort()).to.deep.equal(['hv1', 'hv2']);
    expect(next.world.confirmed.has('hv3')).to.equal(false);
    expect(next.generation).to.equal(state.generation + 1);
  });

  it('keeps a port where it was when a second host claims it, and sends copies to that one', () => {
    const world = worldOf({ hosts: 3, ports: 2 });
    const state = heard(world);
    expect(state.bound.get('red/web/red-vm1')).to.include({ state: 'bound', host: 'hv1' });
    const claimed = reduce(state, { kind: 'facts', host: 'hv3', facts: factsOf(world.topology, 'hv3', ['red-vm1']) });
    expect(claimed.bound.get('red/web/red-vm1')).to.include({
      state: 'bound',
      host: 'hv1',
    });
    expect(names(claimed.dirty)).to.deep.equal(['hv1', 'hv2', 'hv3']);
    const left = reduce(claimed, { kind: 'facts', host: 'hv1', facts: factsOf(world.topology, 'hv1', []) });
    expect(left.bound.get('red/web/red-vm1')).to.include({ state: 'bound', host: 'hv3' });
  });
});
