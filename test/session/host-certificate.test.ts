/** Whose a certificate is: names in every form that openssl and ovs-pki write, and what must not pass for a name. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { namesHost } from '../../src/session/host-certificate.js';

describe('the name in a certificate', () => {
  const cases: [subject: string, alternative: string | undefined, host: string, right: boolean][] = [
    ['/CN=hv1', undefined, 'hv1', true],
    ['/CN=hv1', undefined, 'hv2', false],
    ['/CN=hv1', undefined, 'HV1', false],
    ['/CN=hv1', undefined, 'hv', false],
    ['/CN=other', 'DNS:hv1', 'hv1', true],
    ['/CN=other', 'DNS:hv2,DNS:hv1', 'hv1', true],
    ['/CN=hv1', 'DNS:hv2', 'hv1', false],
    ['/CN=*', 'DNS:*', 'hv1', false],
    ['/CN=*.example', 'DNS:*.example', 'hv1.example', false],
    ['/CN=hv1.example', undefined, 'hv1.example', true],
    ['/CN=hv1 id:4fa3c1de-0000-4000-8000-000000000001', undefined, 'hv1', true],
    ['/CN=hv1 id:4fa3', 'DNS:hv1 id:4fa3', 'hv1', true],
    ['/CN=hv1 id:4fa3', 'DNS:hv2', 'hv1', false],
    ['/CN=hv1 id:4fa3', undefined, 'hv2', false],
    ['/CN=hv2 hv1 id:4fa3', undefined, 'hv1', false],
    ['/CN=hv2/CN=hv1 id:4fa3', undefined, 'hv1', false],
    ['/O=hv1', undefined, 'hv1', false],
  ];
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'kakuri-names-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  for (const [subject, alternative, host, right] of cases)
    it(`${subject}${alternative === undefined ? '' : ` with ${alternative}`} is ${right ? '' : 'not '}${host}'s`, () => {
      const file = join(directory, 'it.pem');
      const names = alternative === undefined ? [] : ['-addext', `subjectAltName=${alternative}`];
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null'];
      const certificate = ['-x509', '-subj', subject, '-days', '2', '-out', file];
      execFileSync('openssl', ['req', ...key, ...certificate, ...names], { stdio: 'pipe' });
      expect(namesHost(new X509Certificate(readFileSync(file)), host)).to.equal(right);
    });
});
