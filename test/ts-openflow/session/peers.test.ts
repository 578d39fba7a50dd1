/** Sessions with peers that misbehave: no HELLO, old versions, bad octets, silence, floods, and one that does not read. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { connect, decodeMessage, encodeMessage, Framer, helloElements, type Session } from 'ts-openflow';

const HELLO = encodeMessage({ kind: 'Hello', elements: helloElements([6]) }, 6);
const FEATURES = encodeMessage({ kind: 'FeaturesReply', xid: 1, datapath_id: 1n }, 6);

/** A listener that gives each connection to `peer`. */
async function withPeer<T>(peer: (socket: Socket) => void, work: (address: string) => Promise<T>): Promise<T> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    peer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`tcp:127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** A peer that becomes a session; `then` gets what comes after. */
const switchLike =
  (then: (message: Buffer, socket: Socket) => void, extra: Buffer = Buffer.alloc(0)) =>
  (socket: Socket): void => {
    const framer = new Framer();
    socket.write(HELLO);
    socket.on('data', (chunk: Buffer) =>
      framer.push(chunk, (message) => {
        if (message[1] === 5) socket.write(Buffer.concat([FEATURES.fill(message.subarray(4, 8), 4, 8), extra]));
        else if (message[1] !== 0) then(message, socket);
      }),
    );
  };
const ignore = (): void => undefined;

async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  return expect.fail('it did not fail');
}

describe('session with a peer that', () => {
  it('offers versions that are not ours: is told HELLO_FAILED, INCOMPATIBLE', async () => {
    const heard: Buffer[] = [];
    const old = encodeMessage({ kind: 'Hello' }, 4);
    old[0] = 1;
    const peer = (socket: Socket): void => {
      const framer = new Framer();
      socket.write(old);
      socket.on('data', (chunk: Buffer) => framer.push(chunk, (message) => heard.push(message)));
    };
    await withPeer(peer, async (address) => {
      expect(await failure(connect(address))).to.match(/^no common OpenFlow version: we offer 6, 5, 4, the peer 1$/);
      while (heard.length < 2) await new Promise((resolve) => setImmediate(resolve));
      expect(heard[1]?.subarray(0, 2).toString('hex')).to.match(/^0[1-6]01$/);
      expect(heard[1]?.subarray(8, 12).toString('hex')).to.equal('00000000');
    });
  });

  it('says nothing, or something else than HELLO', async () => {
    await withPeer(ignore, async (address) =>
      expect(await failure(connect(address, { timeoutMs: 50 }))).to.equal('no HELLO within 50 ms'),
    );
    await withPeer(
      (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      async (address) => expect(await failure(connect(address, { timeoutMs: 50 }))).to.match(/HELLO/),
    );
  });

  it('is silent: a probe, then the end', async () => {
    const probes: number[] = [];
    await withPeer(
      switchLike((message) => probes.push(message[1] as number)),
      async (address) => {
        const session = await connect(address, { probeMs: 60 });
        expect((await session.closed).reason).to.equal('no answer to an echo request within 60 ms');
        expect(probes).to.deep.equal([2]);
      },
    );
  });

  it('probes us: each is answered with its data, before listeners work', async () => {
    const echo = encodeMessage({ kind: 'EchoRequest', xid: 77, data: Buffer.from('abc') }, 6);
    const status = encodeMessage({ kind: 'BarrierReply', xid: 99 }, 6);
    const answers: Buffer[] = [];
    await withPeer(
      switchLike((message) => answers.push(message), Buffer.concat([status, echo])),
      async (address) => {
        const session = await connect(address);
        while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
        expect(decodeMessage(answers[0] as Buffer)).to.include({ kind: 'EchoReply', xid: 77 });
        session.close();
        await session.closed;
      },
    );
  });

  it('sends a message without meaning: a problem, and the session goes on', async () => {
    const bad = Buffer.from('06ff000800000063', 'hex');
    const problems: string[] = [];
    const answer = (message: Buffer, socket: Socket): void => {
      if (message[1] === 20) socket.write(encodeMessage({ kind: 'BarrierReply', xid: message.readUInt32BE(4) }, 6));
    };
    await withPeer(switchLike(answer, bad), async (address) => {
      const session = await connect(address, { onProblem: (error) => problems.push(error.message) });
      await session.barrier();
      expect(problems).to.deep.equal(['OFPBRC_BAD_TYPE at octet 1: ff000800000063']);
      session.close();
      await session.closed;
    });
  });

  it('answers with octets without meaning: that request fails, not another', async () => {
    const answer = (message: Buffer, socket: Socket): void => {
      const reply = Buffer.from(message.subarray(0, 8));
      reply[1] = 0xff;
      reply.writeUInt16BE(8, 2);
      socket.write(reply);
    };
    await withPeer(switchLike(answer), async (address) => {
      const session = await connect(address, { onProblem: ignore });
      expect(await failure(session.barrier())).to.match(/^OFPBRC_BAD_TYPE/);
      expect(session.ended).to.equal(undefined);
      session.close();
      await session.closed;
    });
  });

  it('loses the boundaries: the end, and every request fails with that reason', async () => {
    const answer = (_: Buffer, socket: Socket): void => void socket.write(Buffer.from('0615000200000000', 'hex'));
    await withPeer(switchLike(answer), async (address) => {
      const session = await connect(address);
      expect(await failure(session.barrier())).to.match(/^the OpenFlow session ended: ofp_header length at octet 2/);
      expect((await session.closed).reason).to.match(/^ofp_header length/);
    });
  });

  it('answers late: that request times out, the session goes on', async () => {
    await withPeer(switchLike(ignore), async (address) => {
      const session = await connect(address);
      expect(await failure(session.request({ kind: 'BarrierRequest' }, { timeoutMs: 30 }))).to.equal(
        'no answer to BarrierRequest within 30 ms',
      );
      expect(session.ended).to.equal(undefined);
      session.close();
      await session.closed;
    });
  });

  describe('does not read', () => {
    const deaf = (socket: Socket): void => switchLike((_, s) => s.pause())(socket);
    const flow = encodeMessage({ kind: 'FlowMod', match: {}, instructions: [] }, 6);

    it('a bundle waits, and memory does not grow', async () => {
      await withPeer(deaf, async (address) => {
        const session = await connect(address, { timeoutMs: 60_000, probeMs: 0 });
        let taken = 0;
        function* endless(): Generator<Buffer> {
          for (;;) {
            taken += 1;
            yield flow;
          }
        }
        const bundle = failure(session.bundle(endless()));
        let before = -1;
        while (taken !== before) {
          before = taken;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        expect(session.octetsQueued).to.be.within(1, 2 * 1024 * 1024);
        session.close();
        expect(await bundle).to.equal('the OpenFlow session ended: closed here');
        expect((await session.closed).reason).to.equal('closed here');
      });
    });

    it('who sends without waiting loses the session, not the memory', async () => {
      await withPeer(deaf, async (address) => {
        const session: Session = await connect(address, { probeMs: 0 });
        const octets = Buffer.concat(Array.from({ length: 10_000 }, () => flow));
        let most = 0;
        for (let i = 0; i < 1000 && session.ended === undefined; i++) {
          session.sendEncoded(octets);
          most = Math.max(most, session.octetsQueued);
        }
        expect(most).to.be.at.most(64 * 1024 * 1024);
        expect((await session.closed).reason).to.match(/^more than 67108864 octets wait/);
      });
    });
  });
});
