/** Which paths are probed, and whose packets a path carries. */
import { expect } from 'chai';
import { bindings, carriedBy, flowPaths, PROBED_PEERS } from '../../src/desired/index.js';
import { worldOf } from '../world.js';

describe('the paths between hosts', () => {
  it('are those of hosts that share a network by a flow-based tunnel, both ways', () => {
    const bound = bindings(worldOf({ hosts: 4, ports: 3, tunnels: 'flow' }));
    expect(
      flowPaths(bound)
        .map(({ from, to, tunnel }) => `${from} ${to} ${tunnel}`)
        .sort(),
    ).to.deep.equal(
      ['hv1 hv2', 'hv1 hv3', 'hv2 hv1', 'hv2 hv3', 'hv3 hv1', 'hv3 hv2'].map((pair) => `${pair} kkgflow`),
    );
  });

  it('are none where BFD watches, and none by a trunk', () => {
    expect(flowPaths(bindings(worldOf({ hosts: 3, ports: 3 })))).to.deep.equal([]);
  });

  it('are few for each host, however many share a network', () => {
    const hosts = 200;
    const paths = flowPaths(bindings(worldOf({ hosts, ports: hosts, tunnels: 'flow' })));
    const from = new Map<string, number>();
    for (const path of paths) from.set(path.from, (from.get(path.from) ?? 0) + 1);
    expect([...from.values()].every((count) => count === PROBED_PEERS)).to.equal(true);
    expect(from.size).to.equal(hosts);
    // Each path has its way back.
    const names = new Set(paths.map(({ from: a, to: b }) => `${a} ${b}`));
    expect(paths.filter(({ from: a, to: b }) => !names.has(`${b} ${a}`))).to.deep.equal([]);
  });

  it('carry the networks with a port at both ends, by that tunnel port alone', () => {
    const bound = bindings(worldOf({ hosts: 3, ports: 2, tunnels: 'flow' }));
    const paths = (from: string, to: string, tunnel: string) =>
      carriedBy(bound, from, to, tunnel).map(({ path }) => path);
    expect(paths('hv1', 'hv2', 'kkgflow').sort()).to.deep.equal(['blue/web', 'red/web']);
    expect(paths('hv1', 'hv3', 'kkgflow')).to.deep.equal([]);
    expect(paths('hv1', 'hv2', 'kkvflow')).to.deep.equal([]);
    const mesh = bindings(worldOf({ hosts: 2, ports: 2 }));
    expect(carriedBy(mesh, 'hv1', 'hv2', 'kkg0a630002')).to.have.length(2);
    expect(carriedBy(mesh, 'hv1', 'hv2', 'kkg0a630003')).to.deep.equal([]);
  });
});
