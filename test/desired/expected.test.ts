/** A port that may run on one host only is known to the other hosts before it is there, and lets nobody in by that. */
import { expect } from 'chai';
import { initialState, reduce, type State } from '../../src/controller/state.js';
import { bindings, boundAfter, desiredState, type HostFacts, type World } from '../../src/desired/index.js';
import { worldOf } from '../world.js';

/** Ports 1 and 3 of each tenant may run on hv1 only, 2 and 4 on hv2 only; all are plugged in but those of `absent`. */
function worldWithout(...absent: readonly string[]): World {
  const world = worldOf({ ports: 4, keys: (i) => ({ hosts: [i % 2 === 0 ? 'hv1' : 'hv2'] }) });
  const less = ({ interfaces, tunnels }: HostFacts): HostFacts => ({
    tunnels,
    interfaces: interfaces.filter(({ ifaceId = '' }) => !absent.includes(ifaceId)),
  });
  return { ...world, facts: new Map([...world.facts].map(([name, facts]) => [name, less(facts)])) };
}

/** Every host heard, and confirming what it holds until nothing is new. */
function settled(world: World): State {
  let state = initialState(world.topology);
  for (const [host, facts] of world.facts) state = reduce(state, { kind: 'facts', host, facts });
  for (let round = 0; round < 3; round += 1)
    for (const { name: host } of world.topology.hosts) {
      const confirmed = desiredState(state.world, host, state.bound);
      state = reduce(state, { kind: 'confirmed', host, confirmed });
    }
  return state;
}

const flowsOn = ({ world, bound }: State, host: string, owner: string) =>
  desiredState(world, host, bound).flows.filter((flow) => flow.owner.id === owner);
const remote = (state: State, port: string) => flowsOn(state, 'hv2', `remote red/web/${port}`);

describe('a port that may run on one host only', () => {
  it('is sent to by the others before it is there, where its host has another port of the network', () => {
    const state = settled(worldWithout('red-vm3'));
    expect(state.bound.get('red/web/red-vm3')).to.deep.equal({ state: 'unbound', expected: 'hv1' });
    expect(remote(state, 'red-vm3')).to.have.length(remote(state, 'red-vm1').length);
    expect(remote(state, 'red-vm3')).to.have.length.greaterThan(0);
    expect(flowsOn(state, 'hv1', 'port red/web/red-vm3')).to.deep.equal([]);
  });

  it('is sent to by nobody, and lets nobody in, where its host has no port of the network', () => {
    const state = settled(worldWithout('red-vm1', 'red-vm3'));
    expect(state.bound.get('red/web/red-vm3')).to.deep.equal({ state: 'unbound', expected: 'hv1' });
    expect(remote(state, 'red-vm3')).to.deep.equal([]);
    expect(desiredState(state.world, 'hv2', state.bound).peers.size, 'blue only').to.equal(1);
    expect(settled(worldWithout()).bound.places('red/web')?.byHost.size).to.equal(2);
    expect(state.bound.places('red/web')?.byHost.size).to.equal(1);
  });

  it('is sent to by nobody as soon as another host claims it', () => {
    const world = worldWithout('red-vm3');
    const { interfaces = [], tunnels = [] } = world.facts.get('hv2') ?? {};
    const stranger = { name: 'tap9', ifaceId: 'red-vm3', ofport: 99, inactive: false };
    const facts = { interfaces: [...interfaces, stranger], tunnels };
    const state = reduce(settled(world), { kind: 'facts', host: 'hv2', facts });
    expect(state.bound.get('red/web/red-vm3')?.state).to.equal('conflict');
    expect(remote(state, 'red-vm3')).to.deep.equal([]);
  });

  it('changes nothing on the other hosts when it comes and goes', () => {
    const before = settled(worldWithout('red-vm3'));
    const after = settled(worldWithout());
    const texts = (state: State) =>
      desiredState(state.world, 'hv2', state.bound)
        .flows.map(({ identity, content }) => `${identity} ${content}`)
        .sort();
    expect(texts(after)).to.deep.equal(texts(before));
  });

  it('is in the same places however its bindings came about', () => {
    const absent = ['red-vm1', 'red-vm3', 'blue-vm2', 'blue-vm4'];
    let world = worldWithout(...absent);
    let bound = bindings(world);
    for (const plugged of [...absent, ...[...absent].reverse()]) {
      const [host, at] = [Number(plugged.at(-1)) % 2 === 1 ? 'hv1' : 'hv2', absent.indexOf(plugged)];
      if (at >= 0) absent.splice(at, 1);
      else absent.push(plugged);
      const facts = worldWithout(...absent).facts.get(host) as HostFacts;
      const before = world.facts.get(host);
      world = { ...world, facts: new Map(world.facts).set(host, facts) };
      bound = boundAfter(bound, world, host, before).bound;
      for (const { path } of world.topology.networks) {
        const places = ({ places: of }: { places: typeof bound.places }) =>
          [...(of.call(bound, path)?.byHost ?? [])].map(([name, ports]) => [name, ports.map((p) => p.path)]).sort();
        const anew = bindings(world).places(path);
        expect(places(bound), `${path} after ${plugged}`).to.deep.equal(
          [...(anew?.byHost ?? [])].map(([name, ports]) => [name, ports.map((p) => p.path)]).sort(),
        );
      }
    }
  });
});
