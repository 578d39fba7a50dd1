/** Requests over one stream: answers read while they come among other messages, deadlines, names of rows only where needed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, Socket, type SocketConstructorOpts } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import {
  OvsdbError,
  type Reading,
  RpcConnection,
  type RpcOptions,
  Transaction,
  token,
  type Window,
} from 'ovsdb-client';
import { CONFORMANCE } from './support/conformance.js';

/** A connection whose peer is the test: what it sent, and a way to send it octets. */
function connection(options: Partial<RpcOptions> = {}) {
  const sent: string[] = [];
  const heard: string[] = [];
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk, _encoding, done) => {
      sent.push(String(chunk));
      done();
    },
  });
  const rpc = new RpcConnection(
    stream,
    {
      onActivity: () => undefined,
      onNotification: (method) => heard.push(method),
      onClose: (reason) => heard.push(reason.message),
    },
    options,
  );
  return { rpc, sent, heard, stream, say: (octets: string | Buffer) => void stream.push(Buffer.from(octets)) };
}

/** Reads `{"id":N,"result":"aaa…","error":null}` octet by octet; gives how many there were. */
function* countLetters(window: Window): Reading<number> {
  const { reader } = window;
  const read = function* <T>(what: () => T): Reading<T> {
    for (;;) {
      const mark = reader.at;
      try {
        return what();
      } catch (error) {
        while (!window.extend(mark, error)) yield 'hungry';
      }
    }
  };
  yield* read(() => {
    reader.expect(token('{"id":'));
    reader.integer();
  });
  window.depth = 1;
  const text = yield* read(() => {
    reader.expect(token(',"result":'));
    return reader.string();
  });
  yield* read(() => reader.expect(token(',"error":null}')));
  return text.length;
}

const answer = (result: unknown, id = 1) => JSON.stringify({ id, result, error: null });
const echo = '{"method":"update","params":[],"id":null}';

describe('ovsdb-client: requests', () => {
  const texts = ['', 'a', 'é😀'.repeat(50_000), 'x'.repeat(3_000_000)];
  for (const size of [1, 7, 1000, 70_000, 10_000_000])
    it(`an answer is read while it comes among other messages, in pieces of ${size}`, async () => {
      for (const text of size === 1 ? texts.slice(0, 2) : texts) {
        const { rpc, heard, say } = connection();
        const big = rpc.request('x', [], { readBig: countLetters });
        const small = rpc.request('y', []);
        const all = Buffer.from(`${echo}${answer(text)} ${echo}${answer('after', 2)}`);
        for (let at = 0; at < all.length; at += size) say(all.subarray(at, at + size));
        // In pieces of one octet the beginning is not seen as such, and the answer is parsed as a whole.
        expect(await big).to.equal(size < 20 ? text : text.length);
        expect(await small).to.equal('after');
        expect(heard).to.deep.equal(['update', 'update']);
        rpc.close(new OvsdbError('connection lost'));
      }
    });

  it('an answer that is of another form, or an error, is parsed as a whole: nobody waits for more', async () => {
    for (const result of [{ a: ['}', '"', '\\'] }, [1, 2], null, 'x'.repeat(10), { long: ['y'.repeat(1000)] }]) {
      const { rpc, say } = connection();
      const read = rpc.request('x', [], { readBig: countLetters });
      say(answer(result));
      expect(await read).to.deep.equal(typeof result === 'string' ? 10 : result);
    }
    const { rpc, say } = connection();
    const read = rpc.request('x', [], { readBig: countLetters });
    say('{"id":1,"result":null,"error":"no such thing"}');
    expect(await read.catch(({ code }) => code)).to.equal('no such thing');
  });

  it('a stream that is wrong behind an answer is told by its place', async () => {
    const { rpc, heard, say } = connection();
    const read = rpc.request('x', [], { readBig: countLetters });
    const first = answer('abc');
    say(`${first} !`);
    expect(await read).to.equal(3);
    expect(heard.join()).to.include(`at octet ${first.length + 1}`);
  });

  it('a big answer beyond the bound ends the session', async () => {
    const { rpc, heard, say } = connection({ maxMessageBytes: 1000 });
    const read = rpc.request('x', [], { readBig: countLetters }).catch(({ code }) => code);
    say(answer('a'.repeat(500)).slice(0, 400));
    say('a'.repeat(2000));
    expect(await read).to.equal('connection lost');
    expect(heard.join()).to.include('longer than 1000 octets');
  });

  it('requests time out each in its own time, whatever their order', async () => {
    const { rpc, sent } = connection();
    const ended: number[] = [];
    const wait = (timeoutMs: number) =>
      rpc.request('transact', [], { timeoutMs }).catch((error: OvsdbError) => {
        expect(error).to.include({ code: 'request timed out', outcome: 'unknown' });
        ended.push(timeoutMs);
      });
    const answered = rpc.request('y', [], { timeoutMs: 5 }).catch(({ code }) => code);
    const start = performance.now();
    await Promise.all([wait(90), wait(30), wait(60), answered]);
    expect(ended).to.deep.equal([30, 60, 90]);
    expect(performance.now() - start).to.be.at.least(89);
    expect(rpc.outstanding).to.equal(0);
    await new Promise((done) => setImmediate(done));
    expect(sent.join('').match(/"cancel"/g)).to.have.length(3);
    rpc.close(new OvsdbError('connection lost'));
  });

  it('while many answers are outstanding the stream is read once a millisecond; with few of them, or none among what came, at once', async () => {
    const { rpc, stream, say } = connection();
    const turn = () => new Promise((done) => setImmediate(done));
    let rests = 0; // counted, for one may be over before anybody looks
    stream.on('pause', () => rests++);
    const requests = Array.from({ length: 70 }, () => rpc.request('x', []));
    const taken = async (octets: string, answers: readonly number[]) => {
      const before = rests;
      say(octets);
      for (const id of answers) expect(await requests[id - 1]).to.equal(id);
      await turn();
      return rests - before;
    };
    expect(await taken(echo, []), 'no answer came').to.equal(0);
    expect(await taken(answer(1, 1), [1]), '69 are to come').to.equal(1);
    expect(await taken(`${answer(2, 2)}${echo}`, [2]), '68 are to come').to.equal(1);
    for (let id = 3; id <= 70; id++)
      expect(await taken(answer(id, id), [id]), `${70 - id} are to come`).to.equal(70 - id < 64 ? 0 : 1);
    rpc.close(new OvsdbError('connection lost'));
  });

  it('for the one answer of a server that is quick the event loop stays awake, and otherwise not', async () => {
    const turns = async (say: () => void, answered: Promise<unknown>, quietMs: number) => {
      const { setImmediate: real } = globalThis;
      let count = 0;
      globalThis.setImmediate = ((...given: Parameters<typeof real>) => {
        count++;
        return real(...given);
      }) as typeof real;
      try {
        await new Promise((done) => setTimeout(done, quietMs));
        say();
        await answered;
        return count;
      } finally {
        globalThis.setImmediate = real;
      }
    };
    const { rpc, say } = connection({ awakeMs: 100 });
    const ask = (id: number, quietMs: number) => {
      const answered = rpc.request('x', []);
      return turns(() => say(answer(id, id)), answered, quietMs);
    };
    expect(await ask(1, 0), 'nothing is known of the server').to.equal(0);
    const awake = availableParallelism() > 1;
    expect((await ask(2, 20)) > 2, 'the last answer was quick').to.equal(awake);
    await ask(3, 250);
    expect(await ask(4, 250), 'the last answer came late').to.equal(0);
    expect(await ask(5, 0), 'and so did the one before').to.equal(0);
    expect((await ask(6, 20)) > 2, 'it is quick again').to.equal(awake);
    const two = [rpc.request('x', []), rpc.request('x', [])];
    expect(
      await turns(() => say(`${answer(7, 7)}${answer(8, 8)}`), Promise.all(two), 30),
      'two are to come',
    ).to.be.below(3);
    rpc.close(new OvsdbError('connection lost'));
  });

  it('a server that writes each answer by itself wakes the client for few of them', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pace-'));
    const server = createServer((peer) => {
      peer.once('data', () => {
        const next = (id: number) => {
          peer.write(answer(id, id));
          if (id < 1000) setImmediate(next, id + 1);
        };
        next(1);
      });
    });
    await new Promise<void>((done) => server.listen(join(dir, 's'), done));
    const socket = new Socket({ readableHighWaterMark: 1 } as SocketConstructorOpts).connect(join(dir, 's'));
    let woken = 0;
    const events = { onActivity: () => void woken++, onNotification: () => undefined, onClose: () => undefined };
    const rpc = new RpcConnection(socket, events);
    const results = await Promise.all(Array.from({ length: 1000 }, () => rpc.request('x', [])));
    expect(results).to.deep.equal(results.map((_, i) => i + 1));
    expect(woken).to.be.below(500); // some 100, and each time for itself when the last 64 come
    rpc.close(new OvsdbError('connection lost'));
    server.close();
    rmSync(dir, { recursive: true });
  });

  it('a row is named where another refers to it, and not otherwise', () => {
    const txn = new Transaction(CONFORMANCE);
    const [kid] = [txn.insert('child', {}), txn.insert('child', {}), txn.insert('child', {}, 'mine')];
    txn.insert('parent', { kids: [kid as never] });
    expect(txn.operations.map((operation) => operation['uuid-name'])).to.deep.equal([
      'row0',
      undefined,
      'mine',
      undefined,
    ]);
  });
});
