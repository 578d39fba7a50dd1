"""--serve: one JSON request a line on stdin, one JSON answer a line on stdout, requests at the same time.

Request {"id": N, "do": NAME, ...}; answer {"id": N, "ok": true, "result": …} or {"id": N, "ok": false, "error": "…"}.
"""
import json
import sys
import threading
from typing import Any

from .lab import Lab
from .requests import Requests
from .underlay import ROGUE_MAC

_OUTPUT = threading.Lock()


def ready(lab: Lab) -> dict[str, Any]:
    """The first line: what is where."""
    topology = lab.topology
    return {
        'ready': True, 'id': lab.id, 'dir': lab.directory, 'controller': lab.controller, 'management': lab.management,
        'underlay': lab.underlay.kind, 'topology': lab.effective,
        'hosts': {h.name: {'ovsdb': h.ovsdb, 'rundir': h.rundir, 'netns_pid': lab.nodes[h.name].pid, 'vtep': h.vtep,
                           'mac': lab.ovs[h.name].mac, 'nextHops': lab.ovs[h.name].neighbours,
                           'vms': [vm.iface_id for vm in h.vms]} for h in topology.hosts.values()},
        'vms': {vm.iface_id: {'host': vm.host, 'tenant': vm.tenant, 'network': vm.network, 'port': vm.port,
                              'tap': vm.tap, 'mac': vm.mac, 'ips': vm.ips, 'mtu': vm.mtu,
                              'pid': lab.nodes[vm.iface_id].pid, 'ifaceId': vm.iface_id}
                for vm in topology.vms.values()},
        'rogue': {'ip': topology.rogue, 'mac': ROGUE_MAC, 'pid': lab.nodes['rogue'].pid},
    }


def serve(lab: Lab, requests: Requests) -> None:
    """Answers until the end of stdin."""
    say(ready(lab))
    for line in sys.stdin:
        threading.Thread(target=_answer, args=(requests, line), daemon=True).start()


def _answer(requests: Requests, line: str) -> None:
    number = None
    try:
        request = json.loads(line)
        number = request.pop('id')
        say({'id': number, 'ok': True, 'result': requests.answer(request)})
    except Exception as error:  # the answer carries it; the lab goes on
        say({'id': number, 'ok': False, 'error': str(error) or type(error).__name__})


def say(value: dict[str, Any]) -> None:
    with _OUTPUT:
        sys.stdout.write(json.dumps(value) + '\n')
        sys.stdout.flush()
