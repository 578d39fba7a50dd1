/** One packet over a dump: what Open vSwitch does with it, action by action. */
import { expect } from 'chai';
import { mac } from 'ts-openflow';
import { emptyPacket, type HostDump, interpret, readField, wayTo, writeField } from '../../src/verify/index.js';
import { hostOf, port } from './flows.js';

type Fields = Readonly<Record<string, number | bigint>>;

function packet(fields: Fields): Int32Array {
  const words = emptyPacket();
  for (const [field, value] of Object.entries(fields)) writeField(words, field, value);
  return words;
}

const PORTS = [port(1), port(2), port(3)];
const outputs = (dump: HostDump, fields: Fields): number[] =>
  interpret(dump, packet({ in_port: 1, ...fields })).outputs.map((o) => o.port);

describe('verify: interpret', () => {
  it('takes the flow of the highest priority, and follows goto', () => {
    const dump = hostOf(
      [
        'table=0,priority=10,actions=output:3',
        'table=0,priority=20,in_port=1,actions=set_field:7->reg0,goto_table:5',
        'table=5,reg0=7,actions=output:2',
      ],
      PORTS,
    );
    const execution = interpret(dump, packet({ in_port: 1 }));
    expect(execution.outputs.map((o) => o.port)).to.deep.equal([2]);
    expect(wayTo(execution, execution.outputs[0]?.step ?? -1).map((s) => s.table)).to.deep.equal([0, 5]);
    expect(outputs(dump, { in_port: 2 })).to.deep.equal([3]);
  });

  it('keeps registers over a resubmit, and none over a clone or a bucket', () => {
    const flows = [
      'table=1,actions=set_field:9->reg1',
      'table=2,reg1=9,actions=output:2',
      'table=2,priority=1,actions=output:3',
    ];
    expect(outputs(hostOf(['actions=resubmit(,1),resubmit(,2)', ...flows], PORTS), {})).to.deep.equal([2]);
    expect(outputs(hostOf(['actions=clone(set_field:9->reg1),resubmit(,2)', ...flows], PORTS), {})).to.deep.equal([3]);
    const grouped = hostOf(['actions=group:4,resubmit(,2)', ...flows], PORTS, {
      4: ['all', 'set_field:9->reg1,resubmit(,2)', 'output:2'],
    });
    expect(outputs(grouped, {})).to.deep.equal([2, 2, 3]);
  });

  it('sends nothing back by the port it came in by, except IN_PORT', () => {
    expect(outputs(hostOf(['actions=output:1,output:2'], PORTS), {})).to.deep.equal([2]);
    expect(outputs(hostOf(['actions=in_port'], PORTS), {})).to.deep.equal([1]);
    expect(outputs(hostOf(['actions=set_field:0->in_port,output:1'], PORTS), {})).to.deep.equal([1]);
  });

  it('moves, loads, pushes and pops parts of fields, also by their wide names', () => {
    const dump = hostOf(
      [
        'actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],load:0x5->NXM_NX_REG3[4..7],push:NXM_NX_REG3[0..7],pop:NXM_NX_REG2[8..15],set_field:0x1122334455667788->xreg2,output:2',
      ],
      PORTS,
    );
    const [out] = interpret(dump, packet({ in_port: 1, eth_src: mac('02:00:00:00:00:0a'), reg3: 0xff })).outputs;
    const read = (field: string) => readField(out?.words ?? emptyPacket(), field);
    expect(read('eth_dst')).to.equal(BigInt(mac('02:00:00:00:00:0a')));
    expect(read('reg3')).to.equal(0x5fn);
    expect(read('reg2')).to.equal(0x5f00n);
    expect([read('reg4'), read('reg5')]).to.deep.equal([0x11223344n, 0x55667788n]);
  });

  it('pushes and pops tags', () => {
    const dump = hostOf(
      [
        'vlan_tci=0,actions=push_vlan:0x8100,set_field:4106->vlan_vid,resubmit(,1)',
        'table=1,dl_vlan=10,actions=pop_vlan,resubmit(,2)',
        'table=2,vlan_tci=0,actions=output:2',
      ],
      PORTS,
    );
    expect(outputs(dump, {})).to.deep.equal([2]);
  });

  it('matches a conjunction when every clause is there', () => {
    const dump = hostOf(
      [
        'priority=10,ip,nw_src=10.0.0.1,actions=conjunction(5,1/2)',
        'priority=10,tcp,tp_dst=80,actions=conjunction(5,2/2)',
        'priority=10,conj_id=5,ip,actions=output:2',
        'priority=1,actions=output:3',
      ],
      PORTS,
    );
    const tcp = { eth_type: 0x800, ip_proto: 6 };
    expect(outputs(dump, { ...tcp, ip_src: 0x0a000001, tcp_dst: 80 })).to.deep.equal([2]);
    expect(outputs(dump, { ...tcp, ip_src: 0x0a000002, tcp_dst: 80 })).to.deep.equal([3]);
    expect(outputs(dump, { ...tcp, ip_src: 0x0a000001, tcp_dst: 81 })).to.deep.equal([3]);
    // The lookup with its id is among all flows: one that outranks the conjunction's own is found.
    const ranked = (conjunction: number): number[] =>
      outputs(
        hostOf(
          [
            'priority=9,ip,nw_src=10.0.0.1,actions=conjunction(5,1/2)',
            'priority=9,tcp,tp_dst=80,actions=conjunction(5,2/2)',
            `priority=${conjunction},conj_id=5,ip,actions=output:2`,
            'priority=5,actions=output:3',
          ],
          PORTS,
        ),
        { ...tcp, ip_src: 0x0a000001, tcp_dst: 80 },
      );
    expect([ranked(1), ranked(7)]).to.deep.equal([[3], [2]]);
  });

  it('looks up under a resubmit’s in_port, and then has its own again', () => {
    const flows = ['in_port=1,actions=resubmit(2,5)', 'table=5,in_port=2,actions=output:2,output:1,resubmit(,6)'];
    expect(outputs(hostOf([...flows, 'table=6,in_port=1,actions=output:3'], PORTS), {})).to.deep.equal([2, 3]);
    expect(outputs(hostOf([...flows, 'table=6,in_port=2,actions=output:3'], PORTS), {})).to.deep.equal([2]);
  });

  it('carries a bucket out as an action set, and what ends in it ends it alone', () => {
    const grouped = (...buckets: string[]): number[] =>
      outputs(
        hostOf(['actions=group:4,output:2', 'table=7,actions=output:3,exit,output:2'], PORTS, {
          4: ['all', ...buckets],
        }),
        {},
      );
    expect(grouped('output:3,output:2')).to.deep.equal([2, 2]);
    expect(grouped('resubmit(,7),output:2')).to.deep.equal([2, 2]);
    expect(grouped('resubmit(,7)')).to.deep.equal([3, 2]);
    expect(grouped('set_field:3->reg0,output:NXM_NX_REG0[]')).to.deep.equal([2]);
  });

  it('ends the list in which a TTL runs out, of packets that have one', () => {
    const flows = ['actions=resubmit(,1),output:2', 'table=1,ip,actions=dec_ttl,output:3'];
    expect(outputs(hostOf(flows, PORTS), { eth_type: 0x800, nw_ttl: 1 })).to.deep.equal([2]);
    expect(outputs(hostOf(flows, PORTS), { eth_type: 0x800, nw_ttl: 2 })).to.deep.equal([3, 2]);
  });

  it('sends to the port that a field names in 16 bits, whatever its width', () => {
    const to = (value: string, bits: string): number[] =>
      outputs(hostOf([`actions=load:${value}->NXM_NX_REG0[],output:NXM_NX_REG0[${bits}]`], PORTS), {});
    expect(to('3', '')).to.deep.equal([3]);
    expect(to('0xfffb', '0..15')).to.deep.equal([0xfffffffb]);
    expect(to('0xfffb', '')).to.deep.equal([0xfffffffb]);
    expect(to('0xfffffffb', '')).to.deep.equal([]);
  });

  it('writes parts of in_port, copies fields over themselves, and pops what is there', () => {
    const dump = hostOf(
      [
        'actions=load:2->NXM_OF_IN_PORT[0..3],set_field:1->reg0,set_field:2->reg1,set_field:3->reg2,move:NXM_NX_XXREG0[32..127]->NXM_NX_XXREG0[0..95],pop:NXM_NX_REG7[],output:1',
      ],
      PORTS,
    );
    const [out] = interpret(dump, packet({ in_port: 0x15, reg7: 9 })).outputs;
    const read = (field: string) => readField(out?.words ?? emptyPacket(), field);
    expect(read('in_port')).to.equal(0x12n);
    expect(['reg0', 'reg1', 'reg2', 'reg3', 'reg7'].map(read)).to.deep.equal([1n, 1n, 2n, 3n, 9n]);
  });

  it('follows a chain of resubmits forward, however long', () => {
    const chain = Array.from({ length: 90 }, (_, i) => `table=${i},actions=resubmit(,${i + 1})`);
    expect(outputs(hostOf([...chain, 'table=90,actions=output:2'], PORTS), {})).to.deep.equal([2]);
  });

  it('ends a loop of resubmits, and then nothing leaves', () => {
    const execution = interpret(hostOf(['actions=output:2,resubmit(,0)'], PORTS), packet({ in_port: 1 }));
    expect(execution.outputs).to.deep.equal([]);
    expect(execution.aborted).to.match(/64 levels/);
  });

  it('carries the action set out at the end, and says what it cannot know', () => {
    const dump = hostOf(
      ['actions=write_actions(set_field:3->reg0,output:2),goto_table:1', 'table=1,actions=set_field:4->reg0'],
      PORTS,
    );
    const execution = interpret(dump, packet({ in_port: 1 }));
    expect(execution.outputs.map((o) => [o.port, readField(o.words, 'reg0')])).to.deep.equal([[2, 3n]]);
    expect(
      interpret(
        hostOf(['ip,actions=ct(table=1)', 'table=1,ct_state=+trk,ip,actions=output:2'], PORTS),
        packet({ in_port: 1, eth_type: 0x800 }),
      ),
    )
      .to.have.property('caveats')
      .with.lengthOf(1);
  });
});
