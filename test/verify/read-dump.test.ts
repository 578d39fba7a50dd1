/** Dumps from the text of ovs-ofctl, ovs-appctl and ovs-vsctl: what is read, and where a mistake is told to be. */
import { expect } from 'chai';
import { DumpError, type DumpTexts, interfacesText, readDump } from '../../src/verify/index.js';

const PORTS = `OFPST_PORT_DESC reply (OF1.5) (xid=0x2):
 1(kkg0a630002): addr:7e:00:00:00:00:01
     config:     0
     state:      LIVE
     speed: 0 Mbps now, 0 Mbps max
 10(tap-with-long-n): addr:7e:00:00:00:00:02
     config:     0
 LOCAL(br-int): addr:7e:00:00:00:00:03
     config:     PORT_DOWN
`;
const INTERFACES = interfacesText([
  {
    name: 'kkg0a630002',
    ofport: 1,
    type: 'geneve',
    options: { remote_ip: '10.99.0.2', key: 'flow' },
    external_ids: {},
  },
  { name: 'tap-with-long-name', ofport: 10, type: '', options: {}, external_ids: { 'iface-id': 'a "quoted", one' } },
  { name: 'br-int', ofport: 65534, type: 'internal', options: {}, external_ids: {} },
  { name: 'elsewhere', ofport: 10, type: '', options: {}, external_ids: { 'iface-id': 'no' } },
]);
const texts = (given: Partial<DumpTexts>): DumpTexts => ({
  flows: '',
  groups: '',
  meters: '',
  ports: PORTS,
  interfaces: INTERFACES,
  ...given,
});

describe('verify: reading dumps', () => {
  it('joins the switch’s ports with the rows of OVSDB, long names and other bridges’ rows included', () => {
    const { ports } = readDump('hv1', texts({}));
    expect([...ports.values()]).to.deep.equal([
      { name: 'kkg0a630002', ofport: 1, type: 'geneve', options: { remote_ip: '10.99.0.2', key: 'flow' } },
      { name: 'tap-with-long-name', ofport: 10, type: '', options: {}, ifaceId: 'a "quoted", one' },
      { name: 'br-int', ofport: 0xfffffffe, type: 'internal', options: {} },
    ]);
  });

  it('reads flows with counters, by name, and hidden ones of ovs-appctl', () => {
    const dump = readDump(
      'hv1',
      texts({
        flows: [
          'NXST_FLOW reply (xid=0x4):',
          ' cookie=0x4b00, duration=5.2s, table=guard, n_packets=3, n_bytes=126, priority=100,in_port=kkg0a630002 actions=output:10',
          'duration=9s, n_packets=0, n_bytes=0, priority=180008,tcp,nw_src=10.0.0.1,tp_src=6653,actions=NORMAL',
        ].join('\n'),
      }),
      { tables: new Map([[60, 'guard']]) },
    );
    expect(dump.flows.read(0)).to.deep.include({ table: 60, priority: 100, cookie: 0x4b00n });
    expect(dump.flows.read(1)).to.deep.include({ table: 0, priority: 180008 });
  });

  it('reads groups of every type, with bucket properties, and meters', () => {
    const dump = readDump(
      'hv1',
      texts({
        groups:
          ' group_id=5,type=all,bucket=bucket_id:7,actions=set_field:5->tun_id,output:1,bucket=bucket_id:8,actions=output:10\n group_id=6,type=ff,bucket=bucket_id:1,watch_port:1,actions=set_field:1.2.3.4->ip_dst,output:1\n',
        meters: 'OFPST_METER_CONFIG reply (OF1.5) (xid=0x2):\nmeter=1 pktps bands=\ntype=drop rate=1\n',
      }),
    );
    expect(dump.groups.get(5)?.buckets.map((b) => b.length)).to.deep.equal([10, 2]);
    expect(dump.groups.get(6)?.type).to.equal('ff');
    expect([...dump.meters]).to.deep.equal([1]);
  });

  it('reads every bucket, whatever ends the line, or says that it could not: one passed over may be the one that leaks', () => {
    const buckets = (text: string): number | undefined =>
      readDump('hv1', texts({ groups: text })).groups.get(5)?.buckets.length;
    expect(buckets(' group_id=5,type=all,bucket=actions=output:1,bucket=actions=output:10\r\n')).to.equal(2);
    expect(buckets(' group_id=5,type=all, bucket=actions=output:1, bucket=watch_port:1,actions=output:10\n')).to.equal(
      2,
    );
    expect(() => buckets(' group_id=5,type=all,bucket=output:1\n')).to.throw(DumpError);
    expect(() => buckets(' group_id=5,type=all bucket=actions=output:1\n')).to.throw(DumpError);
    const windows = texts({ ports: PORTS.replaceAll('\n', '\r\n'), interfaces: INTERFACES.replaceAll('\n', '\r\n') });
    expect([...readDump('hv1', windows).ports]).to.deep.equal([...readDump('hv1', texts({})).ports]);
  });

  it('takes no dump with flows and no port: where nothing comes in, nothing would leak', () => {
    const flows = ' table=0, priority=5,in_port=10 actions=output:1\n';
    expect(() => readDump('hv1', texts({ flows, ports: '' }))).to.throw(DumpError);
  });

  it('tells every mistake of every file with line and column', () => {
    const read = (): unknown =>
      readDump(
        'hv1',
        texts({
          flows: ' table=0, actions=drop\n table=0, prioritty=5 actions=drop\n table=0, actions=outptu:3\n',
          groups: ' group=5\n',
          interfaces: 'name : x\nofport : seven\noptions : {a b}\n',
        }),
      );
    expect(read).to.throw(DumpError);
    try {
      read();
    } catch (error) {
      const places = (error as DumpError).mistakes.map(({ file, line, column }) => `${file}:${line}:${column}`);
      expect(places).to.deep.equal([
        'hv1/flows.txt:2:11',
        'hv1/flows.txt:3:19',
        'hv1/groups.txt:1:2',
        'hv1/interfaces.txt:2:10',
        'hv1/interfaces.txt:3:12',
      ]);
    }
  });
});
