/**
 * What ovs-ofctl is asked to do, one row a command, every command family of ovs-ofctl(8) of 3.1 that speaks OpenFlow.
 *
 * Rows run in order against one bridge, so a later row sees what an earlier one made. `SW` stands for the switch's
 * address; `input` is given on stdin as the file `-`.
 */
import { FLOWS, REPLACED } from './flows.js';

export interface Command {
  readonly args: readonly string[];
  readonly input?: string;
  /** Lowest and highest version, as 13, 14, 15; all by default. */
  readonly from?: number;
  readonly to?: number;
  /** The switch refuses it, with an OpenFlow error that must decode as well. */
  readonly refused?: true;
}

const GROUPS = `group_id=1,type=all,bucket=bucket_id:1,actions=output:1,bucket=bucket_id:2,actions=set_field:5->reg0,output:2
group_id=2,type=select,bucket=bucket_id:1,weight:10,actions=output:1,bucket=bucket_id:2,weight:20,actions=output:2
group_id=3,type=ff,bucket=bucket_id:1,watch_port:1,actions=output:1,bucket=bucket_id:2,watch_port:2,actions=output:2
group_id=4,type=indirect,bucket=bucket_id:0,actions=push_vlan:0x8100,set_field:4101->vlan_vid,output:3
`;

/** The words of a command line without quoting. */
export const words = (line: string): string[] => line.split(' ');
const each = (lines: string, more: Partial<Command> = {}): Command[] =>
  lines
    .trim()
    .split('\n')
    .map((line) => ({ args: words(line.trim()), ...more }));

const HEX = 'ffffffffffff0200000000010806000108000604000102000000000a0a000001000000000000a0000002'.slice(0, 84);

const DESCRIPTIONS = each(`
show SW
dump-desc SW
dump-tables SW
dump-table-features SW
get-frags SW
set-frags SW drop
get-frags SW
set-frags SW nx-match
set-frags SW normal
dump-ports SW
dump-ports SW 1
dump-ports-desc SW
dump-ports-desc SW 2
probe SW
ping SW 100
benchmark SW 20 5
mod-port SW p1 no-flood
mod-port SW p1 flood
mod-port SW p2 down
mod-port SW p2 up
queue-stats SW
queue-get-config SW 1`);

const TABLES: Command[] = [
  ...each('dump-table-desc SW\nmod-table SW 1 evict\nmod-table SW 1 vacancy:20,80\ndump-table-desc SW', { from: 14 }),
  ...each('mod-table SW 1 novacancy\nmod-table SW 1 noevict', { from: 14 }),
];

const GROUP_COMMANDS: Command[] = [
  { args: ['add-groups', 'SW', '-'], input: GROUPS },
  ...each(`
mod-group SW group_id=1,type=all,bucket=bucket_id:1,actions=output:3
--may-create mod-group SW group_id=9,type=all,bucket=actions=output:1`),
  ...each(
    `
add-group SW group_id=5,type=select,selection_method=hash,selection_method_param=7,fields(ip_src,tcp_dst=0xff),bucket=bucket_id:1,weight=3,actions=output:1
insert-buckets SW group_id=1,command_bucket_id=last,bucket=bucket_id:7,actions=output:2
insert-buckets SW group_id=1,command_bucket_id=first,bucket=bucket_id:8,actions=output:1
remove-buckets SW group_id=1,command_bucket_id=7
remove-buckets SW group_id=1,command_bucket_id=all
dump-groups SW 1`,
    { from: 15 },
  ),
  ...each(`
dump-groups SW
dump-group-stats SW
dump-group-stats SW group_id=2
dump-group-features SW
--bundle add-group SW group_id=20,type=all,bucket=actions=output:1
del-groups SW group_id=20`),
  ...each('add-group SW group_id=1,type=all,bucket=actions=output:1', { refused: true }),
];

const METERS = each(`
meter-features SW
add-meter SW meter=1,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=200
add-meter SW meter=2,pktps,bands=type=drop,rate=10
mod-meter SW meter=2,pktps,stats,bands=type=drop,rate=20
dump-meters SW
dump-meter SW meter=1
meter-stats SW
meter-stats SW meter=1
del-meter SW meter=2`);

const FLOW_COMMANDS: Command[] = [
  { args: ['add-flows', 'SW', '-'], input: FLOWS },
  ...each('dump-flows SW'),
  ...each(`
--names dump-flows SW
dump-flows SW table=0,in_port=1
dump-flows SW cookie=0x10/0xf0
dump-aggregate SW
dump-aggregate SW table=1
mod-flows SW table=0,in_port=1,actions=output:2
--strict mod-flows SW table=7,priority=9,ip,actions=drop
del-flows SW table=2
del-flows SW cookie=0x5/-1
del-flows SW out_port=3
--strict del-flows SW table=7,priority=9,ip
add-flow SW table=3,priority=1,send_flow_rem,check_overlap,reset_counts,no_packet_counts,no_byte_counts,actions=drop
add-flow SW table=3,priority=1,idle_timeout=60,hard_timeout=600,actions=drop`),
  ...each('add-flow SW table=3,priority=2,importance=7,actions=drop', { from: 14 }),
  ...each('add-flow SW table=3,priority=1,in_port=2,check_overlap,actions=drop', { refused: true }),
  { args: ['replace-flows', 'SW', '-'], input: REPLACED },
  { args: ['--bundle', 'add-flows', 'SW', '-'], input: FLOWS },
  { args: ['--bundle', 'replace-flows', 'SW', '-'], input: REPLACED },
  ...each('--bundle mod-flows SW table=1,actions=output:1\n--bundle del-flows SW table=1'),
  {
    args: ['bundle', 'SW', '-'],
    input: 'flow add table=4,actions=drop\nflow delete table=4\ngroup add group_id=30,type=all\n',
  },
  { args: ['--bundle', 'add-flow', 'SW', 'table=5,actions=goto_table:6,group:77'], refused: true },
  ...each(`
packet-out SW in_port=1,packet=${HEX},actions=output:2
packet-out SW in_port=controller,packet=${HEX},actions=set_field:5->reg0,resubmit(,1)`),
];

const NICIRA: Command[] = each(`
add-tlv-map SW {class=0xffff,type=0,len=4}->tun_metadata0,{class=0xffff,type=1,len=8}->tun_metadata1
add-flow SW table=6,tun_metadata0=0x1234,actions=set_field:7->tun_metadata1,delete_field:tun_metadata0,output:1
dump-tlv-map SW
dump-flows SW table=6
del-flows SW table=6
del-tlv-map SW {class=0xffff,type=1,len=8}->tun_metadata1
del-tlv-map SW
ct-flush-zone SW 5
ct-flush SW
ct-flush SW zone=5
ct-flush SW zone=5 ct_nw_src=10.1.1.1,ct_nw_proto=17,ct_tp_src=2
ct-flush SW zone=5 ct_ipv6_src=fc00::1,ct_nw_proto=6,ct_tp_src=2,ct_tp_dst=9 ct_ipv6_src=fc00::2,ct_nw_proto=6
dump-ipfix-bridge SW
dump-ipfix-flow SW`);

const CLEARED = each('del-flows SW\ndel-groups SW\ndel-meters SW\nset-frags SW normal');

/** All rows, in the order they run; CLEARED leaves the bridge as it was, for the next version. */
export const COMMANDS: readonly Command[] = [
  ...DESCRIPTIONS,
  ...TABLES,
  ...GROUP_COMMANDS,
  ...METERS,
  ...FLOW_COMMANDS,
  ...NICIRA,
  ...CLEARED,
];
