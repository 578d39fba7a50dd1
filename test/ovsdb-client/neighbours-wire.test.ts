/**
 * Neighbours of the recorded wire faults: octets as a client would hardly send them, to ovsdb-server and the fake server. Both must
 * answer alike, or end the session alike; the real server is right.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { Framer, parseJson } from 'ovsdb-client';
import { type AnyServer, SERVERS } from './support/both.js';
import { wordless } from './support/cases.js';
import { openSocket } from './support/raw.js';

/** Asked last: its answer, or the end of the session, says that nothing more comes. */
const LAST = '{"id":"last","method":"echo","params":[]}';

const WAIT =
  '{"id":7,"method":"transact","params":["conformance",' +
  '{"op":"wait","table":"lone","where":[],"columns":["n"],"until":"==","rows":[{"n":5}]}]}';

/** What the server answers, errors without their words, and whether it ends the session. */
async function answers(remote: string, pieces: readonly string[]): Promise<unknown> {
  const socket = await openSocket(remote);
  const framer = new Framer();
  const messages: unknown[] = [];
  const ended = new Promise<'ended' | 'open'>((done) => {
    socket.on('error', () => done('ended'));
    socket.on('close', () => done('ended'));
    socket.on('data', (chunk: Buffer) => {
      for (const octets of framer.push(chunk)) {
        const message = parseJson(octets.toString()) as { id: unknown };
        if (message.id === 'last') done('open');
        else messages.push(wordless(message));
      }
    });
  });
  for (const piece of [...pieces, LAST]) {
    socket.write(piece);
    await new Promise((done) => setTimeout(done, 5));
  }
  const end = await ended;
  socket.destroy();
  return { messages, end };
}

const SCRIPTS: { readonly [title: string]: readonly string[] } = {
  'white space around and between': ['  \n{"id" : 1 , "method":"echo","params":[ ]}\t\r\n', '  '],
  'several messages in one piece': ['{"id":1,"method":"echo","params":[1]}{"id":2,"method":"echo","params":[2]}'],
  'one message in many pieces': [...'{"id":1,"method":"echo","params":["{\\"}世😀"]}'],
  'ids of every kind': [1.5, -0, '"x"', '[1,{"a":2}]', 'true', '{}', '9007199254740993'].map(
    (id) => `{"id":${id},"method":"echo","params":[]}`,
  ),
  'a request whose id is null is a notification': ['{"id":null,"method":"echo","params":[1]}'],
  'a notification of something unknown': ['{"id":null,"method":"nope","params":[]}'],
  'a cancel of what is not under way': ['{"id":null,"method":"cancel","params":[77]}'],
  'a cancel as a request': ['{"id":5,"method":"cancel","params":[77]}'],
  'a transaction cancelled: dropped in silence': [WAIT, '{"id":null,"method":"cancel","params":[7]}'],
  'a transaction cancelled by a session aware of changes': [
    '{"id":1,"method":"set_db_change_aware","params":[true]}',
    WAIT,
    '{"id":null,"method":"cancel","params":[7]}',
    '{"id":null,"method":"cancel","params":[7]}',
  ],
  'no id': ['{"method":"echo","params":[]}'],
  'no params': ['{"id":1,"method":"echo"}'],
  'params that are no array': ['{"id":1,"method":"echo","params":{}}'],
  'a method that is no string': ['{"id":1,"method":5,"params":[]}'],
  'a member that does not belong': ['{"id":1,"method":"echo","params":[],"jsonrpc":"2.0"}'],
  'an answer to nothing': ['{"id":1,"result":[],"error":null}'],
  'an error to nothing': ['{"id":1,"result":null,"error":"x"}'],
  'an array': ['[]'],
  'a number': ['5'],
  'no JSON': ['{"id":1,,}'],
  'no UTF-8 escape': ['{"id":1,"method":"echo","params":["\\ud800"]}'],
  'the null character': ['{"id":1,"method":"echo","params":["\\u0000"]}'],
  'a member twice': ['{"id":1,"id":2,"method":"echo","params":[]}'],
  'a number too large': ['{"id":1,"method":"echo","params":[1e999]}'],
  'a control character in a string': ['{"id":1,"method":"echo","params":["\u0001"]}'],
};

describe('ovsdb-client: ovsdb-server and the fake server alike: neighbours: wire', () => {
  let servers: AnyServer[] = [];
  before(async () => {
    servers = await Promise.all(Object.values(SERVERS).map((start) => start()));
  });
  after(async () => {
    for (const server of servers) await server.stop();
  });

  for (const [title, pieces] of Object.entries(SCRIPTS))
    it(title, async () => {
      const [real, fake] = await Promise.all(servers.map(({ unix }) => answers(unix, pieces)));
      expect(isDeepStrictEqual(fake, real), `fake ${text(fake)}, real ${text(real)}`).to.equal(true);
    });
});

const text = (value: unknown) =>
  JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? `${member}n` : member));
