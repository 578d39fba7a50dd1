/**
 * Hosts of other controllers: flows as OVN's physical tables have them, and a bridge that uses NORMAL and local VLANs as
 * Neutron's does. Right ones are proved or unproven with the reason; a leak planted in each is found.
 */
import { expect } from 'chai';
import { type DumpPort, foreignSpec, type HostDump, verify } from '../../src/verify/index.js';
import { hostOf, port } from './flows.js';

const tunnel = (ofport: number, local_ip: string, remote_ip: string): DumpPort =>
  port(ofport, `ovn${ofport}`, { type: 'geneve', options: { local_ip, remote_ip, key: 'flow' } });

/** One host as OVN 23.03 programs it, reduced to the tables that decide where a packet goes (ovn-architecture(7)). */
function ovnHost(name: string, local: string, peer: string, more: readonly string[] = []): HostDump {
  const ports = [
    tunnel(1, local, peer),
    ...[10, 11].map((n, i) => port(n, `tap${n}`, { ifaceId: `${name}-t${i + 1}` })),
  ];
  const dump = hostOf(
    [
      'table=0,priority=100,in_port=1,actions=move:NXM_NX_TUN_ID[0..23]->OXM_OF_METADATA[0..23],move:NXM_NX_TUN_METADATA0[16..30]->NXM_NX_REG14[0..14],move:NXM_NX_TUN_METADATA0[0..15]->NXM_NX_REG15[0..15],resubmit(,38)',
      'table=0,priority=100,in_port=10,actions=load:0x1->OXM_OF_METADATA[],load:0x1->NXM_NX_REG14[],resubmit(,8)',
      'table=0,priority=100,in_port=11,actions=load:0x2->OXM_OF_METADATA[],load:0x1->NXM_NX_REG14[],resubmit(,8)',
      'table=8,priority=50,reg14=0x1,metadata=0x1,dl_src=02:00:00:00:01:01,actions=resubmit(,25)',
      'table=8,priority=50,reg14=0x1,metadata=0x2,dl_src=02:00:00:00:01:01,actions=resubmit(,25)',
      'table=25,priority=50,metadata=0x1,dl_dst=02:00:00:00:01:01,actions=load:0x1->NXM_NX_REG15[],resubmit(,37)',
      'table=25,priority=50,metadata=0x1,dl_dst=02:00:00:00:01:02,actions=load:0x2->NXM_NX_REG15[],resubmit(,37)',
      'table=25,priority=50,metadata=0x2,dl_dst=02:00:00:00:01:01,actions=load:0x1->NXM_NX_REG15[],resubmit(,37)',
      'table=25,priority=50,metadata=0x2,dl_dst=02:00:00:00:01:02,actions=load:0x2->NXM_NX_REG15[],resubmit(,37)',
      'table=37,priority=100,reg15=0x2,metadata=0x1,actions=move:OXM_OF_METADATA[0..23]->NXM_NX_TUN_ID[0..23],move:NXM_NX_REG15[0..15]->NXM_NX_TUN_METADATA0[0..15],output:1',
      'table=37,priority=100,reg15=0x2,metadata=0x2,actions=move:OXM_OF_METADATA[0..23]->NXM_NX_TUN_ID[0..23],move:NXM_NX_REG15[0..15]->NXM_NX_TUN_METADATA0[0..15],output:1',
      'table=37,priority=0,actions=resubmit(,38)',
      'table=38,priority=100,reg15=0x1,metadata=0x1,actions=resubmit(,64)',
      'table=38,priority=100,reg15=0x1,metadata=0x2,actions=resubmit(,64)',
      'table=64,priority=100,reg15=0x1,actions=push:NXM_OF_IN_PORT[],load:0->NXM_OF_IN_PORT[],resubmit(,65),pop:NXM_OF_IN_PORT[]',
      'table=65,priority=100,reg15=0x1,metadata=0x1,actions=output:10',
      'table=65,priority=100,reg15=0x1,metadata=0x2,actions=output:11',
      ...more,
    ],
    ports,
  );
  return { ...dump, host: name };
}

const TENANTS = new Map(
  ['a', 'b'].flatMap(
    (host) =>
      [
        [`${host}-t1`, 'one'],
        [`${host}-t2`, 'two'],
      ] as const,
  ),
);
const ovn = (...more: string[]): readonly HostDump[] => [
  ovnHost('a', '10.0.0.1', '10.0.0.2', more),
  ovnHost('b', '10.0.0.2', '10.0.0.1'),
];

describe('verify: hosts of other controllers', () => {
  it('proves OVN-like tables isolated: keys are learnt from the flows that send', () => {
    const dumps = ovn();
    const proof = verify(dumps, foreignSpec(TENANTS, dumps));
    expect(proof.unproven).to.deep.equal([]);
    expect(proof.verdict).to.equal('isolated');
  });

  it('finds a leak planted there: another tenant’s port, another tenant’s key', () => {
    const port_ = ovn('table=65,priority=200,reg15=0x1,metadata=0x1,icmp,actions=output:11');
    const first = verify(port_, foreignSpec(TENANTS, port_));
    expect(first.verdict).to.equal('leak');
    expect(first.leaks[0]).to.include({ from: 'a-t1', to: 'a-t2' });
    const key = ovn('table=37,priority=200,reg15=0x2,metadata=0x2,actions=set_field:0x1->tun_id,output:1');
    const second = verify(key, foreignSpec(TENANTS, key));
    expect(second.verdict).to.equal('leak');
    expect(second.leaks.map((l) => `${l.goal} ${l.from}`)).to.include('G1 a-t2');
  });

  const neutron = (...more: string[]): HostDump =>
    hostOf(
      ['table=0,priority=0,actions=resubmit(,60)', 'table=60,priority=3,actions=NORMAL', ...more],
      [
        port(1, 'qvo1', { ifaceId: 'x-t1' }),
        port(2, 'qvo2', { ifaceId: 'x-t2' }),
        port(3, 'patch-tun', { type: 'patch', options: { peer: 'patch-int' } }),
      ],
    );
  const NEUTRON = new Map([
    ['x-t1', 'one'],
    ['x-t2', 'two'],
  ]);

  it('calls NORMAL, learn and connection tracking unproven, with the reason', () => {
    const reasons = (dump: HostDump): string => {
      const proof = verify([dump], foreignSpec(NEUTRON, [dump]));
      expect(proof.verdict).to.equal('unproven');
      return proof.unproven.join('\n');
    };
    expect(reasons(neutron())).to.match(/NORMAL/);
    expect(reasons(neutron('table=0,priority=5,ip,actions=ct(table=60)'))).to.match(/connection tracking/);
    expect(
      reasons(
        neutron('table=0,priority=5,in_port=3,actions=learn(table=20,NXM_OF_VLAN_TCI[0..11],output:NXM_OF_IN_PORT[])'),
      ),
    ).to.match(/learn/);
    expect(reasons(neutron('table=0,priority=5,ip,actions=CONTROLLER'))).to.match(/controller/);
  });

  it('finds a leak planted beside NORMAL', () => {
    const dump = neutron('table=0,priority=9,in_port=1,arp,actions=output:2');
    const { verdict, leaks } = verify([dump], foreignSpec(NEUTRON, [dump]));
    expect(verdict).to.equal('leak');
    expect(leaks[0]).to.include({ from: 'x-t1', to: 'x-t2' });
  });
});
