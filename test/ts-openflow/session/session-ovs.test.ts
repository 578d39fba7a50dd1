/** Sessions with a real ovs-vswitchd: every version, dialled and taken, requests, multiparts, bundles and their errors. */
import { expect } from 'chai';
import {
  Connector,
  connect,
  decodeMessage,
  encodeMessage,
  HandshakeError,
  listen,
  type MessageInput,
  OpenFlowError,
  type OpenFlowVersion,
  type Session,
  SessionClosedError,
} from 'ts-openflow';
import { type Ovs, startOvs } from '../ovs.js';

const flow = (priority: number, more: object = {}): MessageInput =>
  ({
    kind: 'FlowMod',
    command: 'ADD',
    table_id: 0,
    priority,
    match: { in_port: { value: 1 } },
    instructions: [],
    ...more,
  }) as MessageInput;
/** A goto backwards: Open vSwitch refuses it when it decodes the addition. */
const BAD = { table_id: 5, instructions: [{ kind: 'goto_table', table_id: 3 }] };
const CHECK_OVERLAP = 2;

async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  return expect.fail('it did not fail');
}

describe('session with ovs-vswitchd', () => {
  let ovs: Ovs;
  const open: Session[] = [];
  const dial = async (version: OpenFlowVersion): Promise<Session> => {
    const session = await connect(ovs.mgmt, { versions: [version] });
    open.push(session);
    return session;
  };
  const flows = async (session: Session) =>
    (await session.multipart('FLOW', { match: {} })).map((entry) => entry.priority).sort((a, b) => a - b);

  before(async () => {
    ovs = await startOvs();
  });
  after(() => ovs.stop());
  afterEach(async () => {
    ovs.ofctl('del-flows', ovs.mgmt);
    for (const session of open.splice(0)) {
      session.close();
      await session.closed;
    }
  });

  for (const version of [4, 5, 6] as const) {
    describe(`OpenFlow 1.${version - 1}`, () => {
      it('agrees on the version, knows the features, answers requests and multiparts', async () => {
        const session = await dial(version);
        expect(session.version).to.equal(version);
        expect(session.features.datapath_id).to.equal(0xa1n);
        await session.command(flow(7));
        expect(await flows(session)).to.deep.equal([7]);
        const ports = await session.multipart('PORT_DESC');
        expect(ports.map((port) => port.name)).to.have.members(['br', 'p1', 'p2']);
        const parts: number[] = [];
        for await (const part of session.multipartParts('FLOW', { match: {} })) parts.push(part.length);
        expect(parts).to.deep.equal([1]);
      });

      it('commits a bundle of values and octets', async () => {
        const session = await dial(version);
        const messages = Array.from({ length: 10_000 }, (_, i) => flow(i + 1));
        const mixed = messages.map((m, i) => (i % 2 === 0 ? m : encodeMessage(m, version)));
        // Another sender takes xids in the middle of it.
        const [result] = await Promise.all([session.bundle(mixed), session.barrier(), session.barrier()]);
        expect(result).to.deep.equal({ committed: true, errors: [] });
        expect(await flows(session)).to.deep.equal(messages.map((_, i) => i + 1));
      });

      it('discards a bundle with messages that cannot be decoded, and names each', async () => {
        const session = await dial(version);
        const bad = [flow(1), flow(2, BAD), flow(3), flow(4, BAD)];
        const { committed, errors } = await session.bundle(bad);
        expect(committed).to.equal(false);
        expect(errors.map(({ index }) => index)).to.deep.equal([1, 3]);
        for (const { index, error } of errors) {
          expect(error).to.be.instanceOf(OpenFlowError);
          expect(error.request).to.equal(bad[index]);
          expect(error.message).to.equal('OFPET_BAD_INSTRUCTION OFPBIC_BAD_TABLE_ID');
        }
        expect(await flows(session)).to.deep.equal([]);
      });

      it('names the message at which COMMIT failed; nothing took effect', async () => {
        const session = await dial(version);
        const overlapping = flow(9, { match: {}, flags: CHECK_OVERLAP });
        const { committed, errors } = await session.bundle([flow(8), flow(9), overlapping, flow(10)]);
        expect(committed).to.equal(false);
        expect(errors.map(({ index, error }) => [index, error.code])).to.deep.equal([[2, 'OFPFMFC_OVERLAP']]);
        expect(await flows(session)).to.deep.equal([]);
      });

      it('takes the role asked for and is refused a stale generation', async () => {
        const session = await dial(version);
        expect(await session.role('primary', 5n)).to.include({ role: 'primary', generation_id: 5n });
        expect(await failure(session.role('primary', 4n))).to.be.instanceOf(OpenFlowError);
        await session.role('equal');
      });
    });
  }

  it('puts a reply of many parts together, and refuses one that is longer than wanted', async () => {
    const session = await dial(6);
    const count = 3000;
    await session.bundle(Array.from({ length: count }, (_, i) => flow(i + 1)));
    let parts = 0;
    for await (const part of session.multipartParts('FLOW', { match: {} })) parts += part.length > 0 ? 1 : 0;
    expect(parts).to.be.greaterThan(1);
    expect(await flows(session)).to.have.length(count);
    const refused = await failure(session.multipart('FLOW', { match: {} }, { maxEntries: count - 1 }));
    expect(refused.message).to.equal(`the reply to multipart FLOW has more than ${count - 1} entries`);
    await session.barrier();
  });

  it('gives the octets of a reply of many parts, which decode to the same entries', async () => {
    const session = await dial(6);
    await session.bundle(Array.from({ length: 5_000 }, (_, i) => flow(i + 1)));
    const entries = await session.multipart('FLOW', { match: {} });
    const parts = await session.multipartOctets('FLOW', { match: {} });
    expect(parts.length).to.be.greaterThan(3);
    const decoded = parts.flatMap((octets) => (decodeMessage(octets) as unknown as { body: typeof entries }).body);
    const plain = (list: typeof entries) => list.map(({ priority, match }) => ({ priority, match }));
    expect(plain(decoded)).to.deep.equal(plain(entries)).and.to.have.length(5_000);
  });

  it('rejects where such a reply is an error, or does not come, and goes on', async () => {
    const session = await dial(6);
    const refused = await failure(session.multipartOctets('METER_CONFIG', { meter_id: 77 }));
    expect(refused).to.be.instanceOf(OpenFlowError);
    expect(await session.multipart('PORT_DESC')).to.have.length(3);
    const lost = session.multipartOctets('FLOW', { match: {} });
    session.close();
    expect(await failure(lost)).to.be.instanceOf(SessionClosedError);
  });

  it('takes a bundle back when a message of it cannot be encoded', async () => {
    const session = await dial(6);
    const error = await failure(session.bundle([flow(1), Buffer.from('0404000800000000', 'hex'), flow(2)]));
    expect(error.message).to.equal('not one whole message of OpenFlow 1.5');
    expect(await flows(session)).to.deep.equal([]);
  });

  it('carries the request in the error of a command', async () => {
    const session = await dial(6);
    const message = flow(1, BAD);
    const error = await failure(session.command(message));
    expect(error).to.be.instanceOf(OpenFlowError).and.to.include({ request: message });
  });

  it('says which versions there were when none is common', async () => {
    ovs.vsctl('set', 'bridge', 'br', 'protocols=OpenFlow13');
    try {
      const error = await failure(connect(ovs.mgmt, { versions: [6] }));
      expect(error).to.be.instanceOf(HandshakeError);
    } finally {
      ovs.vsctl('set', 'bridge', 'br', 'protocols=OpenFlow13,OpenFlow14,OpenFlow15');
    }
  });

  it('takes a switch that dials in, with its asynchronous messages, and answers its probes', async () => {
    const seen: string[] = [];
    const arrived = new Promise<Session>((resolve, reject) => {
      listen('ptcp:0:127.0.0.1', {
        onSession: (session) => {
          session.onMessage((message) => seen.push(message.kind));
          resolve(session);
        },
        onFailure: reject,
      }).then((listener) => {
        listeners.push(listener);
        ovs.vsctl(
          'set-controller',
          'br',
          listener.address.replace('ptcp:', 'tcp:').replace(/tcp:(\d+):(.*)/, 'tcp:$2:$1'),
        );
      }, reject);
    });
    const listeners: { close(): Promise<void> }[] = [];
    const session = await arrived;
    expect(session.remote).to.match(/^tcp:127\.0\.0\.1:\d+$/);
    ovs.vsctl('add-port', 'br', 'p9', '--', 'set', 'interface', 'p9', 'type=dummy');
    ovs.vsctl('del-port', 'br', 'p9');
    await session.barrier();
    expect(seen).to.include('PortStatus');
    ovs.vsctl('del-controller', 'br');
    expect((await session.closed).reason).to.be.a('string');
    for (const listener of listeners) await listener.close();
  });

  it('comes back after the connection is lost', async () => {
    const sessions: Session[] = [];
    let next: (() => void) | undefined;
    const failures: string[] = [];
    const connector = new Connector(ovs.mgmt, {
      minBackoffMs: 20,
      jitterMs: () => 0,
      onSession: (session) => {
        sessions.push(session);
        next?.();
      },
      onFailure: (error) => failures.push(error.message),
    });
    const another = () =>
      new Promise<void>((resolve) => {
        next = resolve;
      });
    await another();
    const again = another();
    sessions[0]?.close();
    await again;
    expect(sessions).to.have.length(2);
    expect(failures).to.deep.equal(['closed here']);
    expect(connector.state).to.equal('active');
    connector.close();
    expect(connector.state).to.equal('void');
    await sessions[1]?.closed;
  });
});
