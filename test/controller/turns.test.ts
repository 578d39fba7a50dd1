import { expect } from 'chai';
import { Turns } from '../../src/controller/turns.js';

const settle = (): Promise<void> =>
  new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));

describe('turns', () => {
  it('come one a turn of the event loop, in the order of asking', async () => {
    const turns = new Turns();
    const order: string[] = [];
    for (const host of ['a', 'b', 'c']) void turns.next(host, false).then(() => order.push(host));
    expect(order).to.deep.equal([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).to.deep.equal(['a']);
    await settle();
    expect(order).to.deep.equal(['a', 'b', 'c']);
  });

  it('are skipped by the one that goes first, and by one that is promoted while it waits', async () => {
    const turns = new Turns();
    const order: string[] = [];
    for (const host of ['a', 'b', 'c']) void turns.next(host, false).then(() => order.push(host));
    turns.promote('c');
    turns.promote('nobody');
    await turns.next('d', true).then(() => order.push('d'));
    expect(order).to.deep.equal(['c', 'd']);
    await settle();
    expect(order).to.deep.equal(['c', 'd', 'a', 'b']);
  });

  it('come again after all were promoted away', async () => {
    const turns = new Turns();
    const order: string[] = [];
    void turns.next('a', false).then(() => order.push('a'));
    turns.promote('a');
    await settle();
    void turns.next('b', false).then(() => order.push('b'));
    await settle();
    expect(order).to.deep.equal(['a', 'b']);
  });
});
