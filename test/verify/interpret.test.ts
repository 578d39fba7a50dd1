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
