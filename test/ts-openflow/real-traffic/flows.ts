/**
 * Flows in ovs-ofctl's syntax that together use every kind of match and action of Open vSwitch 3.1 that the bridge
 * takes (it refuses its own client's `ct_ipv6_src`, which is sent before the `ct_state` that it needs). Group 1 to 4, meter 1 and ports 1 to 3 exist when they are added.
 */

const MATCHES = `
in_port=1
in_port=LOCAL,dl_src=02:00:00:00:00:01,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00
dl_vlan=10
dl_vlan_pcp=3
vlan_tci=0
vlan_tci=0x1000/0x1000
dl_vlan=10,dl_vlan_pcp=2,ip,nw_src=10.0.0.0/8
dl_type=0x88cc
arp,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.0/24,arp_sha=02:00:00:00:00:01,arp_tha=02:00:00:00:00:02
ip,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_proto=99,nw_tos=32,nw_ecn=1,nw_ttl=64
ip,nw_frag=yes
ip,nw_frag=not_later
tcp,tp_src=80,tp_dst=0x1000/0xf000,tcp_flags=+syn-ack
udp,tp_dst=53
sctp,tp_src=1,tp_dst=2
icmp,icmp_type=8,icmp_code=0
ip,nw_proto=2
ipv6,ipv6_src=fd00::1,ipv6_dst=fd00::/64,ipv6_label=0x12345,nw_tos=4
tcp6,tp_dst=443
udp6,tp_src=546
icmp6,icmp_type=135,icmp_code=0,nd_target=fd00::1,nd_sll=02:00:00:00:00:01
icmp6,icmp_type=136,nd_target=fd00::/64,nd_tll=02:00:00:00:00:02
icmp6,icmp_type=134
mpls,mpls_label=100,mpls_tc=3,mpls_bos=1,mpls_ttl=64
mplsm
rarp
tun_id=0x64,tun_src=10.99.0.1,tun_dst=10.99.0.2
tun_id=0x6400/0xffffff00,tun_flags=+oam
tun_ipv6_src=fd00::1,tun_ipv6_dst=fd00::2
tun_gbp_id=5,tun_gbp_flags=1
metadata=0x1234
metadata=0x1200/0xff00,reg0=0x1,reg7=0x100/0xff00,reg15=9
xreg1=0x100000002
xxreg0=0x123456789abcdef0123456789abcdef
pkt_mark=0x5
pkt_mark=0x5/0xf
ct_state=+trk+est-inv,ct_zone=5,ct_mark=0x7,ct_label=0x1
ct_state=+new+trk,ip,ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.0/24,ct_nw_proto=6,ct_tp_src=1,ct_tp_dst=80
ct_mark=0x10/0xf0,ct_label=0x100/0xff00
conj_id=5,ip
dl_type=0x894f,nsh_flags=1,nsh_mdtype=1,nsh_np=3,nsh_spi=0x123,nsh_si=5,nsh_c1=1,nsh_c2=2,nsh_c3=3,nsh_c4=4/0xf
packet_type=(1,0x800)
packet_type=(1,0x894f)
`;

const ACTIONS = `
drop
output:1,output:2,in_port,LOCAL,NORMAL,FLOOD,ALL
output:reg0[0..15]
output:NXM_OF_IN_PORT[]
output(port=1,max_len=100)
controller
controller(max_len=128,reason=action,id=7)
controller(userdata=01.02.03.04,pause)
controller(max_len=128,meter_id=1)
group:1
enqueue:1:5
set_queue:2,output:1,pop_queue
push_vlan:0x8100,set_field:4106->vlan_vid,set_field:3->vlan_pcp,output:1
mod_vlan_vid:5,mod_vlan_pcp:2,strip_vlan,output:1
mod_dl_src:02:00:00:00:00:09,mod_dl_dst:02:00:00:00:00:0a,output:1
set_field:0x5/0xff->reg1,set_field:0x64->tun_id,set_field:10.99.0.9->tun_src,output:1
set_field:02:00:00:00:00:01->eth_src,set_field:00:00:00:00:00:02/00:00:00:00:00:0f->eth_dst
load:0x5->NXM_NX_REG2[0..7],load:0x1->OXM_OF_METADATA[3]
move:NXM_NX_REG0[]->NXM_NX_TUN_ID[0..31],move:OXM_OF_ETH_SRC[]->OXM_OF_ETH_DST[]
push:NXM_NX_REG0[],pop:NXM_NX_REG1[0..15],push:NXM_OF_ETH_SRC[],pop:NXM_OF_ETH_DST[]
set_tunnel:0x64,output:1
set_tunnel64:0x123456789,output:1
resubmit:1,resubmit(1,2),resubmit(,3)
ct_clear
exit
note:01.02.03.04.05.06.07
sample(probability=65535,collector_set_id=1,obs_domain_id=2,obs_point_id=3)
sample(probability=1000,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=1,egress)
learn(table=2,idle_timeout=10,hard_timeout=20,priority=5,cookie=0x9,send_flow_rem,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],reg0=0x5,load:0->NXM_OF_VLAN_TCI[],output:NXM_OF_IN_PORT[])
learn(table=2,fin_idle_timeout=1,fin_hard_timeout=2,limit=10,result_dst=reg0[0],delete_learned,eth_type=0x800,load:NXM_NX_REG1[]->NXM_NX_REG2[])
multipath(symmetric_l4,1024,modulo_n,4,0,NXM_NX_REG3[0..7])
multipath(eth_src,50,hrw,4,5,NXM_NX_REG3[0..7])
bundle(eth_src,50,active_backup,ofport,members:1,2)
bundle_load(symmetric_l4,0,hrw,ofport,NXM_NX_REG4[0..15],members:1,2,3)
clone(set_field:5->reg0,output:1,clone(output:2))
check_pkt_larger(1500)->NXM_NX_REG0[3]
write_metadata:0x12/0xff,goto_table:200
write_actions(set_field:5->reg0,output:1,group:1)
clear_actions,goto_table:200
meter:1,output:1
encap(nsh(md_type=1)),set_field:0x12->nsh_spi,output:1
encap(ethernet),output:1
conjunction(5,1/2),conjunction(6,2/2)
`;

const PAIRS = `
ip,actions=dec_ttl,output:1
ip,actions=dec_ttl(1,2,3),mod_nw_tos:32,mod_nw_ecn:1,mod_nw_ttl:9,mod_nw_src:1.2.3.4,mod_nw_dst:5.6.7.8
tcp,actions=mod_tp_src:80,mod_tp_dst:81,fin_timeout(idle_timeout=3,hard_timeout=4)
ip,actions=ct(commit,zone=5,table=2)
ip,actions=ct(commit,zone=NXM_NX_REG0[0..15],force,exec(set_field:1->ct_mark,load:0x5->NXM_NX_CT_LABEL[0..31]))
tcp,actions=ct(commit,nat(src=10.0.0.1-10.0.0.9:1000-2000,random,persistent),alg=ftp)
tcp,actions=ct(commit,nat(dst=10.0.0.1:80,hash)),ct(nat,table=3,zone=1)
ipv6,actions=ct(commit,nat(src=fd00::1-fd00::9))
udp,actions=ct(table=4,alg=tftp)
ip,actions=push_mpls:0x8847,set_field:100->mpls_label,set_field:1->mpls_tc,output:1
mpls,actions=pop_mpls:0x0800,output:1
mpls,actions=dec_mpls_ttl,set_field:9->mpls_label,push_mpls:0x8848
mpls,actions=set_mpls_label:5,set_mpls_tc:2,set_mpls_ttl:7
arp,actions=set_field:2->arp_op,move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],set_field:10.0.0.1->arp_spa,in_port
icmp6,icmp_type=135,actions=set_field:136->icmpv6_type,set_field:fd00::1->nd_target,set_field:02:00:00:00:00:01->nd_sll
ipv6,actions=set_field:fd00::9->ipv6_src,set_field:0x55->ipv6_label,set_field:9->nw_ttl
dl_type=0x894f,actions=dec_nsh_ttl,decap()
packet_type=(1,0x894f),actions=decap(packet_type(ns=0,type=0)),output:1
vlan_tci=0x1000/0x1000,actions=pop_vlan,output:1
`;

const lines = (text: string): string[] => text.trim().split('\n');

/** Matches in table 1, actions and the pairs that need one another in table 7 and 8; each flow has its own priority. */
export const FLOWS = [
  ...lines(MATCHES).map((match, i) => `table=1,priority=${i},cookie=0x${i.toString(16)},${match},actions=output:1`),
  ...lines(ACTIONS).map((actions, i) => `table=7,priority=${i},actions=${actions}`),
  ...lines(PAIRS).map((pair, i) => `table=8,priority=${i},${pair}`),
  'table=0,in_port=1,actions=output:3',
  'table=2,cookie=0x5,send_flow_rem,idle_timeout=30,hard_timeout=300,actions=drop',
  'table=7,priority=9,ip,actions=output:1',
].join('\n');

/** What `replace-flows` puts in their place. */
export const REPLACED = `table=0,in_port=1,actions=resubmit(,1)
table=1,priority=7,cookie=0x77,ip,actions=controller
table=1,priority=0,actions=drop
`;
