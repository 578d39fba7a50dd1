/** TLS with throwaway certificates: a real ovs-vswitchd dials in with its own, a stranger's certificate is refused. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as dialPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connect, type Listener, listen, type Session, type TlsOptions } from 'ts-openflow';
import { type Ovs, startOvs } from '../ovs.js';

describe('session over TLS', () => {
  let directory = '';
  let ovs: Ovs;
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const authority = (name: string) =>
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
    );
  const signed = (name: string, ca: string) => {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${ca}.crt`,
      '-CAkey',
      `${ca}.key`,
      '-CAcreateserial',
      '-out',
      `${name}.crt`,
      '-days',
      '2',
    );
  };
  const tls = (name: string): TlsOptions => ({
    key: readFileSync(file(`${name}.key`)),
    cert: readFileSync(file(`${name}.crt`)),
    ca: readFileSync(file('ca.crt')),
  });

  before(async function () {
    this.timeout(30_000);
    directory = mkdtempSync(join(tmpdir(), 'oft-'));
    authority('ca');
    authority('stranger');
    for (const name of ['controller', 'switch']) signed(name, 'ca');
    ovs = await startOvs();
  });
  after(async () => {
    await ovs.stop();
    rmSync(directory, { recursive: true });
  });

  it('takes a switch whose certificate is good, and dials one', async () => {
    let taken: (session: Session) => void = () => undefined;
    const session = new Promise<Session>((resolve) => {
      taken = resolve;
    });
    const listener: Listener = await listen('pssl:0:127.0.0.1', { tls: tls('controller'), onSession: taken });
    const port = listener.address.split(':')[1] as string;
    ovs.vsctl('set-ssl', file('switch.key'), file('switch.crt'), file('ca.crt'));
    ovs.vsctl('set-controller', 'br', `ssl:127.0.0.1:${port}`);
    expect((await session).remote).to.match(/^ssl:127\.0\.0\.1:\d+$/);
    await (await session).barrier();
    ovs.vsctl('set-controller', 'br', 'pssl:0:127.0.0.1');
    await (await session).closed;
    await listener.close();
    const listening = () =>
      /listening on port (\d+)/.exec(readFileSync(join(ovs.directory, 'vswitchd.log'), 'utf8'))?.[1];
    while (listening() === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    const dialled = await connect(`ssl:127.0.0.1:${listening()}`, { tls: tls('controller') });
    await dialled.barrier();
    dialled.close();
    await dialled.closed;
  });

  it('refuses a certificate that the authority has not signed', async () => {
    let refused: (remote: string) => void = () => undefined;
    const failure = new Promise<string>((resolve) => {
      refused = resolve;
    });
    const listener = await listen('pssl:0:127.0.0.1', {
      tls: tls('controller'),
      onSession: () => expect.fail('it was taken'),
      onFailure: (error) => refused(error.message),
    });
    const port = listener.address.split(':')[1] as string;
    const dialling = connect(`ssl:127.0.0.1:${port}`, { tls: tls('stranger'), timeoutMs: 2000 }).then(
      () => 'connected',
      (error: Error) => error.message,
    );
    try {
      expect(await failure).to.equal('certificate refused: DEPTH_ZERO_SELF_SIGNED_CERT');
      expect(await dialling).to.not.equal('connected');
    } finally {
      await listener.close();
    }
  });

  it('ends handshakes that are under way when it is closed, and reports none of it', async () => {
    const listener = await listen('pssl:0:127.0.0.1', {
      tls: tls('controller'),
      onSession: () => expect.fail('it was taken'),
      onFailure: ({ message }) => expect.fail(message),
    });
    const silent = dialPlain(Number(listener.address.split(':')[1]), '127.0.0.1');
    silent.resume();
    await once(silent, 'connect');
    const ended = once(silent, 'close');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await listener.close(); // it would take the 30 s that a handshake may take
    await ended;
  });

  it('says that it needs certificates', async () => {
    const message = await connect('ssl:127.0.0.1:1').catch((error: Error) => error.message);
    expect(message).to.equal('ssl:127.0.0.1:1: TLS needs the option tls: { key, cert, ca }');
  });
});
