/** What OpenFlow does not show of a bridge, and which bridges beside br-int have VMs' ports. */
import { expect } from 'chai';
import { type HostRows, hiddenFlows, strayBridges } from '../../src/desired/index.js';

interface Given {
  readonly name?: string;
  readonly inBand?: string;
  readonly failMode?: string;
  readonly controllers?: number;
}

/** A bridge with one port, tap-NAME, of the VM vm-NAME. */
const rowsOf = (...bridges: readonly Given[]) =>
  ({
    bridges: bridges.map(({ name = 'br-int', inBand, failMode, controllers = 0 }) => ({
      name,
      ports: [`port-${name}`],
      other_config: inBand === undefined ? {} : { 'disable-in-band': inBand },
      controller: Array.from({ length: controllers }, (_, i) => `c${i}`),
      ...(failMode === undefined ? {} : { fail_mode: failMode }),
    })),
    ports: bridges.map(({ name = 'br-int' }) => ({ _uuid: `port-${name}`, interfaces: [`iface-${name}`] })),
    interfaces: bridges.map(({ name = 'br-int' }) => ({
      _uuid: `iface-${name}`,
      external_ids: { 'iface-id': `vm-${name}` },
    })),
  }) as unknown as HostRows;

describe('what is looked into on a host', () => {
  const off = { inBand: 'true' };
  const other = { name: 'br-x' };
  for (const [bridge, why] of [
    [{ ...off, failMode: 'secure' }, undefined],
    [{ failMode: 'secure' }, /^in-band control is not off/],
    [{ inBand: 'false', failMode: 'secure' }, /^in-band control is not off/],
    [off, /^its fail_mode is not secure/],
    [{ ...off, failMode: 'standalone' }, /^its fail_mode is not secure/],
    [{ ...other, ...off, failMode: 'standalone' }, undefined],
    [{ ...other, ...off, failMode: 'standalone', controllers: 1 }, /^its fail_mode is not secure/],
    [{ ...other, ...off, controllers: 1 }, /^its fail_mode is not secure/],
    [{ ...other, ...off, failMode: 'secure', controllers: 1 }, undefined],
    [{ ...other, failMode: 'secure' }, /^in-band control is not off/],
  ] as const satisfies readonly (readonly [Given, RegExp | undefined])[])
    it(`${JSON.stringify(bridge)}: ${why ? 'may have hidden flows' : 'shows all its flows'}`, () => {
      const found = hiddenFlows(rowsOf(bridge), 'name' in bridge ? bridge.name : undefined);
      if (why === undefined) expect(found).to.equal(undefined);
      else expect(found).to.match(why);
    });

  it('of a bridge that is not there nothing is certain', () => {
    expect(hiddenFlows(undefined)).to.match(/in-band/);
    expect(hiddenFlows(rowsOf(other))).to.match(/in-band/);
  });

  it('other bridges are looked into where a VM’s port stands in them', () => {
    const rows = rowsOf({}, { name: 'br-a' }, { name: 'br-b' });
    expect(strayBridges(rows, new Set(['vm-br-int', 'vm-br-b', 'vm-none']))).to.deep.equal(['br-b']);
    expect(strayBridges(undefined, new Set(['vm-br-b']))).to.deep.equal([]);
  });
});
