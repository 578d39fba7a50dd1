/**
 * A port that was prepared for is opened by the switch's first word of it, on real Open vSwitch, and nothing is sent twice;
 * one of which anything is in doubt waits for the pass as ever.
 */
import { expect } from 'chai';
import { type Installation, sleep, startInstallation } from './installation.js';
import { KEYS, networks } from './networks.js';

/** Milliseconds in which an idle controller has prepared for eight ports. */
const PREPARED_MS = 1500;
const VM3 = '02:00:00:00:01:03';

describe('a port that was prepared for', function () {
  this.timeout(60_000);
  let net: Installation;

  before(async () => {
    net = await startInstallation(networks());
    await net.lab.plug('red-vm1');
    await net.lab.plug('red-vm2');
    await net.ready(['red-vm1', 'red-vm2']);
  });
  after(() => net?.stop());

  /** The flows of a host that match. */
  async function flows(host: string, ...match: readonly RegExp[]): Promise<readonly string[]> {
    const { stdout, rc, stderr } = await net.lab.ofctl(host, ['-O', 'OpenFlow15', 'dump-flows', 'br-int']);
    expect(rc, stderr).to.equal(0);
    return stdout.split('\n').filter((line) => match.every((part) => part.test(line)));
  }
  const openedEarly = async (): Promise<number> => {
    const text = await (await fetch(`${net.kakuri.api}/metrics`)).text();
    return Number(/^kakuri_ports_opened_early_total\{host="hv1"\} (\d+)$/m.exec(text)?.[1]);
  };
  const sentTo = async (host: string): Promise<number> =>
    (await net.status()).hosts.find(({ name }) => name === host)?.flowModsSent ?? 0;
  const red = new RegExp(`reg0=0x${KEYS.red.toString(16)}\\b`);

  it('is sent to by another host before it is there, and gets nothing until then', async () => {
    expect(await flows('hv2', /table=30,/, red, new RegExp(`dl_dst=${VM3}`))).to.have.length(1);
    expect(await flows('hv1', /table=30,/, red, new RegExp(`dl_dst=${VM3}`))).to.have.length(0);
  });

  it('is opened early, and each of its flows is sent once', async () => {
    await sleep(PREPARED_MS);
    expect(await openedEarly()).to.equal(0);
    const before = { hv1: await sentTo('hv1'), hv2: await sentTo('hv2'), flows: (await flows('hv1', /cookie/)).length };
    await net.lab.plug('red-vm3');
    await net.ready(['red-vm1', 'red-vm2', 'red-vm3']);
    expect(await openedEarly()).to.equal(1);
    // What is new there, and the list of local copies, which is a flow that was there already.
    const added = (await flows('hv1', /cookie/)).length - before.flows;
    expect((await sentTo('hv1')) - before.hv1).to.equal(added + 1);
    expect((await sentTo('hv2')) - before.hv2, 'hv2 was prepared').to.equal(0);
    const { received } = await net.lab.ping('red-vm2', 'red-vm3', { count: 3, timeout: 1 });
    expect(received).to.equal(3);
  });

  it('is opened only where no other row claims it', async () => {
    // A tap of another VM bears blue-vm3's iface-id first; the right one comes later, and must not have it as well.
    await net.lab.plug('blue-vm1', { iface_id: 'blue-vm3' });
    await net.ready(['red-vm1', 'red-vm2', 'red-vm3', 'blue-vm3']);
    await net.lab.plug('blue-vm3');
    await sleep(500);
    const port = (await net.status()).ports.find(({ name }) => name === 'blue-vm3');
    expect(port?.reason ?? '').to.match(/iface-id on two interfaces of hv1/);
    const identities = await flows('hv1', /table=0,/, /goto_table:10/, new RegExp(`0x${KEYS.blue.toString(16)}->reg0`));
    expect(await openedEarly()).to.equal(1);
    expect(identities, 'one port has the identity').to.have.length(1);
  });
});
