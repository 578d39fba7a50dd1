/** The fake switch's time: timeouts of flows and bundles by a clock that is moved, a full table, ports that come and go. */
import { expect } from 'chai';
import { connect, type Message, type MessageInput, type Session } from 'ts-openflow';
import { FakeSwitch, ManualClock } from 'ts-openflow/testing';

const flow = (more: object): MessageInput =>
  ({ kind: 'FlowMod', match: {}, instructions: [], ...more }) as MessageInput;

describe('fake switch, by its own clock', () => {
  let clock: ManualClock;
  let fake: FakeSwitch;
  let session: Session;
  let heard: Message[] = [];

  beforeEach(async () => {
    clock = new ManualClock();
    fake = new FakeSwitch({ clock, maxFlows: 3 });
    session = await connect(await fake.listen('ptcp:0:127.0.0.1'));
    heard = [];
    session.onMessage((message) => heard.push(message));
  });
  afterEach(async () => {
    session.close();
    await session.closed;
    await fake.close();
  });

  it('removes flows when they time out, with the reason', async () => {
    await session.command(flow({ priority: 1, idle_timeout: 5, flags: 1 }));
    await session.command(flow({ priority: 2, hard_timeout: 10, flags: 1 }));
    await session.command(flow({ priority: 3 }));
    clock.advance(4_999);
    expect(await session.multipart('FLOW', { match: {} })).to.have.length(3);
    clock.advance(1);
    clock.advance(5_000);
    const left = await session.multipart('FLOW', { match: {} });
    expect(left.map((f) => [f.priority, f.duration_sec])).to.deep.equal([[3, 10]]);
    expect(heard.map((m) => (m.kind === 'FlowRemoved' ? [m.priority, m.reason] : m.kind))).to.deep.equal([
      [1, 0],
      [2, 1],
    ]);
  });

  it('forgets a bundle after 10 s of silence', async () => {
    const control = (type: string): MessageInput => ({ kind: 'BundleControl', bundle_id: 1, type }) as MessageInput;
    await session.request(control('OPEN_REQUEST'));
    clock.advance(10_000);
    const error = await session.request(control('COMMIT_REQUEST')).catch((e: Error) => e.message);
    expect(error).to.equal('OFPET_BUNDLE_FAILED OFPBFC_BAD_ID');
  });

  it('refuses one flow too many, but not the change of one', async () => {
    for (const priority of [1, 2, 3]) await session.command(flow({ priority }));
    const error = await session.command(flow({ priority: 4 })).catch((e: Error) => e.message);
    expect(error).to.equal('OFPET_FLOW_MOD_FAILED OFPFMFC_TABLE_FULL');
    await session.command(flow({ priority: 3, cookie: 1n }));
    await session.command(flow({ priority: 4, table_id: 1 }));
  });

  it('tells of ports that come and go', async () => {
    fake.addPort({ port_no: 5, name: 'tap5' });
    fake.removePort(5);
    await session.barrier();
    expect(heard.map((m) => (m.kind === 'PortStatus' ? [m.reason, m.port.name] : m.kind))).to.deep.equal([
      [0, 'tap5'],
      [1, 'tap5'],
    ]);
  });

  it('is spoken to in memory as over a socket', async () => {
    const inMemory = await fake.session({ versions: [4] });
    await inMemory.command(flow({ priority: 7 }));
    expect((await session.multipart('FLOW', { match: {} })).map((f) => f.priority)).to.deep.equal([7]);
    const result = await inMemory.bundle(Array.from({ length: 2 }, (_, i) => flow({ priority: 8 + i })));
    expect(result.committed).to.equal(true);
    fake.disconnect();
    expect(await inMemory.closed).to.have.property('reason');
  });
});
