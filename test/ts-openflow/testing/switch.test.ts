/** One suite against two switches, the fake one and a real ovs-vswitchd: what is true of one is true of the other. */
import { expect } from 'chai';
import { connect, type Message, type MessageInput, OpenFlowError, type Session } from 'ts-openflow';
import { FakeSwitch } from 'ts-openflow/testing';
import { startOvs } from '../ovs.js';

interface Subject {
  readonly name: string;
  /** Starts a switch with ports p1 and p2, and says where to dial and how to end it. */
  readonly start: () => Promise<{ readonly address: string; readonly stop: () => Promise<void> }>;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'the fake switch',
    start: async () => {
      const ports = [1, 2].map((port_no) => ({ port_no, name: `p${port_no}` }));
      const own = { port_no: 0xfffffffe, name: 'br' };
      const fake = new FakeSwitch({ ports: [own, ...ports], datapath_id: 0xa1n, tableLimits: { 9: 2 } });
      return { address: await fake.listen('ptcp:0:127.0.0.1'), stop: () => fake.close() };
    },
  },
  {
    name: 'ovs-vswitchd',
    start: async () => {
      const ovs = await startOvs();
      const limit = ['--id=@limit', 'create', 'Flow_Table', 'flow_limit=2'];
      ovs.vsctl('--', ...limit, '--', 'set', 'bridge', 'br', 'flow_tables:9=@limit');
      return { address: ovs.mgmt, stop: () => ovs.stop() };
    },
  },
];

const OVERLAP = 2;
const SEND_FLOW_REM = 1;
const ip = (last: number, mask = 0xffffffff) => ({
  eth_type: { value: 0x800 },
  ip_dst: mask === 0xffffffff ? { value: 0x0a000000 + last } : { value: (0x0a000000 + last) & mask, mask: mask >>> 0 },
});
const apply = (...actions: object[]) => [{ kind: 'apply_actions', actions }];
const flow = (command: string, more: object = {}): MessageInput =>
  ({ kind: 'FlowMod', command, match: {}, instructions: [], ...more }) as MessageInput;
const group = (command: string, group_id: number, more: object = {}): MessageInput =>
  ({ kind: 'GroupMod', command, type: 'all', group_id, buckets: [], ...more }) as MessageInput;
/** An instruction up to 1.4, an action in 1.5. */
const metered = (version: number, meter_id: number) =>
  version < 6 ? [{ kind: 'meter', meter_id }] : apply({ kind: 'meter', meter_id });
const meter = (command: string, meter_id: number): MessageInput =>
  ({ kind: 'MeterMod', command, meter_id, flags: 1, bands: [{ type: 'drop', rate: 100 }] }) as MessageInput;

/** The code of the error that refuses it. */
async function code(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof OpenFlowError) return error.code;
    throw error;
  }
  return 'done';
}

for (const { name, start } of SUBJECTS) {
  for (const version of [4, 5, 6] as const) {
    describe(`${name}, OpenFlow 1.${version - 1}`, () => {
      let subject: Awaited<ReturnType<Subject['start']>>;
      let session: Session;
      let heard: Message[] = [];
      const send = (message: MessageInput) => code(session.command(message));
      const table = async (request: object = {}) =>
        (await session.multipart('FLOW', { match: {}, ...request } as never))
          .map((f) => `${f.table_id}/${f.priority}/${f.cookie}/${f.instructions.map((i) => i.kind)}`)
          .sort();

      before(async () => {
        subject = await start();
      });
      after(() => subject.stop());
      beforeEach(async () => {
        session = await connect(subject.address, { versions: [version] });
        heard = [];
        session.onMessage((message) => heard.push(message));
        // Open vSwitch sends asynchronous messages to a connection that dialled in only after this.
        session.send({ kind: 'SetConfig', miss_send_len: 128 });
        await session.command(flow('DELETE', { table_id: 255 }));
        await session.command(group('DELETE', 0xfffffffc));
        await session.command(meter('DELETE', 0xffffffff));
      });
      afterEach(async () => {
        session.close();
        await session.closed;
      });

      it('replaces a flow of the same match and priority, cookie included, also with CHECK_OVERLAP', async () => {
        await session.command(flow('ADD', { priority: 5, cookie: 1n, match: ip(1) }));
        expect(await send(flow('ADD', { priority: 5, cookie: 2n, match: ip(1), flags: OVERLAP }))).to.equal('done');
        expect(await table()).to.deep.equal(['0/5/2/']);
      });

      it('refuses an overlap only when asked to, and only at the same priority', async () => {
        await session.command(flow('ADD', { priority: 5, match: ip(1) }));
        const wide = { match: ip(0, 0xffffff00), flags: OVERLAP };
        expect(await send(flow('ADD', { priority: 5, ...wide }))).to.equal('OFPFMFC_OVERLAP');
        expect(await send(flow('ADD', { priority: 6, ...wide }))).to.equal('done');
        expect(await send(flow('ADD', { priority: 5, match: ip(0, 0xfffffff0) }))).to.equal('done');
        expect(await send(flow('ADD', { priority: 5, match: ip(300), flags: OVERLAP }))).to.equal('done');
        expect(await table()).to.have.length(4);
      });

      it('modifies what a match covers, keeps cookies, adds nothing', async () => {
        for (const n of [1, 2]) await session.command(flow('ADD', { priority: n, cookie: BigInt(n), match: ip(n) }));
        await session.command(flow('ADD', { priority: 3, match: { eth_type: { value: 0x806 } } }));
        const goto = { instructions: [{ kind: 'goto_table', table_id: 9 }] };
        await session.command(flow('MODIFY', { ...goto, cookie: 77n, match: ip(0, 0xffffff00) }));
        expect(await table()).to.deep.equal(['0/1/1/goto_table', '0/2/2/goto_table', '0/3/0/']);
        await session.command(flow('MODIFY_STRICT', { priority: 2, match: ip(1) }));
        await session.command(flow('MODIFY_STRICT', { priority: 2, match: ip(2) }));
        await session.command(flow('MODIFY', { table_id: 4, match: {} }));
        expect(await table()).to.deep.equal(['0/1/1/goto_table', '0/2/2/', '0/3/0/']);
      });

      it('deletes by cookie, by output port, by group, loosely and strictly', async () => {
        await session.command(group('ADD', 7));
        const output = { instructions: apply({ kind: 'output', port: 2, max_len: 0 }) };
        const grouped = { instructions: apply({ kind: 'group', group_id: 7 }) };
        const all = [{ cookie: 0x11n }, { cookie: 0x21n }, output, grouped, { table_id: 3 }, {}, { match: ip(1) }];
        for (const [i, more] of all.entries()) await session.command(flow('ADD', { priority: i, ...more }));
        const left = async (message: MessageInput) => {
          await session.command(message);
          return (await table()).map((line) => line.split('/')[1]).join('');
        };
        expect(await left(flow('DELETE', { cookie: 0x10n, cookie_mask: 0xf0n }))).to.equal('123564');
        expect(await left(flow('DELETE', { out_port: 2 }))).to.equal('13564');
        expect(await left(flow('DELETE', { out_group: 7 }))).to.equal('1564');
        expect(await left(flow('DELETE_STRICT', { priority: 6 }))).to.equal('1564');
        expect(await left(flow('DELETE_STRICT', { priority: 5 }))).to.equal('164');
        expect(await left(flow('DELETE', {}))).to.equal('4');
        expect(await left(flow('DELETE', { table_id: 255 }))).to.equal('');
      });

      it('reads flows by table, cookie and match', async () => {
        const all = [{ cookie: 0x11n }, { table_id: 2, cookie: 0x21n }, { match: ip(9) }];
        for (const [i, more] of all.entries()) await session.command(flow('ADD', { priority: i, ...more }));
        expect(await table({ table_id: 2 })).to.deep.equal(['2/1/33/']);
        expect(await table({ cookie: 1n, cookie_mask: 0xfn })).to.have.length(2);
        expect(await table({ match: ip(0, 0xffffff00) })).to.deep.equal(['0/2/0/']);
        const [total] = await session.multipart('AGGREGATE', { match: {} });
        expect(total?.flow_count).to.equal(3);
        const tables = await session.multipart('TABLE');
        expect(tables.filter((t) => t.active_count > 0).map((t) => [t.table_id, t.active_count])).to.deep.equal([
          [0, 2],
          [2, 1],
        ]);
        expect((await session.multipart('PORT_DESC')).map((p) => p.name)).to.have.members(['br', 'p1', 'p2']);
      });

      it('refuses what refers to nothing, and what is there twice', async () => {
        const cases: readonly (readonly [MessageInput, string])[] = [
          [flow('ADD', { instructions: apply({ kind: 'group', group_id: 9 }) }), 'OFPBAC_BAD_OUT_GROUP'],
          [flow('ADD', { instructions: metered(version, 9) }), 'OFPMMFC_INVALID_METER'],
          [
            flow('ADD', { instructions: [{ kind: 'meter', meter_id: 9 }] }),
            version < 6 ? 'OFPMMFC_INVALID_METER' : 'OFPBIC_UNKNOWN_INST',
          ],
          [flow('ADD', { table_id: 5, instructions: [{ kind: 'goto_table', table_id: 5 }] }), 'OFPBIC_BAD_TABLE_ID'],
          [flow('ADD', { table_id: 255 }), 'OFPFMFC_BAD_TABLE_ID'],
          [group('MODIFY', 9), 'OFPGMFC_UNKNOWN_GROUP'],
          [group('DELETE', 9), 'done'],
          [group('ADD', 1), 'done'],
          [group('ADD', 1), 'OFPGMFC_GROUP_EXISTS'],
          [meter('MODIFY', 9), 'OFPMMFC_UNKNOWN_METER'],
          [meter('ADD', 1), 'done'],
          [meter('ADD', 1), 'OFPMMFC_METER_EXISTS'],
          [meter('DELETE', 9), 'done'],
        ];
        const got: string[] = [];
        for (const [message] of cases) got.push(await send(message));
        expect(got).to.deep.equal(cases.map(([, expected]) => expected));
      });

      it('removes the flows that use a group or meter with it', async () => {
        for (const message of [group('ADD', 1), meter('ADD', 1)]) await session.command(message);
        await session.command(flow('ADD', { priority: 1, instructions: apply({ kind: 'group', group_id: 1 }) }));
        await session.command(flow('ADD', { priority: 2, instructions: metered(version, 1) }));
        await session.command(flow('ADD', { priority: 3 }));
        expect((await session.multipart('GROUP_DESC')).map((g) => g.group_id)).to.deep.equal([1]);
        expect((await session.multipart('METER_CONFIG')).map((m) => m.meter_id)).to.deep.equal([1]);
        await session.command(group('DELETE', 1));
        expect(await table()).to.deep.equal([version < 6 ? '0/2/0/meter' : '0/2/0/apply_actions', '0/3/0/']);
        await session.command(meter('DELETE', 1));
        expect(await table()).to.deep.equal(['0/3/0/']);
      });

      it('describes one group or meter, or all; a meter that is not there is an error, a group is none', async () => {
        for (const id of [3, 4, 5]) {
          await session.command(group('ADD', id));
          await session.command(meter('ADD', id));
        }
        const groups = async (body?: { group_id: number }) =>
          (await session.multipart('GROUP_DESC', body)).map(({ group_id }) => group_id).sort();
        const meters = async (meter_id: number) =>
          (await session.multipart('METER_CONFIG', { meter_id })).map((m) => m.meter_id).sort();
        expect(await groups()).to.deep.equal([3, 4, 5]);
        // Below 1.5 there is no asking for one.
        expect(await groups({ group_id: 4 })).to.deep.equal(version < 6 ? [3, 4, 5] : [4]);
        if (version >= 6) expect(await groups({ group_id: 7 })).to.deep.equal([]);
        expect(await meters(0xffffffff)).to.deep.equal([3, 4, 5]);
        expect(await meters(4)).to.deep.equal([4]);
        expect(await code(meters(7))).to.equal('OFPMMFC_UNKNOWN_METER');
      });

      it('counts what uses groups and meters, and has statistics of ports', async () => {
        const buckets = [1, 2].map((bucket_id) => ({ bucket_id, actions: [{ kind: 'output', port: bucket_id }] }));
        for (const message of [group('ADD', 1, { buckets }), group('ADD', 2), meter('ADD', 1)])
          await session.command(message);
        await session.command(flow('ADD', { priority: 1, instructions: apply({ kind: 'group', group_id: 1 }) }));
        await session.command(flow('ADD', { priority: 2, instructions: metered(version, 1) }));
        const groups = await session.multipart('GROUP');
        expect(groups.map((g) => [g.group_id, g.ref_count, g.buckets.length, g.packet_count])).to.have.deep.members([
          [1, 1, 2, 0n],
          [2, 0, 0, 0n],
        ]);
        expect((await session.multipart('GROUP', { group_id: 2 })).map((g) => g.group_id)).to.deep.equal([2]);
        const meters = await session.multipart('METER');
        expect(meters.map((m) => [m.meter_id, m.flow_count, m.bands.length])).to.deep.equal([[1, 1, 1]]);
        expect((await session.multipart('PORT')).map((p) => p.port_no)).to.have.members([1, 2, 0xfffffffe]);
        expect((await session.multipart('PORT', { port_no: 2 })).map((p) => p.port_no)).to.deep.equal([2]);
      });

      if (version >= 5) {
        it('describes its tables', async () => {
          const tables = await session.multipart('TABLE_DESC');
          expect(tables.map((t) => [t.table_id, t.config])).to.deep.equal(
            Array.from({ length: 254 }, (_, id) => [id, 0]),
          );
        });
      }

      it('refuses one flow too many in a table that is limited', async () => {
        const ninth = (priority: number, more: object = {}) => flow('ADD', { table_id: 9, priority, ...more });
        expect([await send(ninth(1)), await send(ninth(2))]).to.deep.equal(['done', 'done']);
        expect(await send(ninth(3))).to.equal('OFPFMFC_TABLE_FULL');
        expect(await send(ninth(2, { cookie: 5n }))).to.equal('done');
        expect(await send(flow('ADD', { table_id: 8 }))).to.equal('done');
      });

      it('removes flows that time out, and says why', async () => {
        await session.command(flow('ADD', { priority: 1, idle_timeout: 1, flags: SEND_FLOW_REM }));
        await session.command(flow('ADD', { priority: 2, hard_timeout: 1, flags: SEND_FLOW_REM }));
        await session.command(flow('ADD', { priority: 3, hard_timeout: 1000 }));
        const removed = () => heard.flatMap((m) => (m.kind === 'FlowRemoved' ? [`${m.priority} ${m.reason}`] : []));
        while (removed().length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
        expect(removed().sort()).to.deep.equal(['1 0', '2 1']);
        expect(await table()).to.deep.equal(['0/3/0/']);
      }).timeout(30_000);

      it('says FLOW_REMOVED for flows that ask for it', async () => {
        await session.command(flow('ADD', { priority: 1, cookie: 5n, flags: SEND_FLOW_REM, match: ip(1) }));
        await session.command(flow('ADD', { priority: 2 }));
        await session.command(flow('DELETE', {}));
        // Open vSwitch may tell it after the barrier's reply.
        while (!heard.some((m) => m.kind === 'FlowRemoved')) await new Promise((resolve) => setTimeout(resolve, 5));
        await session.barrier();
        const removed = heard.filter((m) => m.kind === 'FlowRemoved');
        expect(removed).to.have.length(1);
        expect(removed[0]).to.deep.include({ kind: 'FlowRemoved', priority: 1, cookie: 5n, reason: 2, match: ip(1) });
      });

      it('bundles: all or nothing, the bad messages named', async () => {
        const outcome = async (messages: MessageInput[]) => {
          const { committed, errors } = await session.bundle(messages);
          return [committed, ...errors.map(({ index, error }) => `${index} ${error.code}`)];
        };
        const backwards = { table_id: 5, instructions: [{ kind: 'goto_table', table_id: 3 }] };
        const good = [group('ADD', 1), flow('ADD', { instructions: apply({ kind: 'group', group_id: 1 }) })];
        expect(await outcome([flow('ADD'), flow('ADD', backwards)])).to.deep.equal([false, '1 OFPBIC_BAD_TABLE_ID']);
        expect(await outcome([flow('ADD'), group('MODIFY', 9)])).to.deep.equal([false, '1 OFPGMFC_UNKNOWN_GROUP']);
        expect(await table()).to.deep.equal([]);
        expect(await outcome(good)).to.deep.equal([true]);
        expect(await table()).to.deep.equal(['0/32768/0/apply_actions']);
      });

      it('bundles: a bad addition is left out of an unchecked COMMIT; an id that is not open is refused', async () => {
        const control = (type: string, bundle_id: number): MessageInput =>
          ({ kind: 'BundleControl', bundle_id, type, flags: 3 }) as MessageInput;
        const add = (bundle_id: number, message: MessageInput): MessageInput => {
          const xid = session.nextXid();
          return { kind: 'BundleAddMessage', xid, bundle_id, flags: 3, message: { ...message, xid } } as MessageInput;
        };
        await session.request(control('OPEN_REQUEST', 900));
        session.send(add(900, flow('ADD', { priority: 1 })));
        session.send(add(900, flow('ADD', { table_id: 5, instructions: [{ kind: 'goto_table', table_id: 3 }] })));
        session.send(add(900, flow('ADD', { priority: 3 })));
        await session.request(control('COMMIT_REQUEST', 900));
        expect(heard.map((m) => m.kind)).to.deep.equal(['Error']);
        expect(await table()).to.deep.equal(['0/1/0/', '0/3/0/']);
        expect(await code(session.request(control('COMMIT_REQUEST', 900)))).to.equal('OFPBFC_BAD_ID');
        expect(await code(session.request(control('DISCARD_REQUEST', 901)))).to.equal('OFPBFC_BAD_ID');
        await session.request(control('OPEN_REQUEST', 902));
        expect(await code(session.request(control('OPEN_REQUEST', 902)))).to.equal('OFPBFC_BAD_ID');
      });
    });
  }
}
