"""The lab's command line and lifetime.

By hand it ends with the Mininet CLI's `exit` (or Ctrl-C when stdin is no terminal); with --serve at the end of stdin.
SIGTERM and SIGINT end it too, at any moment. In all cases it returns only when nothing of it is left.
"""
import argparse
import os
import resource
import signal
import subprocess
import sys
import threading
from typing import NoReturn

from mininet.cli import CLI
from mininet.log import setLogLevel

from .lab import Lab
from .nodes import LabError
from .requests import Requests
from .serve import serve
from .topology import FABRICS, load_topology
from .yaml_core import TopologyError


class LabCli(CLI):  # type: ignore[misc]
    """Mininet's command line, with node names that may contain '-' and '.'."""
    prompt = 'lab> '
    identchars = CLI.identchars + '-.'


class Interrupted(Exception):
    """A signal asked the lab to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f'signal {number}')
        self.code = 128 + number


def main() -> NoReturn:
    options = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    lab: Lab | None = None
    code = 0
    try:
        if os.geteuid() != 0:
            raise LabError('the lab makes network namespaces: run it as root')
        # Enough for three descriptors a node; not more, for mnexec closes every possible one in each node it starts.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        topology = load_topology(options.topology)
        directory = os.path.abspath(options.dir) if options.dir else ''
        lab = Lab(topology, options.underlay or topology.fabric, directory, options.private or directory != '')
        lab.build()
        run(lab, options)
    except Interrupted as interrupted:
        code = interrupted.code
    except KeyboardInterrupt:
        code = 130
    except (LabError, TopologyError, OSError, subprocess.SubprocessError) as error:
        print(f'lab: {error}', file=sys.stderr)
        code = 2 if isinstance(error, TopologyError) else 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if lab is not None:
            lab.clean()
    sys.stdout.flush()
    os._exit(code)  # requests may still run in threads, and nothing is left that they could do


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='mininet/lab.py', description=__doc__)
    parser.add_argument('topology', help='topology file (YAML or JSON), - for a line of JSON on stdin')
    parser.add_argument('--plug', action='store_true', help='plug every VM as soon as its host has a br-int')
    parser.add_argument('--underlay', choices=FABRICS, help='default: underlay.fabric of the file, or switched')
    parser.add_argument('--serve', action='store_true', help='JSON requests on stdin, answers on stdout')
    parser.add_argument('--dir', help='run directories under DIR, whatever unix: addresses the file has')
    parser.add_argument('--private', action='store_true', help='as --dir, with a new temporary directory')
    return parser.parse_args()


def interrupt(number: int, _frame: object) -> NoReturn:
    raise Interrupted(number)


def run(lab: Lab, options: argparse.Namespace) -> None:
    requests = Requests(lab)
    if options.plug:
        threading.Thread(target=requests.plug_all, daemon=True).start()
    if options.serve:
        serve(lab, requests)
    elif sys.stdin.isatty():
        print(greeting(lab))
        setLogLevel('info')
        # in the CLI, Ctrl-C interrupts the running command, not the lab
        signal.signal(signal.SIGINT, signal.default_int_handler)
        LabCli(lab.net)
    else:
        print(greeting(lab), flush=True)
        signal.pause()


def greeting(lab: Lab) -> str:
    """What somebody who starts the lab by hand needs next."""
    lines = [f'lab {lab.id}: hosts {", ".join(lab.topology.hosts)}; VMs {", ".join(lab.topology.vms)}', '',
             'start the controller, in another terminal:',
             f'  npx kakuri run {lab.effective} --listen ptcp:6653:{lab.management} --advertise {lab.controller}',
             'a shell in a VM, or on a hypervisor (as root):']
    lines += [f'  mnexec -a {node.pid} bash   # {name}' for name, node in lab.nodes.items()]
    lines += ['the switch of a hypervisor:']
    lines += [f'  OVS_RUNDIR={h.rundir} ovs-vsctl show   # {h.name}' for h in lab.topology.hosts.values()]
    lines += ['here, with a terminal: NODE COMMAND runs a command, exit ends the lab and leaves nothing']
    return '\n'.join(lines)


