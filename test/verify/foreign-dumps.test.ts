/**
 * Recorded dumps of an OVN installation and of bridges programmed as Neutron's agent does (fixtures/foreign): unproven for
 * the one reason that there is, and a leak planted in them is found with a packet.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fixture, proveFolder, reasonsOf } from './foreign-dumps.js';

describe('verify: recorded dumps of other controllers', function () {
  this.timeout(30_000);
  const directory = mkdtempSync(join(tmpdir(), 'kakuri-foreign-'));
  after(() => rmSync(directory, { recursive: true }));

  /** A copy of a fixture with one more flow on a host. */
  function planted(name: string, host: string, flow: (flows: string) => string): string {
    const copy = join(directory, name);
    cpSync(fixture(name), copy, { recursive: true });
    const file = join(copy, host, 'flows.txt');
    const flows = readFileSync(file, 'utf8');
    writeFileSync(file, `${flows} cookie=0xbad, table=0, priority=60000,${flow(flows)}\n`);
    return copy;
  }

  it('says of OVN that only what its controller does is not proved', async () => {
    const { dumps, proof } = await proveFolder(fixture('ovn'));
    expect(dumps.map(({ flows }) => flows.size)).to.satisfy((sizes: number[]) => sizes.every((n) => n > 250));
    expect(proof.leaks).to.deep.equal([]);
    expect(reasonsOf(proof)).to.deep.equal(['it goes to a controller, which may do anything']);
    expect(proof.verdict).to.equal('unproven');
  });

  it('proves OVN isolated where nothing is sent to its controller', async () => {
    const copy = join(directory, 'silent');
    cpSync(fixture('ovn'), copy, { recursive: true });
    for (const host of ['ovn1', 'ovn2', 'ovn3']) {
      const file = join(copy, host, 'flows.txt');
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/ actions=.*controller\(.*/g, ' actions=drop'));
    }
    const { proof } = await proveFolder(copy);
    expect(proof.unproven).to.deep.equal([]);
    expect(proof.verdict).to.equal('isolated');
  });

  it('finds another tenant’s port and another tenant’s key planted in OVN', async () => {
    const port = await proveFolder(planted('ovn', 'ovn1', () => 'in_port=1,dl_type=0x88b5 actions=output:2'));
    expect(port.proof.verdict).to.equal('leak');
    expect(port.proof.leaks[0]).to.include({ goal: 'G2', from: 'red-vm1', to: 'blue-vm1', host: 'ovn1' });
    expect(port.proof.leaks[0]?.packet).to.match(/^[0-9a-f]{24}88b5/);
    const key = await proveFolder(
      planted('ovn', 'ovn1', () => 'in_port=1,dl_type=0x88b5 actions=set_field:0x2->tun_id,output:3'),
    );
    expect(key.proof.leaks.map(({ goal, from, host }) => `${goal} ${from} ${host}`)).to.deep.equal(['G1 red-vm1 ovn1']);
    expect(key.proof.leaks[0]?.reason).to.match(/with key 0x2, which is blue’s/);
  });

  it('says of Neutron’s bridges what is not proved, and why', async () => {
    const { proof } = await proveFolder(fixture('neutron'));
    expect(proof.verdict).to.equal('unproven');
    expect(proof.leaks).to.deep.equal([]);
    const reasons = reasonsOf(proof).join('\n');
    expect(reasons).to.match(/it goes to NORMAL, a learning switch/);
    expect(reasons).to.match(/learn makes flows that no dump shows/);
  });

  it('finds a leak planted in Neutron’s br-int', async () => {
    const ports = readFileSync(join(fixture('neutron'), 'node1-br-int/ports.txt'), 'utf8');
    const number = (name: string): string => new RegExp(`(\\d+)\\(${name}\\)`).exec(ports)?.[1] as string;
    const { proof } = await proveFolder(
      planted('neutron', 'node1-br-int', () => `in_port=${number('qvo-red')},arp actions=output:${number('qvo-blue')}`),
    );
    expect(proof.verdict).to.equal('leak');
    expect(proof.leaks[0]).to.include({ goal: 'G2', from: 'red-vm1', to: 'blue-vm1' });
    expect(proof.leaks[0]?.packet).to.match(/^[0-9a-f]{24}0806/);
  });
});
