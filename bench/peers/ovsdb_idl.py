"""python3-openvswitch's IDL as a peer: ovsdb_idl.py METHOD REMOTE SCHEMA N PREFIX, prints seconds. METHOD: copy, serial, pipelined."""
import sys
import time

import ovs.db.idl
import ovs.poller

COLUMNS = ['name', 'tenant', 'mac', 'ip', 'hv', 'options']
method, remote, schema, count, prefix = sys.argv[1:6]
helper = ovs.db.idl.SchemaHelper(schema)
helper.register_columns('Port', COLUMNS)
started = time.monotonic()
idl = ovs.db.idl.Idl(remote, helper)


def turn():
    poller = ovs.poller.Poller()
    idl.wait(poller)
    poller.block()
    idl.run()


while not idl.has_ever_connected():
    idl.run()
    if not idl.has_ever_connected():
        turn()


def insert(i):
    txn = ovs.db.idl.Transaction(idl)
    row = txn.insert(idl.tables['Port'])
    row.name = '%s%d' % (prefix, i)
    row.tenant, row.mac, row.ip, row.hv = i % 1000, '02:00:00:00:00:01', '10.0.0.1', 'hv%d' % (i % 50)
    row.options = {'iface': 'tap%d' % i}
    return txn


if method == 'copy':
    assert len(idl.tables['Port'].rows) == int(count)
else:
    for i in range(int(count) // 4):  # warm, as the other side is
        assert insert(-1 - i).commit_block() == ovs.db.idl.Transaction.SUCCESS
    started = time.monotonic()
    if method == 'serial':
        for i in range(int(count)):
            assert insert(i).commit_block() == ovs.db.idl.Transaction.SUCCESS
    else:
        open_txns = []
        for i in range(int(count)):
            txn = insert(i)
            txn.commit()
            open_txns.append(txn)
            idl.run()
        done = 0  # they complete in order: what is done is not asked again
        while True:
            while done < len(open_txns) and open_txns[done].commit() != ovs.db.idl.Transaction.INCOMPLETE:
                done += 1
            if done == len(open_txns):
                break
            turn()
        assert all(txn.commit() == ovs.db.idl.Transaction.SUCCESS for txn in open_txns)
print(time.monotonic() - started)
