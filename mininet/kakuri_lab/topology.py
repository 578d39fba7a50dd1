"""A topology file as the lab needs it: hosts, VMs with their placement and MTU, and the underlay's addresses.

It checks only what the lab cannot build without; `kakuri check` is the validator. VMs are known by iface-id, which is
one in the whole file (port names may repeat between tenants). The i-th port of a network starts on its i-th allowed
host, so that every network spans hosts.
"""
import copy
import ipaddress
import json
import os
import re
import sys
from dataclasses import dataclass, field
from typing import Any

from .yaml_core import TopologyError, read_yaml

# Octets that a tunnel adds to the inner IP packet over IPv4: inner Ethernet 14, IPv4 20, and the tunnel's own headers.
# In `ip-tunnel` there is no inner Ethernet. An outer IPv6 header has 20 more. A VLAN's tag is the frame's, and counts in no MTU.
OVERHEAD = {'geneve': 50, 'vxlan': 50, 'gre': 42, 'nvgre': 42, 'vlan': 0, 'ip-tunnel': 28}


# What the network between the hypervisors can be; see underlay.py, leaf_spine.py and leaf_pair.py.
FABRICS = ('switched', 'routed', 'leaf-spine', 'leaf-pair')


@dataclass
class Vm:
    """One VM port of the file."""
    iface_id: str
    port: str
    tenant: str
    network: str
    mac: str
    addresses: list[str]  # with prefix length: 192.168.0.1/24
    host: str  # where its tap is now
    mtu: int
    number: int = 0  # from 0, in file order
    tap: str = ''

    @property
    def ips(self) -> list[str]:
        return [a.split('/')[0] for a in self.addresses]


@dataclass
class Host:
    """One hypervisor of the file, and what the lab gives it."""
    name: str
    number: int  # from 1, in file order
    ovsdb: str  # effective address, where the controller reaches it
    vtep: str
    rundir: str = ''
    vms: list[Vm] = field(default_factory=list)
    trunk: str = ''  # the interface that carries VLANs, where there is one
    zone: str = ''  # where VLAN ids mean the same, where the file has zones


@dataclass
class Topology:
    """The file, read; `document` is its value as written."""
    document: dict[str, Any]
    hosts: dict[str, Host]
    vms: dict[str, Vm]
    mtu: int
    prefix: ipaddress.IPv4Network | ipaddress.IPv6Network  # holds every VTEP and the rogue
    rogue: str
    fabric: str  # one of FABRICS

    @property
    def ipv6(self) -> bool:
        """Whether the tunnels go over IPv6."""
        return self.prefix.version == 6


def load_topology(path: str) -> Topology:
    """Reads `path`, or a line of stdin for `-`. Raises TopologyError for what the lab cannot build, OSError when it cannot be read."""
    if path == '-':
        document = read_yaml(sys.stdin.readline())
    else:
        with open(path, encoding='utf-8') as file:
            document = read_yaml(file.read())
    if not isinstance(document, dict) or not document.get('hosts'):
        raise TopologyError(f'{path}: no hosts')
    underlay = document.get('underlay') or {}
    mtu = int(underlay.get('mtu', 1500))
    hosts: dict[str, Host] = {}
    for number, (name, body) in enumerate(document['hosts'].items(), 1):
        if not isinstance(body, dict) or 'ovsdb' not in body or 'vtep' not in body:
            raise TopologyError(f'{path}: host {name}: ovsdb and vtep are needed')
        hosts[str(name)] = Host(str(name), number, str(body['ovsdb']), str(body['vtep']),
                                trunk=str(body.get('trunk', '')), zone=str(body.get('zone', '')))
    extra = 20 if any(':' in h.vtep for h in hosts.values()) else 0
    vms = _vms(document, list(hosts), mtu, extra, str(underlay.get('encapsulation', 'geneve')))
    for vm in vms.values():
        if vm.iface_id in hosts:
            raise TopologyError(f'{path}: {vm.iface_id} names a host and a port: the lab needs different names')
        hosts[vm.host].vms.append(vm)
    prefix, rogue = _underlay_prefix([h.vtep for h in hosts.values()])
    fabric = str(underlay.get('fabric', FABRICS[0]))
    if fabric not in FABRICS:
        raise TopologyError(f'{path}: fabric {fabric}: the lab has {", ".join(FABRICS)}')
    return Topology(document, hosts, vms, mtu, prefix, rogue, fabric)


def write_effective(topology: Topology, path: str) -> None:
    """Writes the topology with the addresses that this lab serves (JSON, which is YAML)."""
    document = copy.deepcopy(topology.document)
    for name, host in topology.hosts.items():
        document['hosts'][name]['ovsdb'] = host.ovsdb
    temporary = f'{path}.new'
    with open(temporary, 'w', encoding='utf-8') as file:
        json.dump(document, file, indent=2)
        file.write('\n')
    os.rename(temporary, path)


def _vms(document: dict[str, Any], hosts: list[str], mtu: int, extra: int, encapsulation: str) -> dict[str, Vm]:
    vms: dict[str, Vm] = {}
    for tenant, body in (document.get('tenants') or {}).items():
        for network, net in ((body or {}).get('networks') or {}).items():
            net = net or {}
            kind = str(net.get('encapsulation', encapsulation))
            if kind not in OVERHEAD:
                raise TopologyError(f'network {tenant}/{network}: unknown encapsulation {kind}')
            subnets = [ipaddress.ip_network(str(s), strict=False) for s in net.get('subnets') or []]
            for index, (port, p) in enumerate((net.get('ports') or {}).items()):
                allowed = [str(h) for h in p.get('hosts') or hosts]
                if not set(allowed) <= set(hosts):
                    raise TopologyError(f'port {tenant}/{network}/{port}: unknown host in {allowed}')
                vm = Vm(str(p.get('iface-id', port)), str(port), str(tenant), str(network), str(p['mac']),
                        [_with_prefix(str(ip), subnets) for ip in p.get('ips') or []],
                        allowed[index % len(allowed)], mtu - (0 if kind == 'vlan' else OVERHEAD[kind] + extra))
                if vm.iface_id in vms:
                    raise TopologyError(f'iface-id {vm.iface_id} twice')
                vm.number = len(vms)
                vm.tap = _tap_name(vm.iface_id, len(vms), {v.tap for v in vms.values()})
                vms[vm.iface_id] = vm
    return vms


def _tap_name(iface_id: str, index: int, taken: set[str]) -> str:
    """A name that says whose tap it is where IFNAMSIZ (15 octets) allows, else a number."""
    name = f't-{iface_id}'
    if re.fullmatch(r'[A-Za-z0-9_.-]{1,15}', name) and name not in taken:
        return name
    return f'tap{index}'


def _with_prefix(ip: str, subnets: list[Any]) -> str:
    address = ipaddress.ip_address(ip)
    for subnet in subnets:
        if address.version == subnet.version and address in subnet:
            return f'{ip}/{subnet.prefixlen}'
    return f'{ip}/{24 if address.version == 4 else 64}'


def _underlay_prefix(vteps: list[str]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]:
    """The smallest prefix, /24 (IPv6: /64) or wider, with every VTEP in it, and a free address there for the rogue."""
    try:
        addresses = [ipaddress.ip_address(v) for v in vteps]
    except ValueError as error:
        raise TopologyError(f'VTEP: {error}') from error
    if len(set(addresses)) != len(addresses):
        raise TopologyError('duplicate VTEP')
    if len({a.version for a in addresses}) != 1:
        raise TopologyError('VTEPs of both families')
    for length in range(24 if addresses[0].version == 4 else 64, 3, -1):
        prefix = ipaddress.ip_network((addresses[0], length), strict=False)
        if all(a in prefix for a in addresses):
            break
    else:
        raise TopologyError('the VTEPs share no prefix of 4 bits or more')
    last = int(prefix.broadcast_address) - 1 if prefix.version == 4 else int(prefix.network_address) + 0xfffe
    candidates = (addresses[0].__class__(last - n) for n in range(len(addresses) + 1))
    return prefix, str(next(a for a in candidates if a not in addresses))
