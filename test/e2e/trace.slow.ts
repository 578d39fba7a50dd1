/**
 * What `ofproto/trace` says of the packets that security.ts sends, beside where they must arrive: as many copies to ports
 * here and by tunnels, or the flow that drops them, with the reason in its cookie. Captures prove the same of the wire.
 */
import { expect } from 'chai';
import { DROPS, type DropReason } from '../../src/pipeline/index.js';
import { type Installation, startInstallation } from './installation.js';
import { networks } from './networks.js';
import { FOREIGN, NEIGHBOURS, SERVERS, SOURCES } from './security.js';
import { markOf, type Row } from './sending.js';

/** The datapath actions without what stands in brackets. */
function outside(actions: string): string {
  const inner = /\([^()]*\)/g;
  const less = actions.replace(inner, '');
  return less === actions ? actions : outside(less);
}

describe('ofproto/trace agrees with what arrives', function () {
  this.timeout(60_000);
  let net: Installation;
  let ofport: number;

  before(async () => {
    net = await startInstallation(networks({ dual: true }));
    await net.plugAll();
    ofport = (await net.status()).ports.find((p) => p.name === 'red-vm1')?.ofport ?? 0;
  });
  after(() => net?.stop());

  async function trace({ what, frame }: Row): Promise<{ actions: string; cookie: bigint }> {
    const hex = frame(markOf(what)).toString('hex');
    const { rc, stdout, stderr } = await net.lab.appctl('hv1', 'ofproto/trace', 'br-int', `in_port=${ofport}`, hex);
    expect(rc, stderr).to.equal(0);
    const cookie = [...stdout.matchAll(/cookie (0x[0-9a-f]+)/g)].at(-1)?.[1] ?? '0x0';
    return { actions: /^Datapath actions: (.*)$/m.exec(stdout)?.[1] ?? '', cookie: BigInt(cookie) };
  }

  for (const row of [...SOURCES, ...SERVERS, ...NEIGHBOURS, ...FOREIGN])
    it(row.what, async () => {
      const { actions, cookie } = await trace(row);
      const { to } = row;
      if ('dropped' in to) {
        expect(actions).to.equal('drop');
        expect(Number((cookie >> 48n) & 0xffn)).to.equal(DROPS[to.dropped as DropReason].code);
        return;
      }
      const here = to.filter((vm) => net.lab.ready.vms[vm]?.host === 'hv1').length;
      // The number behind a tnl_push that nothing follows is the uplink.
      const rest = outside(actions)
        .replaceAll(/tnl_push,\d+/g, 'tunnel')
        .split(',');
      const copies = rest.filter((action) => /^\d+$/.test(action));
      expect(copies.length, actions).to.equal(here);
      expect(actions.match(/tnl_push/g)?.length ?? 0, actions).to.equal(to.length - here);
    });
});
