/** The HTTP API and the commands that ask it: who may, who may not, and what is said when nobody answers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ApiAddressError, type ApiServer, serveApi } from '../../src/api/index.js';
import { Controller } from '../../src/controller/index.js';
import { kakuri } from '../lab/kakuri.js';
import { topologyOf } from '../world.js';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A controller whose hosts are never reached: the API must answer all the same. */
const controller = () =>
  new Controller({
    topology: topologyOf(),
    openLink: () => {
      throw new Error('not started');
    },
    controllerTarget: () => 'tcp:127.0.0.1:6653',
    log: quiet,
    now: () => 0,
    readEveryMs: 1000,
  });

const get = (
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined; body: string }> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    asked.on('error', reject);
    asked.end();
  });

describe('the API', () => {
  let api: ApiServer;
  let guarded: ApiServer;
  before(async () => {
    api = await serveApi(controller(), { url: 'http://127.0.0.1:0' });
    guarded = await serveApi(controller(), { url: 'http://127.0.0.1:0', token: 'secret' });
  });
  after(() => Promise.all([api.close(), guarded.close()]));

  it('answers on loopback', async () => {
    const { status, body } = await get(`${api.url}/status`);
    expect(status).to.equal(200);
    const parsed = JSON.parse(body);
    expect(parsed).to.include({ pid: process.pid, generation: 1 });
    expect(parsed.hosts.map((h: { name: string }) => h.name)).to.deep.equal(['hv1', 'hv2']);
    expect(parsed.ports[0]).to.include({ tenant: 'blue', network: 'web', host: null, ofport: null, state: 'unknown' });
  });

  const refused: [string, Record<string, string>][] = [
    ['of a web page', { origin: 'http://evil.example' }],
    ['of a web page of the same name', { origin: 'null' }],
    ['for another host name (DNS rebinding)', { host: 'evil.example:6680' }],
  ];
  for (const [what, headers] of refused)
    it(`refuses requests ${what}`, async () => {
      expect((await get(`${api.url}/status`, headers)).status).to.equal(403);
    });

  it('asks for its token', async () => {
    expect((await get(`${guarded.url}/status`)).status).to.equal(401);
    expect((await get(`${guarded.url}/status`, { authorization: 'Bearer wrong' })).status).to.equal(401);
    expect((await get(`${guarded.url}/status`, { authorization: 'Bearer secret' })).status).to.equal(200);
  });

  it('says which host it does not know', async () => {
    expect(await get(`${api.url}/flows?host=hv9`)).to.deep.equal({
      status: 404,
      body: '{"error":"no host hv9 in the topology"}',
    });
  });

  it('does not listen beyond loopback without a token, nor on what is no address', async () => {
    for (const url of [
      'http://0.0.0.0:0',
      'http://192.0.2.1:0',
      'https://127.0.0.1:0',
      'nonsense',
      'http://kakuri.example:80',
    ])
      try {
        await (await serveApi(controller(), { url })).close();
        expect.fail(`${url} was taken`);
      } catch (error) {
        expect(error, url).to.be.instanceOf(ApiAddressError);
      }
  });
});

describe('status and flows', function () {
  this.timeout(60_000);
  let api: ApiServer;
  let dir: string;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kakuri-api-'));
    writeFileSync(join(dir, 'token'), 'secret\n');
    api = await serveApi(controller(), { url: 'http://127.0.0.1:0', token: 'secret' });
  });
  after(async () => {
    await api.close();
    rmSync(dir, { recursive: true });
  });
  const asking = (...args: string[]) => kakuri([...args, '--api', api.url, '--api-token-file', join(dir, 'token')]);

  it('print tables for people and JSON for machines', async () => {
    const people = await asking('status');
    expect(people.code).to.equal(0);
    expect(people.stdout).to.contain('red-vm1').and.to.contain('unreachable');
    const machines = await asking('status', '--json');
    expect(JSON.parse(machines.stdout).hosts).to.have.length(2);
  });

  it('exit 3 where no controller answers, or the token is wrong, and 2 where the question is', async () => {
    const nobody = await kakuri(['status', '--api', 'http://127.0.0.1:1']);
    expect(nobody).to.include({ code: 3, stdout: '' });
    expect(nobody.stderr).to.contain('no controller answers at http://127.0.0.1:1');
    expect((await kakuri(['status', '--api', api.url])).code).to.equal(3);
    const unknown = await asking('flows', 'hv9');
    expect(unknown).to.include({ code: 2, stderr: `kakuri: ${api.url}: no host hv9 in the topology\n` });
    expect((await kakuri(['flows', '--nonsense'])).code).to.equal(2);
  });

  for (const command of ['check', 'run', 'status', 'flows', 'remove', 'demo'])
    it(`${command} --help has an example`, async () => {
      const { code, stdout } = await kakuri([command, '--help']);
      expect(code).to.equal(0);
      expect(stdout).to.contain(`Example:\n  kakuri ${command}`);
    });
});
