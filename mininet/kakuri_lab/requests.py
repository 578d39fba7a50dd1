"""What a lab can be asked to do: one function a request, its parameters are the request's keys.

`vm` is an iface-id, `host` a host of the topology; times are seconds unless a name says ms.
"""
import inspect
import threading
import time
from typing import Any, Callable, Sequence

from .crossfire import Crossfire
from .faults import Faults
from .lab import Lab
from .matrix import Matrix, Pair
from .mobile import BRIDGE, Mobile
from .nodes import LabError, LabNode, Outcome
from .ovs import Ovs
from .ping import Prober
from .topology import Vm
from .transfer import transfer
from .wire import Capture, send_frames


class Requests:
    """The requests of one lab, and what they started: background pings and captures, by number."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.faults = Faults(lab)
        self._running: dict[int, tuple[Prober, threading.Thread]] = {}
        self._captures: dict[int, Capture] = {}
        self._crossfire: Crossfire | None = None
        self._mobiles: dict[str, Mobile] = {}
        self._lock = threading.Lock()
        self._next = 0

    def answer(self, request: dict[str, Any]) -> Any:
        """Does request['do'] with the other keys. Raises LabError (or what failed) with a message for the answer."""
        name = str(request.pop('do'))
        method: Callable[..., Any] | None = getattr(self, f'do_{name}', None)
        if method is None:
            raise LabError(f'unknown request {name}')
        request = {('from_' if key == 'from' else key): value for key, value in request.items()}
        unknown = set(request) - set(inspect.signature(method).parameters)
        if unknown:
            raise LabError(f'{name}: unknown parameter {", ".join(sorted(unknown))}')
        return method(**request)

    def plug_all(self) -> None:
        """Plugs every VM as soon as its host has a br-int (an hour at most)."""
        for vm in self.lab.topology.vms:
            threading.Thread(target=self.do_plug, kwargs={'vm': vm, 'timeout': 3600}, daemon=True).start()

    # --- ports

    def do_plug(self, vm: str, host: str | None = None, ofport_request: int | None = None,
                iface_id: str | None = None, mac: str | None = None, timeout: float = 10) -> dict[str, Any]:
        """What a hypervisor's agent does for a VM that starts: its tap becomes a port of br-int, which is waited for.
        On another host than before, the tap moves there first."""
        machine = self._vm(vm)
        if host is not None and host != machine.host:
            self.lab.move_tap(machine, self._host_name(host))
        ids = f'external_ids:iface-id={iface_id or machine.iface_id}'
        args = ['wait-until', 'Bridge', 'br-int', '--', '--may-exist', 'add-port', 'br-int', machine.tap, '--', 'set',
                'Interface', machine.tap, ids, f'external_ids:attached-mac="{mac or machine.mac}"']
        if ofport_request is not None:
            args.append(f'ofport_request={ofport_request}')
        done = self._checked(self._ovs(machine.host), args, timeout)
        ofport = self._checked(self._ovs(machine.host), ['get', 'Interface', machine.tap, 'ofport'], timeout)
        return {'host': machine.host, 'tap': machine.tap, 'ofport': int(ofport), 'output': done}

    def do_unplug(self, vm: str) -> None:
        machine = self._vm(vm)
        self._checked(self._ovs(machine.host), ['--if-exists', 'del-port', 'br-int', machine.tap])

    def do_move(self, vm: str, host: str, announce: bool = True) -> dict[str, Any]:
        """Migration: unplugged here, plugged there, announced by RARP and gratuitous ARP as QEMU and guests do."""
        machine = self._vm(vm)
        self.do_unplug(vm)
        result = self.do_plug(vm, host)
        if announce:
            send_frames(self.lab.nodes[vm].pid, 'eth0', announcements(machine), 1, 0)
        return result

    def do_make_mobile(self, vm: str) -> None:
        """Gives a VM the bridge by which it can migrate, beforehand: what is started in it after that stays on its interface."""
        self._mobile(vm).grow(self.lab.topology.vms[vm].host)

    def do_plug_leg(self, vm: str, host: str) -> dict[str, Any]:
        """Live migration, first step: the VM's port appears on its destination, while it runs where it was."""
        mobile = self._mobile(vm)
        tap = mobile.grow(self._host_name(host)).tap
        self._checked(self._ovs(host), ['--may-exist', 'add-port', 'br-int', tap, '--', 'set', 'Interface', tap,
                                        f'external_ids:iface-id={mobile.vm.iface_id}'])
        return {'host': host, 'tap': tap}

    def do_cut_over(self, vm: str, host: str, announce: bool = True) -> None:
        """Second step: the VM runs there now, and announces itself by RARP and gratuitous ARP."""
        mobile = self._mobile(vm)
        mobile.cut_over(self._host_name(host))
        if announce:
            send_frames(self.lab.nodes[vm].pid, BRIDGE, announcements(mobile.vm), 1, 0)

    def do_unplug_leg(self, vm: str, host: str) -> None:
        """Third step, or an abort: the port goes from a hypervisor."""
        leg = self._mobile(vm).legs[self._host_name(host)]
        self._checked(self._ovs(host), ['--if-exists', 'del-port', 'br-int', leg.tap])

    # --- commands

    def do_exec(self, argv: Sequence[str] | None = None, shell: str | None = None, vm: str | None = None,
                host: str | None = None, node: str | None = None, timeout: float = 30,
                stdin: str = '') -> dict[str, Any]:
        """A program (argv) or a bash script (shell) in a VM, on a hypervisor, or in a node of the underlay, rogue or mgmt."""
        where = self._node(vm or host or node or '')
        env = self.lab.ovs[host].env if host in self.lab.ovs else None
        return vars(where.run(list(argv) if argv else ['bash', '-c', shell or ''], env, timeout, stdin))

    def do_vsctl(self, host: str, args: Sequence[str], timeout: float = 10) -> dict[str, Any]:
        return vars(self._ovs(host).vsctl(args, timeout))

    def do_ofctl(self, host: str, args: Sequence[str], timeout: float = 30, stdin: str = '') -> dict[str, Any]:
        return vars(self._ovs(host).ofctl(args, timeout, stdin))

    def do_appctl(self, host: str, args: Sequence[str]) -> dict[str, Any]:
        try:
            return vars(Outcome(0, self._ovs(host).appctl(*args), ''))
        except LabError as error:
            return vars(Outcome(2, '', str(error)))

    def do_flows(self, host: str, bridge: str = 'br-int', names: bool = True) -> list[str]:
        """The flow dump, OpenFlow 1.5, a flow a line."""
        args = ['-O', 'OpenFlow15', '--names' if names else '--no-names', 'dump-flows', bridge]
        done = self._ovs(host).ofctl(args)
        if done.rc != 0:
            raise LabError(f'{host}: {done.stderr.strip()}')
        return [line.strip() for line in done.stdout.splitlines() if 'actions=' in line]

    # --- traffic

    def do_ping(self, from_: str, to: str, count: int = 1, interval: float = 0.01,
                timeout: float = 1) -> dict[str, Any]:
        """`to` is a VM (its first IPv4 address) or an address. from: a VM, a host, or rogue."""
        return self._prober(from_, to, count, interval, timeout).run()

    def do_pingmatrix(self, pairs: Sequence[Sequence[str]], count: int = 1, interval: float = 0.01,
                      timeout: float = 1) -> list[dict[str, Any]]:
        """Pings of all [from, to] pairs at once; results in the order of the pairs. `arrived`: requests that came to
        the node named (see matrix.py)."""
        nodes = self.lab.nodes
        ways = [Pair(self._node(a).pid, self._address(b), nodes[b].pid if b in nodes else None) for a, b in pairs]
        return Matrix(ways).run(count, interval, timeout)

    def do_start_ping(self, from_: str, to: str, interval: float = 0.01, timeout: float = 1) -> int:
        prober = self._prober(from_, to, None, interval, timeout)
        thread = threading.Thread(target=prober.run, daemon=True)
        thread.start()
        with self._lock:
            self._next += 1
            self._running[self._next] = (prober, thread)
            return self._next

    def do_stop_ping(self, ping: int) -> dict[str, Any]:
        with self._lock:
            prober, thread = self._running.pop(ping)
        prober.stop.set()
        thread.join()
        return prober.result()

    def do_tcp(self, from_: str, to: str, ip: str | None = None, seconds: float = 1, bytes: int | None = None,
               timeout: float = 3) -> dict[str, Any]:
        """A TCP transfer to VM `to`, which listens, at `ip` (its first address unless given)."""
        return transfer(self._node(from_).pid, self._node(to).pid, ip or self._address(to), seconds, bytes, timeout)

    # --- frames

    def do_frame_send(self, frames: Sequence[str], vm: str | None = None, host: str | None = None,
                      rogue: bool = False, count: int = 1, interval: float = 0,
                      interface: str | None = None) -> int:
        """Sends frames (hex) from a VM's eth0, from a hypervisor's uplink, from the rogue, or from another interface there."""
        node, usual = (self._node(host), self._uplink(host)) if host else (self._node('rogue' if rogue else vm or ''), 'eth0')
        return send_frames(node.pid, interface or usual, [bytes.fromhex(f) for f in frames], count, interval)

    def do_capture_start(self, vm: str | None = None, underlay: str | None = None, rogue: bool = False,
                         host: str | None = None, interface: str | None = None) -> int:
        """Captures at a VM's eth0, at the underlay's port towards host `underlay` (`in`: sent by that host), at the
        rogue's eth0, or at any interface of a host or the rogue."""
        if underlay is not None:
            node, port = self.lab.underlay.host_end(self._host_name(underlay))
            capture = Capture(self.lab.nodes[node].pid, port)
        elif host is not None:
            capture = Capture(self._node(host).pid, interface or self._uplink(host))
        else:
            capture = Capture(self._node('rogue' if rogue else vm or '').pid, interface or 'eth0')
        with self._lock:
            self._next += 1
            self._captures[self._next] = capture
            return self._next

    def do_capture_stop(self, capture: int) -> list[dict[str, Any]]:
        with self._lock:
            ending = self._captures.pop(capture)
        return ending.stop()

    def do_crossfire_start(self, interval: float = 0.05) -> None:
        """Every VM sends to every address, every `interval` seconds; see crossfire.py."""
        if self._crossfire is not None:
            raise LabError('there is a crossfire already')
        vms = list(self.lab.topology.vms.values())
        places = [(self._node(vm.iface_id).pid, BRIDGE if vm.iface_id in self._mobiles else 'eth0') for vm in vms]
        self._crossfire = Crossfire(vms, places, interval)

    def do_crossfire(self, stop: bool = False) -> dict[str, Any]:
        """What arrived where so far; `stop` ends it."""
        if self._crossfire is None:
            raise LabError('there is no crossfire')
        if not stop:
            return self._crossfire.report()
        ending, self._crossfire = self._crossfire, None
        return ending.stop()

    # --- failures

    def do_stop_vswitchd(self, host: str, kill: bool = False) -> None:
        self._ovs(host).end('ovs-vswitchd', kill)

    def do_start_vswitchd(self, host: str) -> None:
        self._ovs(host).start_vswitchd()

    def do_stop_ovsdb(self, host: str, kill: bool = False) -> None:
        self._ovs(host).end('ovsdb-server', kill)

    def do_start_ovsdb(self, host: str) -> None:
        self._ovs(host).start_ovsdb()

    def do_restart_ovsdb(self, host: str, kill: bool = False) -> None:
        self._ovs(host).end('ovsdb-server', kill)
        self._ovs(host).start_ovsdb()

    def do_restart(self, host: str, save: bool = True, between: Sequence[Sequence[str]] = (),
                   ovsdb: bool = False) -> dict[str, Any]:
        """`ovs-ctl restart` (save) or a bare restart of ovs-vswitchd; see Ovs.restart."""
        begin = time.monotonic()
        self._ovs(host).restart(save, between, ovsdb)
        return {'seconds': round(time.monotonic() - begin, 3)}

    def do_warm(self, host: str) -> None:
        """Sets the host's tunnel neighbours again (forged tunnel packets change them)."""
        self._ovs(host).warm()

    def do_fault(self, kind: str, host: str | None = None, vm: str | None = None, percent: int = 100,
                 direction: str = 'both', element: str | None = None) -> None:
        """On a host's uplinks, a VM's link, or an element of the fabric: a node (spine1) or a link (hv1-leaf1)."""
        self.faults.inject(kind, element or host, vm, percent, direction)

    def do_heal(self, host: str | None = None, vm: str | None = None, element: str | None = None) -> None:
        self.faults.heal(element or host, vm)

    def do_converged(self) -> bool:
        """Whether the routing of a leaf-spine fabric is as after the start."""
        return self.lab.underlay.converged(self.lab.nodes)

    def do_carried(self) -> dict[str, int]:
        """Octets that each link of a leaf-spine fabric has carried, both ways, as its upper end counted them."""
        return self.lab.underlay.carried(self.lab.nodes)

    def do_processes(self) -> dict[str, dict[str, int | None]]:
        """Pids of the daemons of every host."""
        return {name: {daemon: ovs.pid(daemon) for daemon in ('ovs-vswitchd', 'ovsdb-server')}
                for name, ovs in self.lab.ovs.items()}

    # --- names

    def _mobile(self, name: str) -> Mobile:
        vm = self._vm(name)
        with self._lock:
            return self._mobiles.setdefault(name, Mobile(self.lab, vm))

    def _vm(self, name: str) -> Vm:
        if name not in self.lab.topology.vms:
            raise LabError(f'no VM {name}')
        return self.lab.topology.vms[name]

    def _host_name(self, name: str) -> str:
        if name not in self.lab.topology.hosts:
            raise LabError(f'no host {name}')
        return name

    def _ovs(self, name: str) -> Ovs:
        return self.lab.ovs[self._host_name(name)]

    def _node(self, name: str) -> LabNode:
        if name not in self.lab.nodes:
            raise LabError(f'no VM, host or node {name or "given"}')
        return self.lab.nodes[name]

    def _uplink(self, host: str) -> str:
        """A hypervisor's first uplink."""
        return self._ovs(host).uplinks[0].interface

    def _address(self, to: str) -> str:
        if to in self.lab.topology.vms:
            return next(ip for ip in self.lab.topology.vms[to].ips if ':' not in ip)
        if to in self.lab.topology.hosts:
            return self.lab.topology.hosts[to].vtep
        return to

    def _prober(self, from_: str, to: str, count: int | None, interval: float, timeout: float) -> Prober:
        return Prober(self._node(from_).pid, self._address(to), interval, count, timeout)

    def _checked(self, ovs: Ovs, args: Sequence[str], timeout: float = 10) -> str:
        done = ovs.vsctl(args, timeout)
        if done.rc != 0:
            raise LabError(f'{ovs.host.name}: ovs-vsctl {" ".join(args)}: {done.stderr.strip() or done.rc}')
        return done.stdout.strip()


def announcements(vm: Vm) -> list[bytes]:
    """What a VM that has arrived sends: RARP (RFC 903) as QEMU does, and a gratuitous ARP for each IPv4 address."""
    mac = bytes.fromhex(vm.mac.replace(':', ''))
    head = b'\xff' * 6 + mac
    arp = b'\x00\x01\x08\x00\x06\x04'
    frames = [head + b'\x80\x35' + arp + b'\x00\x03' + mac + bytes(4) + mac + bytes(4) + bytes(18)]
    for ip in vm.ips:
        if ':' not in ip:
            address = bytes(int(part) for part in ip.split('.'))
            frames.append(head + b'\x08\x06' + arp + b'\x00\x01' + mac + address + bytes(6) + address + bytes(18))
    return frames
