/** What is said of a flow: what its packets are called, and what would be otherwise without it. */
import { expect } from 'chai';
import { dropCookie, ownerCookie } from '../../src/pipeline/index.js';
import { Explanation, type MatchNames } from '../../src/verify/index.js';
import { hostOf } from './flows.js';

const NAMES: MatchNames = {
  port: (ofport) =>
    ({ 1: { name: 'red-vm1', tunnel: false }, 2: { name: 'kkg1', tunnel: true } })[ofport as 1 | 2] ?? undefined,
  network: (key) => (key === 7 ? 'red/web' : undefined),
  host: (address) => (address === '10.99.0.2' ? 'hv2' : undefined),
};
const ours = (drop = 0): string => `0x${dropCookie(ownerCookie('host'), drop).toString(16)}`;

/** What is said of the first of these flows. */
function said(...flows: readonly string[]): string {
  const dump = hostOf(flows, []);
  return new Explanation(dump.flows, NAMES).without(0);
}

describe('what would be otherwise without a flow', () => {
  const rows: readonly (readonly [what: string, words: string, ...flows: string[]])[] = [
    [
      'packets that a check lets through would be dropped, for that reason',
      'IPv4 packets that red-vm1 sends with source MAC 02:00:00:00:00:01 from 192.168.0.1 would be dropped as ip_spoof',
      'table=10,priority=100,ip,reg1=1,dl_src=02:00:00:00:00:01,nw_src=192.168.0.1,actions=goto_table:12',
      `table=10,priority=50,cookie=${ours(4)},ip,reg1=1,dl_src=02:00:00:00:00:01,actions=drop`,
    ],
    [
      'a drop that has another below it changes the reason only',
      'other packets that red-vm1 sends would be dropped as no_identity instead',
      `table=0,priority=50,cookie=${ours(2)},in_port=1,actions=drop`,
      `table=0,priority=0,cookie=${ours(1)},actions=drop`,
      'table=0,priority=100,in_port=1,vlan_tci=0/0x1fff,actions=goto_table:10',
    ],
    [
      'a drop that nothing replaces lets through',
      'ARP requests that red-vm1 sends about 192.168.0.1 would no longer be dropped, but go on to table l2',
      `table=20,priority=110,cookie=${ours(7)},arp,reg1=1,arp_op=1,arp_tpa=192.168.0.1,actions=drop`,
      `table=20,priority=0,cookie=${ours()},actions=goto_table:30`,
    ],
    [
      'the last flow of a table leaves nothing that counts',
      'packets of red/web would be dropped, with no reason counted',
      'table=34,priority=0,reg0=7,actions=goto_table:50',
    ],
    [
      'a tunnel’s packets are told by host and key',
      'packets that come by tunnel port kkg1 from host hv2 with tunnel key 7 would be dropped as tunnel_key',
      'table=0,priority=100,in_port=2,tun_src=10.99.0.2,tun_id=7,actions=set_field:7->reg0,goto_table:40',
      `table=0,priority=50,cookie=${ours(10)},in_port=2,tun_src=10.99.0.2,actions=drop`,
    ],
    [
      'what takes some of the packets is said beside what takes the rest',
      'packets to everybody or a group would be dropped as no_network (some would leave by red-vm1)',
      'table=30,priority=50,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,actions=goto_table:32',
      'table=30,priority=10,reg0=7,actions=output:1',
      `table=30,priority=0,cookie=${ours(14)},actions=drop`,
    ],
    [
      'a flow of others is followed like any, and every field of a match is told',
      'TCP packets over IPv4 to port 80 with metadata=0x5 would be dropped by a flow that is not Kakuri’s',
      'table=3,priority=9,tcp,metadata=5,tp_dst=80,actions=output:1',
      'table=3,priority=1,cookie=0x77,actions=drop',
    ],
  ];
  for (const [what, words, ...flows] of rows) it(what, () => expect(said(...flows)).to.equal(words));
});
