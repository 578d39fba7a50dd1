/** Each goal missed on purpose by one flow, and found; and what is no leak although it looks like one. */
import { expect } from 'chai';
import type { Topology } from '../../src/topology/index.js';
import {
  type Entry,
  type HostDump,
  hostDump,
  kakuriSpec,
  type LeakReport,
  type Spec,
  verify,
  wordOf,
} from '../../src/verify/index.js';
import { hostOf, port } from './flows.js';

const network = (tenant: string, key: number): Topology['networks'][number] => ({
  path: `${tenant}/web`,
  tenant,
  name: 'web',
  key,
  encapsulation: 'geneve',
  subnets: [],
  mtu: 1450,
  ports: [1, 2].map((n) => ({
    path: `${tenant}/web/vm${n}`,
    name: `vm${n}`,
    ifaceId: `${tenant}-vm${n}`,
    mac: `02:00:00:00:00:0${n}`,
    ips: [],
  })),
});
const TOPOLOGY: Topology = {
  underlay: { encapsulation: 'geneve', tunnels: 'flow', mtu: 1500 },
  hosts: ['hv1', 'hv2', 'hv3'].map((name, i) => ({ name, ovsdb: 'unix:/x', vtep: `10.0.0.${i + 1}` })),
  networks: [network('red', 5), network('blue', 6)],
};
const PORTS = [
  port(0xfffffffe, 'br-int', { type: 'internal' }),
  port(1, 'tun', { type: 'geneve', options: { remote_ip: 'flow', local_ip: '10.0.0.1', key: 'flow' } }),
  port(10, 'r1', { ifaceId: 'red-vm1' }),
  port(11, 'b1', { ifaceId: 'blue-vm1' }),
  port(12, 'other'),
  port(13, 'patch', { type: 'patch', options: { peer: 'x' } }),
];
/** red has a port on hv2, blue on hv3. */
const OTHERS: readonly HostDump[] = [
  hostDump({ host: 'hv2', flows: [], ports: [port(10, 'r2', { ifaceId: 'red-vm2' })] }),
  hostDump({ host: 'hv3', flows: [], ports: [port(10, 'b2', { ifaceId: 'blue-vm2' })] }),
];

function proved(flows: readonly string[], entries?: Spec['entries'], groups = {}): ReturnType<typeof verify> {
  const dumps = [hostOf(flows, PORTS, groups), ...OTHERS];
  return verify(dumps, kakuriSpec(TOPOLOGY, dumps, entries));
}
const leaks = (...flows: string[]): string[] =>
  proved(flows).leaks.map(({ goal, from, to }: LeakReport) => `${goal} ${from} → ${to}`);

const OUT = 'set_field:10.0.0.2->tun_dst,output:1';

describe('verify: goals', () => {
  it('G1: the key is the network’s own, the host one that has a port of it', () => {
    expect(leaks(`in_port=10,actions=set_field:5->tun_id,${OUT}`)).to.deep.equal([]);
    expect(leaks(`in_port=10,actions=set_field:6->tun_id,${OUT}`)).to.deep.equal(['G1 red/web/vm1 → tunnel tun']);
    expect(leaks(`in_port=10,actions=${OUT}`)).to.have.length(1);
    expect(leaks('in_port=10,actions=set_field:5->tun_id,set_field:10.0.0.3->tun_dst,output:1')).to.have.length(1);
    expect(leaks('in_port=10,actions=set_field:5->tun_id,output:1')).to.have.length(1);
  });

  it('G1: a key that Open vSwitch cuts to another network’s is that network’s', () => {
    expect(leaks(`in_port=10,actions=set_field:0x1000005->tun_id,${OUT}`)).to.deep.equal([]);
    expect(leaks(`in_port=10,actions=set_field:0x1000006->tun_id,${OUT}`)).to.have.length(1);
  });

  it('G1: a key that a port gives every packet is read as Open vSwitch reads it', () => {
    const by = (key: string): string => {
      const tunnel = port(2, 'fixed', {
        type: 'geneve',
        options: { remote_ip: '10.0.0.2', local_ip: '10.0.0.1', key },
      });
      const dumps = [hostOf(['in_port=10,actions=output:2'], [...PORTS, tunnel]), ...OTHERS];
      return verify(dumps, kakuriSpec(TOPOLOGY, dumps)).verdict;
    };
    for (const own of ['5', '0x5', '05', '5 of red', '0x1000005']) expect(by(own), own).to.equal('isolated');
    // 06 and 0x6 are blue's, 010 is 8, and what is no number is 0: nobody's.
    for (const other of ['6', '06', '010', 'five', '', '0x1000006']) expect(by(other), other).to.equal('leak');
  });

  it('G2: local ports of the own network only, by whatever way', () => {
    expect(leaks('in_port=10,actions=output:11')).to.deep.equal(['G2 red/web/vm1 → blue/web/vm1']);
    expect(leaks('in_port=10,actions=output:12')).to.deep.equal(['G2 red/web/vm1 → other']);
    expect(leaks('in_port=10,actions=set_field:11->reg3,output:NXM_NX_REG3[]')).to.have.length(1);
    expect(
      leaks('in_port=10,arp,actions=set_field:11->reg3,resubmit(,5)', 'table=5,reg3=11,actions=output:11'),
    ).to.have.length(1);
    const group = proved(['in_port=10,actions=group:7'], undefined, { 7: ['ff', 'output:10', 'output:11'] });
    expect(group.leaks).to.have.length(1);
  });

  it('G2: a drop of higher priority that covers it makes it none; one that leaves a gap does not', () => {
    const leak = 'priority=10,in_port=10,actions=output:11';
    expect(leaks(leak, 'priority=20,in_port=10,actions=drop')).to.deep.equal([]);
    expect(leaks(leak, 'priority=20,in_port=10,vlan_tci=0/0x1000,actions=drop')).to.have.length(1);
    expect(
      leaks(
        leak,
        'priority=20,in_port=10,vlan_tci=0/0x1000,actions=drop',
        'priority=20,in_port=10,vlan_tci=0x1000/0x1000,actions=drop',
      ),
    ).to.deep.equal([]);
    const [gap] = proved([
      leak,
      'priority=20,in_port=10,dl_dst=00:00:00:00:00:00/01:00:00:00:00:00,actions=drop',
    ]).leaks;
    expect(Number.parseInt(gap?.packet.slice(0, 2) ?? '', 16) & 1, 'a multicast packet').to.equal(1);
  });

  it('G2: a register that another table loads, met by a resubmit on the way', () => {
    const load = (value: number): string => `table=5,actions=set_field:${value}->reg3`;
    const flows = [
      'in_port=10,actions=set_field:10->reg3,resubmit(,5),resubmit(,6)',
      'table=6,reg3=11,actions=output:11',
      'table=6,reg3=10,actions=output:10',
    ];
    expect(leaks(...flows, load(11))).to.deep.equal(['G2 red/web/vm1 → blue/web/vm1']);
    expect(leaks(...flows, load(10))).to.deep.equal([]);
  });

  it('G2: another in_port of a resubmit is for the lookup only', () => {
    // Under in_port 11 it is found, and leaves by 11: it came by 10.
    expect(leaks('in_port=10,actions=resubmit(11,5)', 'table=5,in_port=11,actions=output:11')).to.have.length(1);
    const next = ['table=0,in_port=10,actions=resubmit(11,5)', 'table=5,in_port=11,actions=resubmit(,6)'];
    expect(leaks(...next, 'table=6,in_port=10,actions=output:11')).to.have.length(1);
    expect(leaks(...next, 'table=6,in_port=11,actions=output:11')).to.deep.equal([]);
  });

  it('G2: output to a field that names a reserved port, in 16 bits of any width', () => {
    expect(leaks('in_port=10,actions=set_field:0xfffb->reg3,output:NXM_NX_REG3[0..15]')).to.have.length(1);
    expect(leaks('in_port=10,actions=set_field:0xfffb->reg3,output:NXM_NX_REG3[]')).to.have.length(1);
    expect(leaks('in_port=10,actions=set_field:0xfffffffb->reg3,output:NXM_NX_REG3[]')).to.deep.equal([]);
    expect(leaks('in_port=10,actions=move:NXM_OF_ETH_DST[0..15]->NXM_NX_REG3[0..15],output:NXM_NX_REG3[]')).to.not.be
      .empty;
  });

  it('G1: a bucket is an action set: what it sets last counts, wherever it sends', () => {
    const group = (bucket: string) => proved(['in_port=10,actions=group:7'], undefined, { 7: ['all', bucket] });
    const own = 'set_field:5->tun_id,set_field:10.0.0.2->tun_dst';
    expect(group(`${own},output:1`).verdict).to.equal('isolated');
    expect(group(`${own},output:1,set_field:6->tun_id`).verdict).to.equal('leak');
    expect(group(`output:1,${own}`).verdict).to.equal('isolated');
    expect(group(`resubmit(,5),output:11`).verdict).to.equal('leak');
  });

  it('G2: groups of every type, also one by way of another, with a wrong bucket and without', () => {
    for (const type of ['all', 'select', 'indirect', 'ff'])
      for (const [to, verdict] of [
        [11, 'leak'],
        [10, 'isolated'],
      ] as const) {
        const groups = { 7: [type, 'set_field:9->reg3,group:8'], 8: [type, `output:${to}`] };
        expect(proved(['in_port=10,actions=group:7'], undefined, groups).verdict, `${type} ${to}`).to.equal(verdict);
      }
  });

  it('G2: a group that is not in the dump, and groups that lead to themselves, are unproven and never isolated', () => {
    const group = (groups: Parameters<typeof hostOf>[2]) => proved(['in_port=10,actions=group:7'], undefined, groups);
    expect(group({}).unproven).to.deep.equal(['hv1: group 7 is not in the dump, and a flow leads to it']);
    const loop = group({ 7: ['all', 'group:8', 'output:10'], 8: ['all', 'group:7', 'group:8'] });
    expect(loop.verdict).to.equal('unproven');
    expect(loop.unproven).to.include('hv1: group 7 leads to itself');
    const beside = proved(['in_port=10,actions=output:11,group:7'], undefined, {
      7: ['all', 'output:11', 'group:7', 'group:7'],
    });
    expect(beside.verdict).to.equal('unproven');
  });

  it('G2: a chain of resubmits forward as long as Open vSwitch follows it, and none that goes back for ever', () => {
    const chain = Array.from({ length: 90 }, (_, i) => `table=${i},in_port=10,actions=resubmit(,${i + 1})`);
    expect(leaks(...chain, 'table=90,actions=output:11')).to.have.length(1);
    expect(leaks('in_port=10,actions=resubmit(,0),output:11')).to.deep.equal([]);
  });

  it('G2: the stack is one over tables and buckets, and an entry is a whole field', () => {
    const out = ['table=6,reg3=11,actions=output:11', 'table=6,reg3=10,actions=output:10'];
    const own = 'in_port=10,actions=set_field:10->reg3,push:NXM_NX_REG3[]';
    const other = 'table=5,actions=set_field:11->reg4,push:NXM_NX_REG4[]';
    expect(leaks(`${own},resubmit(,5),pop:NXM_NX_REG3[],resubmit(,6)`, other, ...out)).to.have.length(1);
    expect(leaks(`${own},clone(resubmit(,5)),pop:NXM_NX_REG3[],resubmit(,6)`, other, ...out)).to.deep.equal([]);
    const wide = 'in_port=10,actions=set_field:0xb->reg0,set_field:0xa->reg1';
    expect(leaks(`${wide},push:OXM_OF_PKT_REG0[],pop:NXM_NX_REG3[],resubmit(,6)`, ...out)).to.deep.equal([]);
    const crossed = wide.replace('0xb', '0x0').replace('0xa', '0xb');
    expect(leaks(`${crossed},push:OXM_OF_PKT_REG0[],pop:NXM_NX_REG3[],resubmit(,6)`, ...out)).to.have.length(1);
  });

  it('G2: parts of fields, moved over each other, and tags pushed and popped', () => {
    const out = ['table=6,reg0=11,actions=output:11', 'table=6,reg0=10,actions=output:10'];
    const moved = 'move:NXM_NX_XXREG0[0..95]->NXM_NX_XXREG0[32..127],resubmit(,6)';
    const load = (...values: readonly number[]): string =>
      `in_port=10,actions=${values.map((value, i) => `set_field:${value}->reg${i}`).join(',')}`;
    expect(leaks(`${load(0, 11, 0)},${moved}`, ...out)).to.have.length(1);
    expect(leaks(`${load(0, 10, 11)},${moved}`, ...out)).to.deep.equal([]);
    const tag = 'in_port=10,vlan_tci=0,actions=push_vlan:0x8100,set_field:4106->vlan_vid,resubmit(,4)';
    const pop = 'table=4,dl_vlan=10,actions=pop_vlan,resubmit(,6)';
    expect(leaks(tag, pop, 'table=6,vlan_tci=0/0x1000,actions=output:11')).to.have.length(1);
    expect(leaks(tag, pop, 'table=6,vlan_tci=0x1000/0x1000,actions=output:11')).to.deep.equal([]);
  });

  it('G2: conjunctions, with a leak behind and without', () => {
    const clauses = (port: number): string[] => [
      'priority=9,in_port=10,ip,nw_src=10.0.0.1,actions=conjunction(5,1/2)',
      'priority=9,in_port=10,tcp,tp_dst=80,actions=conjunction(5,2/2)',
      `priority=9,conj_id=5,in_port=10,ip,actions=output:${port}`,
    ];
    expect(leaks(...clauses(11))).to.have.length(1);
    expect(leaks(...clauses(10))).to.deep.equal([]);
  });

  it('G3: from a tunnel to ports of the key’s network only, and to no tunnel', () => {
    const from = 'in_port=1,tun_src=10.0.0.2,tun_id=5';
    expect(leaks(`${from},actions=output:10`)).to.deep.equal([]);
    expect(leaks(`${from},actions=output:11`)).to.have.length(1);
    expect(leaks(`${from},actions=set_field:5->tun_id,set_field:10.0.0.2->tun_dst,in_port`)).to.have.length(1);
  });

  it('G3: the key with which it came counts, not the one written over it', () => {
    expect(
      leaks(
        'in_port=1,tun_src=10.0.0.2,tun_id=6,actions=set_field:5->tun_id,resubmit(,3)',
        'table=3,tun_id=5,actions=output:10',
      ),
    ).to.have.length(1);
    expect(
      leaks(
        'in_port=1,tun_src=10.0.0.2,actions=move:NXM_NX_TUN_ID[0..31]->NXM_NX_REG0[],resubmit(,3)',
        'table=3,reg0=5,actions=output:10',
      ),
    ).to.deep.equal([]);
    expect(
      leaks(
        'in_port=1,tun_src=10.0.0.2,actions=move:NXM_NX_TUN_ID[0..31]->NXM_NX_REG0[],resubmit(,3)',
        'table=3,reg0=6,actions=output:10',
      ),
    ).to.have.length(1);
  });

  it('G4: a wrong key, a wrong VTEP, an unbound port and the host itself reach nothing', () => {
    expect(leaks('in_port=1,tun_id=5,actions=output:10')).to.have.length(1);
    expect(leaks('in_port=1,tun_id=5,tun_src=10.0.0.3,actions=output:10')).to.have.length(1);
    expect(leaks('in_port=1,tun_id=7,tun_src=10.0.0.2,actions=output:10')).to.have.length(1);
    expect(leaks('in_port=12,actions=output:10')).to.deep.equal(['G4 other → red/web/vm1']);
    expect(leaks('in_port=LOCAL,actions=output:10')).to.have.length(1);
  });

  it('G5: what the controller sends in has one port’s registers, and reaches no other network', () => {
    const entry: Entry = {
      table: 8,
      owner: 'red/web',
      name: 'red/web/vm1',
      words: new Map([
        [wordOf('reg0'), 5],
        [wordOf('reg2'), 10],
      ]),
    };
    const entries = new Map([['hv1', [entry]]]);
    const guard = (key: number, ofport: number): string =>
      `table=9,reg0=${key},reg2=${ofport},actions=output:${ofport}`;
    expect(proved(['table=8,actions=goto_table:9', guard(5, 10), guard(6, 11)], entries).verdict).to.equal('isolated');
    const wrong = proved(['table=8,actions=set_field:11->reg2,goto_table:9', guard(5, 11)], entries);
    expect(wrong.leaks.map((l) => l.from)).to.deep.equal(['the controller for red/web/vm1']);
    expect(proved(['in_port=10,actions=controller'], entries).verdict).to.equal('isolated');
  });

  it('G6: nothing to LOCAL, NORMAL, FLOOD, ALL or a patch port', () => {
    for (const action of ['LOCAL', 'NORMAL', 'FLOOD', 'ALL', 'output:13'])
      expect(leaks(`in_port=10,actions=${action}`), action).to.have.length(1);
  });

  it('says unproven, never isolated, where the state of a dump does not tell', () => {
    for (const actions of ['ct(table=3)', 'learn(table=3,NXM_OF_ETH_SRC[]=NXM_OF_ETH_DST[],output:NXM_OF_IN_PORT[])'])
      expect(proved([`in_port=10,ip,actions=${actions}`]).verdict, actions).to.equal('unproven');
  });
});
