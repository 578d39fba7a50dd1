import { expect } from 'chai';
import { Turns, type Urgency } from '../../src/controller/turns.js';

const settle = (): Promise<void> =>
  new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));

describe('turns', () => {
  it('come one a turn of the event loop, in the order of asking', async () => {
    const turns = new Turns();
    const order: string[] = [];
    for (const host of ['a', 'b', 'c']) void turns.next(host, 'inTurn').then(() => order.push(host));
    expect(order).to.deep.equal([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).to.deep.equal(['a']);
    await settle();
    expect(order).to.deep.equal(['a', 'b', 'c']);
  });

  it('are skipped by the one that goes first, and by one that is promoted while it waits', async () => {
    const turns = new Turns();
    const order: string[] = [];
    for (const host of ['a', 'b', 'c']) void turns.next(host, 'inTurn').then(() => order.push(host));
    turns.promote('c', 'first');
    turns.promote('nobody', 'first');
    await turns.next('d', 'first').then(() => order.push('d'));
    expect(order).to.deep.equal(['c', 'd']);
    await settle();
    expect(order).to.deep.equal(['c', 'd', 'a', 'b']);
  });

  it('come again after all were promoted away', async () => {
    const turns = new Turns();
    const order: string[] = [];
    void turns.next('a', 'inTurn').then(() => order.push('a'));
    turns.promote('a', 'first');
    await settle();
    void turns.next('b', 'inTurn').then(() => order.push('b'));
    await settle();
    expect(order).to.deep.equal(['a', 'b']);
  });

  it('let a patient one wait until the others went, and no longer than its time', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const ask = (host: string, urgency: Urgency) => turns.next(host, urgency).then(() => order.push(host));
    const patient = ask('a', 'patient');
    void ask('b', 'inTurn');
    await patient;
    expect(order).to.deep.equal(['b', 'a']);
  });

  it('come in turn for a patient one about which something new is known, and first for one that got a port', async () => {
    const turns = new Turns();
    const order: string[] = [];
    for (const host of ['a', 'b', 'c']) void turns.next(host, 'patient').then(() => order.push(host));
    turns.promote('a', 'patient');
    turns.promote('c', 'inTurn');
    turns.promote('b', 'first');
    await settle();
    // On a slow machine a's time may be over already.
    expect(order.slice(0, 2)).to.deep.equal(['b', 'c']);
    turns.hurryAll();
    await settle();
    expect(order).to.deep.equal(['b', 'c', 'a']);
  });
});
