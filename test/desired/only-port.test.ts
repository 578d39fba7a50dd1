/** Nobody on a host asks for the addresses of its network's only port there; with a second port somebody may. */
import { expect } from 'chai';
import { bindings, type DesiredState, desiredState, partsBetween, type World } from '../../src/desired/index.js';
import { factsOf, worldOf } from '../world.js';

/** red-vm1 and red-vm3 are ports of hv1, red-vm2 and red-vm4 of hv2; of them those are there that are given. */
function hv1(world: World, here: readonly string[]): DesiredState {
  const facts = new Map([...world.facts, ['hv1', factsOf(world.topology, 'hv1', here)]]);
  const now = { ...world, facts };
  return desiredState(now, 'hv1', bindings(now));
}

/** The addresses that the host answers for: tables arp, nd_answer and nd_unanswered. */
const answered = (state: DesiredState): readonly string[] => [
  ...new Set(state.flows.filter(({ owner }) => owner.id.startsWith('address ')).map(({ owner }) => owner.port ?? '')),
];

describe('the only port of a network on a host', () => {
  const world = worldOf({ hosts: 2, ports: 4, tenants: ['red'], dual: true });
  const alone = hv1(world, ['red-vm1']);
  const both = hv1(world, ['red-vm1', 'red-vm3']);

  it('is not answered for there, and all others are', () => {
    expect(answered(alone)).to.deep.equal(['red-vm2', 'red-vm3', 'red-vm4']);
    expect(answered(both)).to.deep.equal(['red-vm1', 'red-vm2', 'red-vm3', 'red-vm4']);
  });

  it('has its own questions dropped there all the same', () => {
    const own = alone.flows.filter(({ owner, drop }) => owner.port === 'red-vm1' && /_announcement$/.test(drop ?? ''));
    // IPv4; IPv6, global and link-local.
    expect(own.length).to.equal(3);
  });

  it('is answered for as soon as a second one comes, and no longer when that one has gone', () => {
    const addresses = (parts: readonly (readonly { readonly identity: string; readonly owner: { id: string } }[])[]) =>
      parts
        .flat()
        .filter(({ owner }) => owner.id.startsWith('address '))
        .map(({ identity }) => identity)
        .sort();
    const ofVm1 = both.flows
      .filter(({ owner }) => owner.id.startsWith('address ') && owner.port === 'red-vm1')
      .map(({ identity }) => identity)
      .sort();
    expect(ofVm1).to.have.length(5);
    const comes = partsBetween(alone, both);
    expect(addresses(comes.come)).to.deep.equal(ofVm1);
    expect(addresses(comes.gone)).to.deep.equal([]);
    const goes = partsBetween(both, alone);
    expect(addresses(goes.gone)).to.deep.equal(ofVm1);
    expect(addresses(goes.come)).to.deep.equal([]);
  });
});
