/** What others own on a host is there afterwards as it was before; what stands in Kakuri's way is told by name. */
import { expect } from 'chai';
import { kakuri } from '../lab/kakuri.js';
import { eventually, type Installation, startInstallation } from './installation.js';
import { networks } from './networks.js';

/** The columns of somebody else's rows that must not change. */
const THEIRS = [
  ['Bridge', 'br-theirs', 'name,external_ids,other_config,fail_mode'],
  ['Interface', 'vx-theirs', 'name,type,options,external_ids'],
  ['Interface', 'p-theirs', 'name,type,external_ids'],
] as const;

describe('what others own', function () {
  this.timeout(60_000);
  let net: Installation;
  const hv1 = async (...args: string[]): Promise<string> => {
    const { rc, stdout, stderr } = await net.lab.vsctl('hv1', ...args);
    if (rc !== 0) throw new Error(stderr);
    return stdout;
  };
  const theirs = async () =>
    Promise.all(THEIRS.map(([table, record, columns]) => hv1(`--columns=${columns}`, 'list', table, record)));
  const errors = async () => (await net.status()).hosts.find((h) => h.name === 'hv1')?.errors.join('\n') ?? '';

  before(async () => {
    net = await startInstallation(networks());
    await net.plugAll();
  });
  after(() => net?.stop());

  it('stays as it is: bridge, tunnel, port in br-int, external_ids', async () => {
    await net.end();
    await hv1(
      'add-br',
      'br-theirs',
      '--',
      'set',
      'Bridge',
      'br-theirs',
      'datapath_type=netdev',
      'external_ids:owner=them',
      'fail_mode=standalone',
    );
    await hv1(
      'add-port',
      'br-theirs',
      'vx-theirs',
      '--',
      'set',
      'Interface',
      'vx-theirs',
      'type=vxlan',
      'options:remote_ip=10.99.0.77',
      'options:key=7',
      'external_ids:owner=them',
    );
    await hv1(
      'add-port',
      'br-int',
      'p-theirs',
      '--',
      'set',
      'Interface',
      'p-theirs',
      'type=internal',
      'external_ids:owner=them',
    );
    await hv1('set', 'Bridge', 'br-int', 'external_ids:theirs=kept');
    const before = await theirs();
    await net.run();
    await net.ready();
    expect(await theirs()).to.deep.equal(before);
    expect(await hv1('get', 'Bridge', 'br-int', 'external_ids:theirs')).to.contain('kept');
  });

  it('is told by name when a tunnel of theirs collides with ours', async () => {
    const ours = (await net.status()).hosts.find((h) => h.name === 'hv1')?.tunnels[0]?.name as string;
    const remote = (await hv1('get', 'Interface', ours, 'options:remote_ip')).trim().replaceAll('"', '');
    await hv1(
      'add-port',
      'br-theirs',
      'gnv-theirs',
      '--',
      'set',
      'Interface',
      'gnv-theirs',
      'type=geneve',
      `options:remote_ip=${remote}`,
      'options:local_ip=10.99.0.1',
      'options:key=flow',
    );
    await eventually('the collision to be told', async () => {
      const told = await errors();
      return told.includes('gnv-theirs') && told.includes(ours) ? true : told;
    });
    await hv1('del-port', 'br-theirs', 'gnv-theirs');
    await net.ready();
  });

  it('is told with its text when a flow of theirs stands in br-int, kept, and keeps the host from ready', async () => {
    const flow = 'cookie=0x1234,table=0,priority=77,in_port=999,actions=drop';
    await net.lab.ofctl('hv1', ['-O', 'OpenFlow15', 'add-flow', 'br-int', flow]);
    await eventually('the flow to be told', async () => {
      const told = await errors();
      return /foreign flow in br-int: .*priority=77,in_port=999/.test(told) ? true : told;
    });
    expect((await net.status()).hosts.find((h) => h.name === 'hv1')?.state).to.equal('blocked');
    expect((await net.lab.flows('hv1')).filter((f) => f.includes('priority=77'))).to.have.length(1);
    await net.lab.ofctl('hv1', ['-O', 'OpenFlow15', '--strict', 'del-flows', 'br-int', 'priority=77,in_port=999']);
    await net.ready();
  });

  it('is not overwritten where it has the place of a flow of ours', async () => {
    const mine = (await net.lab.flows('hv1', { names: false })).find((f) => f.includes('priority=50,in_port='));
    const match = /priority=50,in_port=(\d+)/.exec(mine ?? '')?.[1];
    const theirFlow = `cookie=0x1234,table=0,priority=50,in_port=${match},actions=drop`;
    await net.lab.ofctl('hv1', ['-O', 'OpenFlow15', 'add-flow', 'br-int', theirFlow]);
    await eventually('the flow to be told', async () => {
      const told = await errors();
      return told.includes('held back') ? true : told;
    });
    expect((await net.lab.flows('hv1', { names: false })).filter((f) => f.includes('cookie=0x1234'))).to.have.length(1);
    await net.lab.ofctl('hv1', ['-O', 'OpenFlow15', '--strict', 'del-flows', 'br-int', `priority=50,in_port=${match}`]);
    await net.ready(Object.keys(net.lab.ready.vms));
  });

  it('is all that is left after `kakuri remove`', async () => {
    const before = await theirs();
    await net.end();
    const { code, stdout } = await kakuri(['remove', net.lab.ready.topology]);
    expect(code).to.equal(0);
    expect(stdout).to.contain('hv1: ');
    expect(await theirs()).to.deep.equal(before);
    // VM ports are not Kakuri's, so the bridge that holds them stays, closed.
    expect((await hv1('get', 'Bridge', 'br-int', 'fail_mode')).trim()).to.equal('secure');
    expect(await hv1('list-ports', 'br-int')).to.not.match(/^kk/m);
    expect(await hv1('get-controller', 'br-int')).to.equal('');
    expect(await hv1('get', 'Bridge', 'br-int', 'external_ids')).to.not.contain('kakuri');
    await net.lab.vsctl('hv3', 'del-port', 'br-int', net.lab.ready.vms['green-vm2']?.tap as string);
  });
});
