"""Builds a lab and holds it: nodes, management network, underlay, hypervisors, VMs.

Everything that must be cleaned is announced to the janitor before it is made, or by the step that makes it, in a thread
that no signal interrupts and that takes it back when the janitor hears nothing any more. The management network is
one veth pair `kkN` in the root namespace (198.18.0.0/15 cut into /24, N-th net; the name is the lock on the net), whose
far end is in a bridge in a namespace of the lab, with a port `mgmt0` into each hypervisor.
"""
import os
import subprocess
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from functools import partial
from typing import Any, Callable, Sequence

from mininet.net import Mininet

from .janitor import namespace_of
from .nodes import Janitor, LabError, LabNode
from .ovs import SCHEMA, Ovs
from .topology import Host, Topology, Vm, write_effective
from .leaf_pair import LeafPair
from .leaf_spine import LeafSpine
from .trunk import NODE, Trunks
from .underlay import NO_IPV6, ROGUE_MAC, Underlay, batch

CONTROLLER_PORT = 6653
FABRIC = {'leaf-spine': LeafSpine, 'leaf-pair': LeafPair}


class Lab:
    """A running lab. `build` makes it; whatever happens, `clean` takes it down."""

    def __init__(self, topology: Topology, underlay: str, directory: str, private: bool) -> None:
        self.topology = topology
        self.underlay = FABRIC[underlay](topology) if underlay in FABRIC else Underlay(underlay, topology)
        self.private = private  # run directories under `directory`, whatever unix: addresses the file has
        self.directory = directory  # empty: a new temporary one
        self.janitor = Janitor()
        self.id = ''
        self.management = ''
        self.nodes: dict[str, LabNode] = {}
        self.ovs: dict[str, Ovs] = {}
        Mininet.inited = True  # its init() raises sysctl limits of the whole machine, which would outlive the lab
        self.net = Mininet(topo=None, build=False, controller=None)
        self._lock = threading.Lock()
        self._steps: list[Future[Any]] = []

    def build(self) -> None:
        """Builds all of it. Raises LabError, or OSError."""
        hosts = self.topology.hosts
        trunked = any(host.trunk for host in hosts.values())
        switches = [*self.underlay.node_names(), *([NODE] if trunked else [])]
        self._make_nodes(['mgmt', *switches, 'rogue', *hosts, *self.topology.vms])
        self._make_management()
        self._make_directories()
        self.underlay.wire(self.nodes)
        template = f'{self.directory}/empty.db'
        subprocess.run(['ovsdb-tool', 'create', template, SCHEMA], check=True)
        if trunked:
            self._start_trunks(template)
        for host in hosts.values():
            self.ovs[host.name] = self._make_ovs(host, template)
        macs = {name: ovs.mac for name, ovs in self.ovs.items()}
        for host in hosts.values():
            self.ovs[host.name].neighbours = self.underlay.neighbours(host, macs)
        self.underlay.route(self.nodes, macs, self.directory, self._make_directory)
        self._parallel([*(partial(self._start_host, host) for host in hosts.values()), self._start_rogue])
        self._parallel([partial(self._start_vm, vm) for vm in self.topology.vms.values()])
        self.underlay.settle(self.nodes)
        write_effective(self.topology, self.effective)

    @property
    def effective(self) -> str:
        """Path of the topology file with the addresses that this lab serves."""
        return f'{self.directory}/topology.yaml'

    @property
    def controller(self) -> str:
        return f'tcp:{self.management}:{CONTROLLER_PORT}'

    def clean(self) -> None:
        """Takes everything down, at any moment, and returns when it is gone."""
        self.janitor.clean()
        # What a step makes after the janitor's end of file, the step takes back. Not for ever: Mininet's own `cmd`
        # never returns when the node's shell was killed meanwhile, and such a step has nothing to take back.
        wait(self._steps, timeout=2)

    def _make_nodes(self, names: Sequence[str]) -> None:
        made = self._parallel([partial(self._make_node, name) for name in names])
        for name, node in zip(names, made):
            self.nodes[name] = node
            self.net.hosts.append(node)
            self.net.nameToNode[name] = node

    def _make_node(self, name: str) -> LabNode:
        node = LabNode(name)
        try:
            self.janitor.announce('netns', namespace_of(str(node.pid)))
        except LabError:
            node.shell.kill()
            node.shell.wait()
            raise
        return node

    def _make_management(self) -> None:
        node = self.nodes['mgmt']
        self._parallel([partial(self._claim_net, node)])
        subprocess.run(['ip', 'addr', 'add', f'{self.management}/24', 'dev', self.id], check=True)
        subprocess.run(['ip', 'link', 'set', self.id, 'addrgenmode', 'none', 'up'], check=True)
        lines = ['link set lo up', 'link add br0 type bridge mcast_snooping 0', 'link set root up master br0']
        for host in self.topology.hosts.values():
            lines.append(f'link add m{host.number} type veth peer name mgmt0 netns {self.nodes[host.name].pid}')
            lines.append(f'link set m{host.number} up master br0')
        node.script(NO_IPV6 + batch([*lines, 'link set br0 up']))

    def _claim_net(self, node: LabNode) -> None:
        """Finds a net that no address of this machine and no lab uses, and takes it."""
        taken = subprocess.run(['ip', '-4', '-o', 'addr'], check=True, capture_output=True, text=True).stdout
        for offset in range(512):
            number = (os.getpid() + offset) % 512
            net = f'198.{18 + (number >> 8)}.{number & 255}'
            if f' {net}.' not in taken and self._claim(f'kk{number}', node):
                break
        else:
            raise LabError('no free management network: 512 labs on this machine?')
        self.id = f'kk{number}'
        self.management = f'{net}.254'

    def _claim(self, name: str, node: LabNode) -> bool:
        """Makes the link `name` unless it exists: then the net is another lab's."""
        argv = ['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'root', 'netns', str(node.pid)]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            if 'File exists' in done.stderr:
                return False
            raise LabError(f'{" ".join(argv)}: {done.stderr.strip()}')
        try:
            # only now, for until it is made the name may be another lab's
            self.janitor.announce('link', name)
        except LabError:
            subprocess.run(['ip', 'link', 'del', name], check=False)
            raise
        return True

    def _make_directories(self) -> None:
        if not self.directory:
            self.directory = tempfile.mkdtemp(prefix=f'kakuri-lab-{self.id}-')
            self.janitor.announce('dir', self.directory)
            os.chmod(self.directory, 0o711)  # FRR runs as its own user
        else:
            self._make_directory(self.directory)
        for host in self.topology.hosts.values():
            kind, _, rest = host.ovsdb.partition(':')
            host.rundir = f'{self.directory}/{host.name}'
            if kind == 'unix' and not self.private:
                host.rundir = os.path.dirname(rest)
            elif kind == 'tcp':
                port = rest.rpartition(':')[2]
                host.ovsdb = f'tcp:{self.host_address(host)}:{port}'
            elif kind == 'unix' or self.private:
                host.ovsdb = f'unix:{host.rundir}/db.sock'
            else:
                raise LabError(f'host {host.name}: the lab serves unix: and tcp: OVSDB addresses, not {host.ovsdb}')
            if len(f'{host.rundir}/ovs-vswitchd.4194304.ctl') > 107:
                raise LabError(f'{host.rundir}: too long for a unix socket in it')
            self._make_directory(host.rundir)

    def _make_directory(self, path: str) -> None:
        """Makes `path` and its missing parents. A run directory in use is refused."""
        if os.path.isdir(path):
            if path == self.directory:
                for name in ('topology.yaml', 'empty.db'):
                    self.janitor.announce('file', f'{path}/{name}')
                return
            if os.listdir(path):
                raise LabError(f'{path} is not empty: another lab, or a real Open vSwitch? (--dir gives a lab its own)')
        missing = os.path.dirname(path)
        parents = []
        while not os.path.isdir(missing):
            parents.append(missing)
            missing = os.path.dirname(missing)
        for parent in reversed(parents):
            self.janitor.announce('parent', parent)
        self.janitor.announce('dir', path)
        os.makedirs(path, exist_ok=True)

    def host_address(self, host: Host) -> str:
        """The hypervisor's own address on the management network."""
        return f'{self.management.rpartition(".")[0]}.{host.number}'

    def _make_ovs(self, host: Host, template: str) -> Ovs:
        kind, _, rest = host.ovsdb.partition(':')
        path = rest if kind == 'unix' else f'{host.rundir}/db.sock'
        remotes = [f'punix:{path}']
        if kind == 'tcp':
            address, _, port = rest.rpartition(':')
            remotes.append(f'ptcp:{port}:{address}')
        ovs = Ovs(self.nodes[host.name], host, remotes, path, self.underlay.uplinks(host))
        ovs.prepare(template)
        return ovs

    def _start_host(self, host: Host) -> None:
        node, ovs = self.nodes[host.name], self.ovs[host.name]
        uplinks = [*(name for uplink in ovs.uplinks for name in uplink.interfaces), *([host.trunk] if host.trunk else [])]
        lines = ['link set lo up', f'addr add {self.host_address(host)}/24 dev mgmt0', 'link set mgmt0 up',
                 *(f'link set {uplink} up' for uplink in uplinks)]
        for vm in host.vms:
            lines.append(f'link add {vm.tap} mtu {vm.mtu} type veth peer name eth0 address {vm.mac} mtu {vm.mtu}'
                         f' netns {self.nodes[vm.iface_id].pid}')
            lines.append(f'link set {vm.tap} up')
        node.script(NO_IPV6 + 'sysctl -qw net.ipv4.conf.default.arp_notify=1\n' + batch(lines)
                    + deaf([*((u, u) for u in uplinks), *((vm.tap, f'v{vm.number}') for vm in host.vms)]))
        ovs.start()
        node.script(ovs.wait_bridges() + self.underlay.family('br-phy') + batch(self.underlay.addresses(host)))
        ovs.warm()
        self.underlay.speak(host, node)
        for name in [*uplinks, 'mgmt0', *(vm.tap for vm in host.vms)]:
            node.adopt(name)
        node.cmd(f'export OVS_RUNDIR={host.rundir}')  # for the CLI: `hv1 ovs-vsctl show`

    def _start_trunks(self, template: str) -> None:
        directory = f'{self.directory}/{NODE}'
        self._make_directory(directory)
        trunks = Trunks(self.topology, self.nodes[NODE], directory)
        trunks.wire(self.nodes, template)
        trunks.start()

    def _start_rogue(self) -> None:
        node = self.nodes['rogue']
        node.script(NO_IPV6 + self.underlay.family('eth0') + batch(self.underlay.rogue_lines()) + 'ethtool -K eth0 tx off tso off gso off >/dev/null')
        node.adopt('eth0', ROGUE_MAC, f'{self.topology.rogue}/{self.topology.prefix.prefixlen}')

    def _start_vm(self, vm: Vm) -> None:
        node = self.nodes[vm.iface_id]
        lines = ['link set lo up', 'link set eth0 up']
        lines += [f'addr add {a} dev eth0' + (' nodad' if ':' in a else '') for a in vm.addresses]
        ipv6 = any(':' in a for a in vm.addresses)
        sysctl = 'sysctl -qw net.ipv6.conf.all.accept_ra=0\n' if ipv6 else NO_IPV6
        # no checksum offload: userspace OVS would get, and pass on, packets whose checksum nobody has finished
        node.script(sysctl + batch(lines) + 'ethtool -K eth0 tx off tso off gso off >/dev/null')
        node.adopt('eth0', vm.mac, next((a for a in vm.addresses if ':' not in a), None))

    def move_tap(self, vm: Vm, host: str) -> None:
        """Moves the hypervisor's end of a VM's link; the guest keeps its end, and its connections."""
        source, target = self.nodes[vm.host], self.nodes[host]
        source.script(f'ip link set {vm.tap} netns {target.pid}')
        target.script(f'ip link set {vm.tap} up\n' + deaf([(vm.tap, f'v{vm.number}')]))
        with self._lock:
            self.topology.hosts[vm.host].vms.remove(vm)
            self.topology.hosts[host].vms.append(vm)
            vm.host = host

    def _parallel(self, steps: list[Callable[[], Any]]) -> list[Any]:
        """Results of the steps, run a few at a time. The first failure ends it, and an interrupt does not wait."""
        pool = ThreadPoolExecutor(4)
        try:
            futures = [pool.submit(step) for step in steps]
            self._steps = futures
            for future in as_completed(futures):
                future.result()
            return [future.result() for future in futures]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def deaf(interfaces: list[tuple[str, str]]) -> str:
    """Shell text that makes the kernel deaf on (interface, chain name): userspace OVS reads the interface by AF_PACKET
    before this hook, but the kernel would hear everything a second time, answer ARP for br-phy with a wrong MAC, and
    refuse tunnel packets with ICMP."""
    chains = ''.join(f'chain in_{chain} {{ type filter hook ingress device "{name}" priority 0; policy drop; }}\n'
                     for name, chain in interfaces)
    offload = ''.join(f'ethtool -K {name} tx off >/dev/null\n' for name, _ in interfaces)
    return f"nft -f - <<'CHAINS'\ntable netdev kakuri {{\n{chains}}}\nCHAINS\n{offload}"
