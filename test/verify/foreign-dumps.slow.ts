/**
 * Installations of other controllers built on real switches (lab/foreign_installations.py): OVN by its own daemons, and
 * bridges programmed as Neutron's agent does. What the proof says of them, and of a leak planted in each, which
 * `ofproto/trace` carries out as the proof's packet says.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Foreign, LAB, proveFolder, reasonsOf } from './foreign-dumps.js';

const run = promisify(execFile);

describe('verify: installations of other controllers', function () {
  this.timeout(300_000);
  const directory = mkdtempSync(join(tmpdir(), 'kakuri-foreign-'));
  let count = 0;
  after(() => rmSync(directory, { recursive: true }));

  async function installed(kind: string, ...options: string[]): Promise<Foreign & { readonly trace: string }> {
    const folder = join(directory, String(count++));
    const { stdout } = await run('/usr/bin/python3', [LAB, kind, folder, ...options], { timeout: 240_000 });
    return { ...(await proveFolder(folder)), trace: stdout };
  }

  /** What ofproto/trace says of an experimental EtherType from the red VM. */
  const traced = (foreign: Foreign, vm: string): readonly string[] => {
    const port = [...(foreign.dumps[0]?.ports.values() ?? [])].find(({ ifaceId }) => ifaceId === vm);
    return ['--trace', `in_port=${port?.ofport},dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,dl_type=0x88b5`];
  };

  for (const [kind, hosts, reason] of [
    ['ovn', 3, /a controller, which may do anything/],
    ['neutron', 4, /NORMAL, a learning switch/],
  ] as const)
    it(`${kind}: unproven with the reason; a planted leak is found, and is one`, async () => {
      const right = await installed(kind);
      expect(right.dumps).to.have.length(hosts);
      expect(right.proof.leaks).to.deep.equal([]);
      expect(right.proof.verdict).to.equal('unproven');
      expect(reasonsOf(right.proof).join('\n')).to.match(reason);
      const wrong = await installed(kind, '--plant', 'port', ...traced(right, 'red-vm1'));
      expect(wrong.proof.verdict).to.equal('leak');
      expect(wrong.proof.leaks[0]).to.include({ from: 'red-vm1', to: 'blue-vm1' });
      expect(wrong.proof.leaks[0]?.packet).to.match(/^[0-9a-f]{24}88b5/);
      const blue = [...(wrong.dumps[0]?.ports.values() ?? [])].find(({ ifaceId }) => ifaceId === 'blue-vm1')?.ofport;
      expect(wrong.trace).to.match(new RegExp(`cookie 0xbad\\s+output:${blue}\\s`));
    });

  it('ovn: another tenant’s key on the wire is found', async () => {
    const { proof } = await installed('ovn', '--plant', 'key');
    expect(proof.leaks.map(({ goal, from }) => `${goal} ${from}`)).to.deep.equal(['G1 red-vm1']);
  });
});
