/** A whole site dials at one moment over TLS: every switch is served, by its own name, and comes back with its session. */
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import type { Session } from 'ts-openflow';
import { openSwitchHub } from '../../src/session/index.js';
import { Authority } from './authority.js';

const SWITCHES = 1000;
/** Switches that share a certificate, so that a test need not make a thousand. */
const SHARE = 20;
/** How many of them come back. */
const BACK = 50;
const SERVED_MS = 10_000;

const HELLO = Buffer.from('0600000800000001', 'hex');
const FEATURES_REQUEST = 5;
const nameOf = (n: number): string => `hv${n}`;
const idOf = (n: number): string => n.toString(16).padStart(16, '0');

/** FEATURES_REPLY of a switch with this datapath-id (OpenFlow 1.5.1 clause 7.3.1). */
const features = (xid: Buffer, n: number): Buffer =>
  Buffer.concat([Buffer.from('06060020', 'hex'), xid, Buffer.from(idOf(n), 'hex'), Buffer.alloc(16)]);

/** Says what a switch says until it is known. */
function speak(socket: TLSSocket, n: number): void {
  socket.on('data', (octets: Buffer) => {
    for (let at = 0; at + 8 <= octets.length; at += octets.readUInt16BE(at + 2))
      if (octets[at + 1] === FEATURES_REQUEST) socket.write(features(octets.subarray(at + 4, at + 8), n));
  });
  socket.write(HELLO);
}

describe('a thousand switches over TLS', function () {
  this.timeout(60_000);
  let authority: Authority;
  const contexts: SecureContext[] = [];
  before(() => {
    authority = new Authority().sign('controller');
    for (let first = 0; first < SWITCHES; first += SHARE) {
      const names = Array.from({ length: SHARE }, (_, i) => `DNS:${nameOf(first + i)}`);
      authority.sign('rack', nameOf(first), 2, names.join());
      contexts.push(createSecureContext(authority.tls(nameOf(first))));
    }
  });
  after(() => authority?.remove());

  it(`are served within ${SERVED_MS / 1000} s, and resume their sessions when they come back`, async () => {
    const here = new Map<string, Session>();
    const refused: string[] = [];
    const hostOf = (id: string) => {
      const name = nameOf(Number.parseInt(id, 16));
      const attach = (session: Session): void => {
        here.set(name, session);
        void session.closed.then(() => here.delete(name));
      };
      return { name, hasSwitch: here.has(name), attach };
    };
    const onRefused = (_: string, reason: string): void => void refused.push(reason);
    const options = { tls: authority.tls('controller'), probeMs: 0, hostOf, onRefused };
    const hub = await openSwitchHub({ address: 'pssl:0:127.0.0.1', ...options });
    const sockets = new Set<TLSSocket>();
    const resumed = new Set<TLSSocket>();
    const dial = (n: number, session?: Buffer): TLSSocket => {
      const secureContext = contexts[Math.floor((n % SWITCHES) / SHARE)] as SecureContext;
      const where = {
        secureContext,
        host: '127.0.0.1',
        port: Number(hub.address.split(':')[1]),
        checkServerIdentity: () => undefined,
      };
      const socket = connect({ ...where, ...(session ? { session } : {}) }, () => {
        if (socket.isSessionReused()) resumed.add(socket);
        speak(socket, n);
      });
      sockets.add(socket);
      socket.on('error', (error) => refused.push(error.message));
      return socket;
    };
    const until = async (what: string, holds: () => boolean, patienceMs: number): Promise<number> => {
      const begin = performance.now();
      while (!holds()) {
        if (performance.now() - begin > patienceMs)
          throw new Error(`${what}: ${here.size} are here, refused: ${refused.slice(0, 3).join()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return performance.now() - begin;
    };
    try {
      const given = new Map<number, Buffer>();
      for (let n = 0; n < SWITCHES; n++) dial(n).on('session', (session) => given.set(n, session));
      const servedMs = await until('all served', () => here.size === SWITCHES, SERVED_MS);
      process.stderr.write(`      served in ${Math.round(servedMs)} ms\n`);
      expect(refused).to.deep.equal([]);
      await until('tickets', () => given.size === SWITCHES, SERVED_MS);
      for (let n = 0; n < BACK; n++) here.get(nameOf(n))?.close();
      await until('some gone', () => here.size === SWITCHES - BACK, SERVED_MS);
      const back = Array.from({ length: BACK }, (_, n) => dial(n, given.get(n)));
      await until('all back', () => here.size === SWITCHES, SERVED_MS);
      expect(back.filter((socket) => resumed.has(socket))).to.have.lengthOf(BACK);
      // A session resumed is no other name: what it began with is still compared.
      const thief = dial(SWITCHES + 1, given.get(1));
      await until('the thief refused', () => refused.length > 0, SERVED_MS);
      expect(resumed.has(thief)).to.equal(true);
      expect(refused[0]).to.match(/is host hv1001, but the certificate is for /);
    } finally {
      for (const socket of sockets) socket.destroy();
      await hub.close();
    }
  });
});
