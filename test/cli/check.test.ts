/** `kakuri check` as a program: exit code, stdout and stderr. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { fileOf } from '../topology/file.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

function kakuri(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/kakuri.js', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('kakuri check', () => {
  let directory = '';
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'kakuri-check-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  it('sums up a right file, or prints an empty list', () => {
    const file = 'topologies/two-tenants.yaml';
    const stdout = `${file}: 2 hosts, 2 tenants, 2 networks, 4 ports\n`;
    expect(kakuri('check', file)).to.deep.equal({ status: 0, stdout, stderr: '' });
    expect(kakuri('check', '--json', file)).to.deep.equal({ status: 0, stdout: '[]\n', stderr: '' });
  });

  it('prints every problem with its place and exits 2, as text or as JSON', () => {
    const file = write('bad.yaml', fileOf({ underlay: '{ tunels: mesh }', web: 'key: 0', ports: '{}' }));
    const text = [
      `${file}:1:13: unknown key "tunels": did you mean tunnels?`,
      `${file}:7:14: key 0 is no network's: choose 1 or more, or leave it out`,
      '',
    ].join('\n');
    expect(kakuri('check', file)).to.deep.equal({ status: 2, stdout: '', stderr: text });
    const { status, stdout, stderr } = kakuri('check', file, '--json');
    expect({ status, stderr }).to.deep.equal({ status: 2, stderr: '' });
    expect(JSON.parse(stdout)).to.deep.equal([
      { file, line: 1, column: 13, code: 'unknown-key', message: 'unknown key "tunels": did you mean tunnels?' },
      {
        file,
        line: 7,
        column: 14,
        code: 'key-zero',
        message: "key 0 is no network's: choose 1 or more, or leave it out",
      },
    ]);
  });

  it('says in one line that a file cannot be read', () => {
    const missing = kakuri('check', join(directory, 'none.yaml'));
    expect(missing).to.include({ status: 2, stdout: '' });
    expect(missing.stderr).to.match(/^kakuri: \/.*none\.yaml: cannot read it: ENOENT.*\n$/);
    const binary = kakuri('check', write('binary.yaml', Buffer.from([0x61, 0xff, 0xfe])));
    expect(binary).to.include({ status: 2, stdout: '' });
    expect(binary.stderr).to.match(/^kakuri: \/.*binary\.yaml: cannot read it: not a text in UTF-8\n$/);
  });

  it('compares given keys with those that rest in a state directory, and changes nothing there', () => {
    const file = write('net.yaml', fileOf({ web: 'key: 7', ports: '{}' }));
    const rests = { key: 7, encapsulation: 'geneve', path: 'blue/web', until: Date.now() + 600_000 };
    const state = mkdtempSync(join(directory, 'state-'));
    writeFileSync(join(state, 'keys.json'), JSON.stringify({ version: 1, keys: {}, quarantine: [rests] }));
    const answer = kakuri('check', file, '--state', state);
    expect(answer).to.include({ status: 2, stdout: '' });
    expect(answer.stderr).to.include(`${file}:7:14: tunnel key 7 was that of network blue/web and rests until `);
    expect(kakuri('check', file).status).to.equal(0);
    expect(readdirSync(state)).to.deep.equal(['keys.json']);
    writeFileSync(join(state, 'keys.json'), '{');
    const torn = kakuri('check', file, '--state', state);
    expect(torn).to.include({ status: 2, stdout: '' });
    expect(torn.stderr).to.match(/^kakuri: .*keys\.json: not a key memory of Kakuri/);
  });

  it('exits 2 on wrong usage', () => {
    expect(kakuri('check')).to.include({ status: 2, stdout: '' });
    expect(kakuri('check', 'a', '--nonsense')).to.include({ status: 2, stdout: '' });
  });

  it('shows an example in its help', () => {
    const { status, stdout } = kakuri('check', '--help');
    expect(status).to.equal(0);
    expect(stdout).to.include('kakuri check topologies/two-tenants.yaml');
  });
});
