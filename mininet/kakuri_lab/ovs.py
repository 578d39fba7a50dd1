"""Open vSwitch of one hypervisor: its own ovsdb-server and ovs-vswitchd in its namespace and run directory.

Userspace datapath (`netdev`), so no kernel module is needed. Nothing here makes `br-int`: the controller does.
"""
import json
import os
import shutil
import signal
import socket
import time
from typing import Any, Sequence

from .nodes import LabError, LabNode, Outcome
from .topology import Host
from .underlay import Uplink

SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'
SAVE = '/usr/share/openvswitch/scripts/ovs-save'
DAEMON_OPTIONS = '--pidfile --detach --no-chdir -vconsole:off -vsyslog:off'


class Ovs:
    """The switch of `host`, in `node`. Neighbours of the underlay (IP to MAC) are set at every start of vswitchd."""

    def __init__(self, node: LabNode, host: Host, remotes: Sequence[str], socket_path: str,
                 uplinks: Sequence[Uplink]) -> None:
        self.node = node
        self.host = host
        self.remotes = remotes
        self.socket_path = socket_path
        self.uplinks = uplinks
        self.mac = uplinks[0].mac
        self.neighbours: dict[str, str] = {}
        rundir = host.rundir
        # MALLOC_ARENA_MAX: many small switches on one machine; without it each thread reserves an arena.
        self.env = {'OVS_RUNDIR': rundir, 'OVS_LOGDIR': rundir, 'OVS_DBDIR': rundir, 'MALLOC_ARENA_MAX': '2'}

    def prepare(self, template: str) -> None:
        """Lays the empty database in the run directory."""
        shutil.copy(template, f'{self.host.rundir}/conf.db')

    def start(self) -> None:
        """First start: both daemons, and a bridge for each uplink. The caller gives the bridges their addresses."""
        name = self.host.name
        vsctl = f'ovs-vsctl --db=unix:{self.socket_path} --no-wait'
        self.start_ovsdb()
        self.node.script(
            f'{vsctl} init -- set Open_vSwitch . external_ids:system-id={name} external_ids:hostname={name}'
            + ''.join(f' -- add-br {u.bridge} -- set Bridge {u.bridge} datapath_type=netdev fail_mode=standalone'
                      f' other_config:hwaddr={u.mac} -- {_add_port(u)}' for u in self.uplinks) + '\n'
            + self._vswitchd_command(), self.env)

    def start_ovsdb(self) -> None:
        remotes = ' '.join(f'--remote={r}' for r in self.remotes)
        directory = self.host.rundir
        self.node.script(
            f'ovsdb-server {directory}/conf.db {remotes} --remote=db:Open_vSwitch,Open_vSwitch,manager_options'
            f' --log-file={directory}/ovsdb-server.log {DAEMON_OPTIONS}', self.env)

    def start_vswitchd(self) -> None:
        """Starts ovs-vswitchd; its neighbours are known again before this returns."""
        self.node.script(self._vswitchd_command(), self.env)
        self.warm()

    def _vswitchd_command(self) -> str:
        return (f'ovs-vswitchd unix:{self.socket_path} --log-file={self.host.rundir}/ovs-vswitchd.log'
                f' {DAEMON_OPTIONS}')

    def wait_bridges(self) -> str:
        """Shell text that waits until the uplinks' bridges are there with their MACs."""
        return ''.join(f'for i in $(seq 500); do ip link show {u.bridge} 2>/dev/null | grep -q {u.mac} && break;'
                       ' sleep 0.01; done\n' for u in self.uplinks)

    def warm(self) -> None:
        """Tells the tunnel code the underlay's MACs: it drops the packet for which it has to ask (ARP) first."""
        deadline = time.monotonic() + 5
        while True:
            try:
                self.appctl('tnl/neigh/aging', '3600')  # seconds; an hour is the longest that OVS takes
                for uplink in self.uplinks:
                    for ip, mac in self.neighbours.items():
                        self.appctl('tnl/neigh/set', uplink.bridge, ip, mac)
                return
            except (LabError, OSError):
                if self.pid('ovs-vswitchd') is None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def appctl(self, method: str, *params: str) -> str:
        """`ovs-appctl METHOD PARAMS` without a process: vswitchd's JSON-RPC control socket."""
        pid = self.pid('ovs-vswitchd')
        if pid is None:
            raise LabError(f'{self.host.name}: ovs-vswitchd is not running')
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(f'{self.host.rundir}/ovs-vswitchd.{pid}.ctl')
            control.sendall(json.dumps({'id': 0, 'method': method, 'params': list(params)}).encode())
            reply = _read_json(control)
        if reply.get('error') is not None:
            raise LabError(f'{self.host.name}: {method}: {reply["error"]}'.strip())
        return str(reply.get('result', ''))

    def vsctl(self, args: Sequence[str], timeout: float = 10) -> Outcome:
        """ovs-vsctl; it waits for ovs-vswitchd unless `args` say --no-wait."""
        head = ['ovs-vsctl', f'--db=unix:{self.socket_path}', f'--timeout={max(1, int(timeout))}']
        return self.node.run([*head, *args], self.env, timeout + 2)

    def ofctl(self, args: Sequence[str], timeout: float = 30, stdin: str = '') -> Outcome:
        return self.node.run(['ovs-ofctl', *args], self.env, timeout, stdin)

    def pid(self, daemon: str) -> int | None:
        """The pid of 'ovs-vswitchd' or 'ovsdb-server' as its pid file says, None when it does not run."""
        try:
            with open(f'{self.host.rundir}/{daemon}.pid', encoding='ascii') as file:
                pid = int(file.read())
            with open(f'/proc/{pid}/comm', encoding='utf-8') as file:
                return pid if file.read().strip() == daemon and _alive(pid) else None
        except (OSError, ValueError):
            return None

    def end(self, daemon: str, kill: bool = False, timeout: float = 10) -> None:
        """Ends a daemon: SIGTERM, or SIGKILL; returns when the process is gone. No error when it does not run."""
        pid = self.pid(daemon)
        if pid is None:
            return
        os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while _alive(pid):
            if time.monotonic() > deadline:
                raise LabError(f'{self.host.name}: {daemon} {pid} does not end')
            time.sleep(0.005)

    def save_flows(self) -> str:
        """What `ovs-ctl restart` saves: a shell script that restores the flows and groups of every bridge."""
        bridges = self.vsctl(['list-br']).stdout.split()
        return self.node.script(' '.join(['TMPDIR=' + self.host.rundir, 'sh', SAVE, 'save-flows', *bridges]), self.env)

    def restart(self, save: bool, between: Sequence[Sequence[str]] = (), ovsdb: bool = False) -> None:
        """As `ovs-ctl restart` when `save`: flows saved, restored under flow-restore-wait. `between`: ovs-vsctl
        commands run while ovs-vswitchd is down (ports swapped). `ovsdb`: ovsdb-server is restarted, too."""
        restore = self.save_flows() if save else ''
        self.end('ovs-vswitchd')
        if ovsdb:
            self.end('ovsdb-server')
            self.start_ovsdb()
        for args in between:
            self._checked(['--no-wait', *args])
        if save:
            self._checked(['--no-wait', 'set', 'Open_vSwitch', '.', 'other_config:flow-restore-wait=true'])
        self.start_vswitchd()
        if save:
            # as ovs-ctl does: a restore that fails in part (a port that is gone) must not leave the switch waiting
            self.node.run(['sh', '-c', restore], self.env)
            self._checked(['--if-exists', 'remove', 'Open_vSwitch', '.', 'other_config', 'flow-restore-wait=true'])

    def _checked(self, args: Sequence[str]) -> None:
        done = self.vsctl(args)
        if done.rc != 0:
            raise LabError(f'{self.host.name}: ovs-vsctl {" ".join(args)}: {done.stderr.strip()}')


def _add_port(uplink: Uplink) -> str:
    if not uplink.members:
        return f'add-port {uplink.bridge} {uplink.interface}'
    return f'add-bond {uplink.bridge} {uplink.interface} {" ".join(uplink.members)} bond_mode=active-backup'


def _alive(pid: int) -> bool:
    """False for a zombie, too: a container's init may reap late."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
            return file.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except OSError:
        return False


def _read_json(stream: socket.socket) -> dict[str, Any]:
    """One JSON object: the server sends no length and no newline, so read until it parses."""
    text = b''
    while True:
        chunk = stream.recv(65536)
        if not chunk:
            raise LabError('ovs-vswitchd closed its control socket')
        text += chunk
        try:
            reply = json.loads(text)
        except ValueError:
            continue
        return dict(reply)
