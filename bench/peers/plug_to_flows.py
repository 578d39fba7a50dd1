"""Plugs a port into a bridge and tells when the switch had the last of its flows, by one clock and one process for every
controller. One JSON request a line, one JSON answer a line:
  {"op":"watch","bridge":"unix:PATH.mgmt"}                              -> {"ok":1}
  {"op":"plug","db":"PATH","name":"tap9","iface":"ID","rest":SECONDS}   -> {"ms":X,"flows":N}
The switch itself says which flows come (flow monitor, by ovs-ofctl); the last of them is followed by `rest` seconds without."""
import json
import os
import socket
import subprocess
import sys
import threading
import time

LONGEST = 60


class Watch(threading.Thread):
    """Times at which the switch told of a flow."""

    def __init__(self, bridge):
        super().__init__(daemon=True)
        self.times = []
        command = ['stdbuf', '-oL', '-eL', 'ovs-ofctl', '-O', 'OpenFlow13', 'monitor', bridge, 'watch:!initial']
        # Its own control socket, beside the switch's.
        env = {**os.environ, 'OVS_RUNDIR': os.path.dirname(bridge.removeprefix('unix:'))}
        self.child = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self):
        for line in self.child.stdout:
            if 'event=' in line:
                self.times.append(time.monotonic())


def transact(path, operations):
    link = socket.socket(socket.AF_UNIX)
    link.connect(path)
    link.sendall(json.dumps({'method': 'transact', 'params': ['Open_vSwitch', *operations], 'id': 0}).encode())
    reader, text = json.JSONDecoder(), ''
    while True:
        text += link.recv(1 << 16).decode()
        try:
            result = reader.raw_decode(text)[0]['result']
        except ValueError:
            continue
        link.close()
        for one in result:
            if one and 'error' in one:
                raise RuntimeError(one)
        return


def plug(watch, request):
    name = request['name']
    rows = [
        {'op': 'insert', 'table': 'Interface', 'uuid-name': 'i',
         'row': {'name': name, 'type': 'dummy', 'external_ids': ['map', [['iface-id', request['iface']]]]}},
        {'op': 'insert', 'table': 'Port', 'uuid-name': 'p', 'row': {'name': name, 'interfaces': ['named-uuid', 'i']}},
        {'op': 'mutate', 'table': 'Bridge', 'where': [['name', '==', 'br-int']],
         'mutations': [['ports', 'insert', ['set', [['named-uuid', 'p']]]]]},
        {'op': 'mutate', 'table': 'Open_vSwitch', 'where': [], 'mutations': [['next_cfg', '+=', 1]]},
    ]
    known = len(watch.times)
    begun = time.monotonic()
    transact(request['db'], rows)
    while True:
        time.sleep(0.01)
        now, times = time.monotonic(), watch.times
        if len(times) > known and now - times[-1] > request['rest']:
            return {'ms': (times[-1] - begun) * 1000, 'flows': len(times) - known}
        if now - begun > LONGEST:
            return {'error': f'no flows of {request["iface"]} within {LONGEST} s'}


watch = None
for line in sys.stdin:
    request = json.loads(line)
    try:
        if request['op'] == 'watch':
            watch = Watch(request['bridge'])
            watch.start()
            time.sleep(0.5)
            answer = {'ok': 1}
        else:
            answer = plug(watch, request)
    except Exception as error:
        answer = {'error': repr(error)}
    print(json.dumps(answer), flush=True)
if watch is not None:
    watch.child.terminate()
