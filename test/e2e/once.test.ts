/** `kakuri run --once`: done is done, and hosts go on; what cannot be done is an exit code and a clear line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kakuri } from '../lab/kakuri.js';
import { type Lab, startLab } from '../lab/lab.js';
import { networks } from './networks.js';

describe('kakuri run --once', function () {
  this.timeout(60_000);
  let lab: Lab;
  let state: string;
  const once = (file: string, ...more: string[]) => {
    const { management, controller } = lab.ready;
    return kakuri([
      'run',
      file,
      '--once',
      '--listen',
      `ptcp:6653:${management}`,
      '--advertise',
      controller,
      '--api',
      'http://127.0.0.1:0',
      '--state',
      state,
      ...more,
    ]);
  };

  before(async () => {
    lab = await startLab(networks(), { plug: true });
    state = mkdtempSync(join(tmpdir(), 'kakuri-once-'));
  });
  after(async () => {
    await lab?.stop();
    rmSync(state, { recursive: true, force: true });
  });

  it('exits 0 when every host is confirmed, and the hosts go on working', async () => {
    expect((await once(lab.ready.topology)).code).to.equal(0);
    // The ports were plugged as soon as the bridge was there, perhaps after the first answer.
    const again = await once(lab.ready.topology);
    expect(again.code, again.stderr).to.equal(0);
    expect((await lab.ping('red-vm1', 'red-vm2', { count: 3, timeout: 2 })).received).to.be.greaterThan(0);
    expect((await lab.ping('green-vm1', 'red-vm2', { count: 2, timeout: 0.5 })).received).to.equal(0);
  });

  it('exits 3 and names the host that does not answer', async () => {
    const file = join(state, 'unreachable.yaml');
    writeFileSync(
      file,
      networks().replace('/run/kakuri/hv3/db.sock', '/nowhere/db.sock').replaceAll('/run/kakuri', lab.ready.dir),
    );
    const { code, stderr } = await once(file, '--timeout', '3');
    expect(code).to.equal(3);
    expect(stderr).to.match(/kakuri: hv3 is not confirmed: .*\/nowhere\/db\.sock/);
  });

  it('exits 2 where its own address is taken or is none', async () => {
    for (const listen of ['ptcp:6653:192.0.2.1', 'tcp:127.0.0.1:6653', 'nonsense']) {
      const { code, stderr } = await kakuri(['run', lab.ready.topology, '--listen', listen, '--state', state]);
      expect(code, listen).to.equal(2);
      expect(stderr).to.contain(`--listen ${listen}`);
    }
    expect((await once(lab.ready.topology, '--api', 'http://0.0.0.0:0')).code).to.equal(2);
  });
});
