#!/usr/bin/python3
"""Installations of other controllers, built here to be dumped: what `kakuri verify --tenants` reads.

    foreign_installations.py ovn|neutron DIR [--plant LEAK] [--trace]

Writes DIR/HOST/{flows,groups,meters,ports,interfaces}.txt and DIR/tenants.yaml, and takes everything down again.

ovn      three hosts of OVN (geneve), programmed by ovn-northd and ovn-controller of the Debian packages: two tenants, each a
         logical switch with a port on every host, all with the same addresses.
neutron  two hosts as the ML2/OVS agent of OpenStack Neutron programs them: br-int and br-tun joined by patch ports, a local
         VLAN for each network, VXLAN keys in br-tun. No agent runs here: the flows are written out below, table by table, as
         its documentation describes them (docs.openstack.org/neutron, "Open vSwitch agent", "L2 population", ARP spoofing).
         Each bridge is saved as one host.

--plant puts one wrong flow into the first host's br-int (see PLANTED) before dumping.
--trace FLOW prints what `ofproto/trace br-int FLOW` says on the first host.

Switches have the dummy datapath: no root, no namespaces, no kernel module; everything is in one directory of its own, and
only processes started here are ended, by pid.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SCHEMAS = '/usr/share/openvswitch/vswitch.ovsschema', '/usr/share/ovn/ovn-nb.ovsschema', '/usr/share/ovn/ovn-sb.ovsschema'
TENANTS = 'red', 'blue'
COLUMNS = '--columns=name,ofport,type,options,external_ids'
DEADLINE_S = 60


class Lab:
    """One directory and the processes in it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='kakuri-foreign-')
        self.pids = []

    def run(self, home, *command, check=True):
        env = dict(os.environ)
        env.update({f'{p}_{k}': home for p in ('OVS', 'OVN') for k in ('RUNDIR', 'DBDIR', 'LOGDIR', 'SYSCONFDIR')})
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=DEADLINE_S)
        if check and done.returncode:
            raise RuntimeError(f'{" ".join(command)}: {done.stderr.strip()}')
        return done.stdout

    def daemon(self, home, name, *command):
        pidfile = f'{home}/{name}.pid'
        control = [] if name == 'ovn-controller' else [f'--unixctl={home}/{name}.ctl']  # that one has no such option
        self.run(home, *command, f'--pidfile={pidfile}', *control, f'--log-file={home}/{name}.log', '--detach', '--no-chdir')
        with open(pidfile, encoding='ascii') as file:
            self.pids.append(int(file.read()))

    def close(self):
        for pid in reversed(self.pids):
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        end = time.monotonic() + 5
        while time.monotonic() < end and any(os.path.exists(f'/proc/{pid}') for pid in self.pids):
            time.sleep(0.05)
        shutil.rmtree(self.dir)


class Host:
    """A switch of its own."""

    def __init__(self, lab, name, number):
        self.lab, self.name, self.number = lab, name, number
        self.vtep = f'10.98.0.{number}'
        self.home = os.path.join(lab.dir, name)
        os.mkdir(self.home)
        lab.run(self.home, 'ovsdb-tool', 'create', f'{self.home}/conf.db', SCHEMAS[0])
        lab.daemon(self.home, 'ovsdb-server', 'ovsdb-server', f'{self.home}/conf.db', f'--remote=punix:{self.home}/db.sock')
        self.vsctl('--no-wait', 'init')
        lab.daemon(self.home, 'ovs-vswitchd', 'ovs-vswitchd', f'unix:{self.home}/db.sock', '--enable-dummy')

    def vsctl(self, *args):
        return self.lab.run(self.home, 'ovs-vsctl', f'--db=unix:{self.home}/db.sock', *args)

    def ofctl(self, command, bridge, *args):
        return self.lab.run(self.home, 'ovs-ofctl', '-OOpenFlow15', command, f'unix:{self.home}/{bridge}.mgmt', *args)

    def bridge(self, name):
        self.vsctl('add-br', name, '--', 'set', 'Bridge', name, 'datapath_type=dummy', 'fail_mode=secure',
                   'protocols=OpenFlow13,OpenFlow15')

    def add(self, bridge, name, *settings):
        self.vsctl('add-port', bridge, name, '--', 'set', 'Interface', name, *settings)

    def number_of(self, port):
        return self.vsctl('get', 'Interface', port, 'ofport').strip()

    def dump(self, directory, bridge):
        os.makedirs(directory)
        texts = {
            'flows': self.ofctl('dump-flows', bridge, '--no-names', '--no-stats'),
            'groups': self.ofctl('dump-groups', bridge),
            'meters': self.ofctl('dump-meters', bridge),
            'ports': self.ofctl('dump-ports-desc', bridge),
            'interfaces': self.vsctl(COLUMNS, 'list', 'Interface'),
        }
        for name, text in texts.items():
            with open(f'{directory}/{name}.txt', 'w', encoding='utf8') as file:
                file.write(text)


def write_tenants(directory, owners):
    os.makedirs(directory, exist_ok=True)
    with open(f'{directory}/tenants.yaml', 'w', encoding='utf8') as file:
        file.writelines(f'{port}: {tenant}\n' for port, tenant in owners.items())


# --- OVN ---------------------------------------------------------------------------------------------------------------

def start_central(lab):
    home = os.path.join(lab.dir, 'central')
    os.mkdir(home)
    for name, schema in (('nb', SCHEMAS[1]), ('sb', SCHEMAS[2])):
        lab.run(home, 'ovsdb-tool', 'create', f'{home}/{name}.db', schema)
        lab.daemon(home, name, 'ovsdb-server', f'{home}/{name}.db', f'--remote=punix:{home}/{name}.sock')
    lab.daemon(home, 'northd', 'ovn-northd', f'--ovnnb-db=unix:{home}/nb.sock', f'--ovnsb-db=unix:{home}/sb.sock')
    return home


def ovn(lab, directory):
    central = start_central(lab)

    def nbctl(*args):
        return lab.run(central, 'ovn-nbctl', f'--db=unix:{central}/nb.sock', *args)

    hosts = [Host(lab, f'ovn{i}', i) for i in (1, 2, 3)]
    owners = {}
    for tenant in TENANTS:
        nbctl('ls-add', tenant)
        for host in hosts:
            port = f'{tenant}-vm{host.number}'
            address = f'02:00:00:00:01:0{host.number} 192.168.0.{host.number}'
            nbctl('lsp-add', tenant, port, '--', 'lsp-set-addresses', port, address, '--', 'lsp-set-port-security', port, address)
            owners[port] = tenant
    for host in hosts:
        host.bridge('br-int')
        host.vsctl('set', 'Open_vSwitch', '.', f'external_ids:system-id={host.name}',
                   f'external_ids:ovn-remote=unix:{central}/sb.sock', 'external_ids:ovn-encap-type=geneve',
                   f'external_ids:ovn-encap-ip={host.vtep}', 'external_ids:ovn-bridge-datapath-type=dummy')
        lab.daemon(host.home, 'ovn-controller', 'ovn-controller', f'unix:{host.home}/db.sock')
        for tenant in TENANTS:
            host.add('br-int', f'tap-{tenant}', 'type=dummy', f'external_ids:iface-id={tenant}-vm{host.number}')
    # Every chassis has worked off what the northbound database says; an answer in half a second says that it is steady.
    nbctl('--wait=hv', f'--timeout={DEADLINE_S}', 'sync')
    for tenant in TENANTS:
        for host in hosts:
            nbctl('--timeout=30', 'wait-until', 'Logical_Switch_Port', f'{tenant}-vm{host.number}', 'up=true')
    nbctl('--wait=hv', f'--timeout={DEADLINE_S}', 'sync')
    write_tenants(directory, owners)
    return hosts, ('br-int',)


# --- Neutron ML2/OVS ---------------------------------------------------------------------------------------------------

VLANS = {'red': (1, 0x64), 'blue': (2, 0xc8)}


def integration_flows(host):
    """br-int: who may speak, then the learning switch, in which the port's tag keeps networks apart."""
    flows = ['table=0,priority=65535,dl_vlan=4095,actions=drop', 'table=0,priority=0,actions=resubmit(,58)',
             'table=23,priority=0,actions=drop', 'table=24,priority=0,actions=drop', 'table=30,priority=0,actions=resubmit(,58)',
             'table=31,priority=0,actions=resubmit(,58)', 'table=58,priority=0,actions=resubmit(,60)',
             'table=60,priority=3,actions=NORMAL', 'table=62,priority=3,actions=NORMAL']
    for tenant in TENANTS:
        port = host.number_of(f'qvo-{tenant}')
        flows += [f'table=0,priority=10,arp,in_port={port},actions=resubmit(,24)',
                  f'table=0,priority=10,icmp6,in_port={port},icmp_type=136,actions=resubmit(,24)',
                  f'table=0,priority=9,in_port={port},actions=resubmit(,25)',
                  f'table=24,priority=2,arp,in_port={port},arp_spa=192.168.0.{host.number},actions=resubmit(,25)',
                  f'table=25,priority=2,in_port={port},dl_src=02:00:00:00:01:0{host.number},actions=resubmit(,30)']
    return flows


def tunnel_flows(host, other):
    """br-tun: local VLAN to key and back; who is where by L2 population, and learnt."""
    patch, tunnel = host.number_of('patch-int'), host.number_of('vxlan0')
    learn = ('learn(table=20,hard_timeout=300,priority=1,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],'
             'load:0->NXM_OF_VLAN_TCI[],load:NXM_NX_TUN_ID[]->NXM_NX_TUN_ID[],output:OXM_OF_IN_PORT[])')
    flows = [f'table=0,priority=1,in_port={patch},actions=resubmit(,2)', f'table=0,priority=1,in_port={tunnel},actions=resubmit(,4)',
             'table=0,priority=0,actions=drop',
             'table=2,priority=0,dl_dst=00:00:00:00:00:00/01:00:00:00:00:00,actions=resubmit(,20)',
             'table=2,priority=0,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,actions=resubmit(,22)',
             'table=3,priority=0,actions=drop', 'table=4,priority=0,actions=drop', 'table=6,priority=0,actions=drop',
             f'table=10,priority=1,actions={learn},output:{patch}',
             'table=20,priority=0,actions=resubmit(,22)', 'table=22,priority=0,actions=drop']
    for vlan, key in VLANS.values():
        flows += [f'table=4,priority=1,tun_id={key:#x},actions=push_vlan:0x8100,set_field:{4096 + vlan}->vlan_vid,resubmit(,10)',
                  f'table=20,priority=2,dl_vlan={vlan},dl_dst=02:00:00:00:01:0{other.number},'
                  f'actions=pop_vlan,set_field:{key:#x}->tun_id,output:{tunnel}',
                  f'table=22,priority=1,dl_vlan={vlan},actions=pop_vlan,set_field:{key:#x}->tun_id,output:{tunnel}']
    return flows


def neutron(lab, directory):
    hosts = [Host(lab, f'node{i}', i) for i in (1, 2)]
    owners = {}
    for host, other in zip(hosts, reversed(hosts)):
        for bridge in ('br-int', 'br-tun'):
            host.bridge(bridge)
        host.add('br-int', 'patch-tun', 'type=patch', 'options:peer=patch-int')
        host.add('br-tun', 'patch-int', 'type=patch', 'options:peer=patch-tun')
        host.add('br-tun', 'vxlan0', 'type=vxlan', f'options:local_ip={host.vtep}', f'options:remote_ip={other.vtep}',
                 'options:in_key=flow', 'options:out_key=flow')
        for tenant in TENANTS:
            port = f'{tenant}-vm{host.number}'
            host.add('br-int', f'qvo-{tenant}', 'type=dummy', f'external_ids:iface-id={port}')
            host.vsctl('set', 'Port', f'qvo-{tenant}', f'tag={VLANS[tenant][0]}')
            owners[port] = tenant
        for flow in integration_flows(host):
            host.ofctl('add-flow', 'br-int', flow)
        for flow in tunnel_flows(host, other):
            host.ofctl('add-flow', 'br-tun', flow)
    write_tenants(directory, owners)
    return hosts, ('br-int', 'br-tun')


# --- Leaks -------------------------------------------------------------------------------------------------------------

def port_leak(name):
    """What the red VM sends with that EtherType goes to the blue VM beside it."""
    def flow(host):
        return (f'cookie=0xbad,table=0,priority=60000,in_port={host.number_of(name + "-red")},dl_type=0x88b5,'
                f'actions=output:{host.number_of(name + "-blue")}')
    return flow


def key_leak(host):
    """OVN: what the red VM sends to the second host leaves with the blue network's key."""
    flows = host.ofctl('dump-flows', 'br-int', '--no-names')
    _, blue, out = re.search(r'metadata=0x2 .*set_field:(0x2)/0xffffff->tun_id,.*?output:(\d+)', flows).group(0, 1, 2)
    return (f'cookie=0xbad,table=0,priority=60000,in_port={host.number_of("tap-red")},dl_type=0x88b5,'
            f'actions=set_field:{blue}->tun_id,output:{out}')


PLANTED = {'ovn': {'port': port_leak('tap'), 'key': key_leak}, 'neutron': {'port': port_leak('qvo')}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('kind', choices=PLANTED)
    parser.add_argument('directory')
    parser.add_argument('--plant', choices=['port', 'key'])
    parser.add_argument('--trace', metavar='FLOW')
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lab = Lab()
    try:
        hosts, bridges = {'ovn': ovn, 'neutron': neutron}[given.kind](lab, given.directory)
        if given.plant:
            hosts[0].ofctl('add-flow', 'br-int', PLANTED[given.kind][given.plant](hosts[0]))
        for host in hosts:
            for bridge in bridges:
                name = host.name if len(bridges) == 1 else f'{host.name}-{bridge}'
                host.dump(os.path.join(given.directory, name), bridge)
        if given.trace:
            print(lab.run(hosts[0].home, 'ovs-appctl', '-t', f'{hosts[0].home}/ovs-vswitchd.ctl', 'ofproto/trace', 'br-int',
                          given.trace))
    finally:
        lab.close()


if __name__ == '__main__':
    main()
