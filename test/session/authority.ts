/** A certificate authority for tests, in a directory of its own: keys and certificates by openssl. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from 'ts-openflow';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class Authority {
  readonly directory = mkdtempSync(join(tmpdir(), 'kakuri-ca-'));

  constructor() {
    this.#openssl('req', '-x509', ...KEY, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=ca', '-days', '2');
  }

  /** Signs a certificate for `name`, kept as `id`; `days` below 0 is one that has expired. `alternative`: its subjectAltName. */
  sign(name: string, id = name, days = 2, alternative?: string): this {
    this.#openssl('req', ...KEY, '-keyout', `${id}.key`, '-out', `${id}.csr`, '-subj', `/CN=${name}`);
    const from = ['-in', `${id}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    if (alternative !== undefined) {
      writeFileSync(this.file('names.ext'), `subjectAltName=${alternative}\n`);
      from.push('-extfile', 'names.ext');
    }
    this.#openssl('x509', '-req', ...from, '-out', `${id}.crt`, '-days', String(days));
    return this;
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  /** Private key, certificate and this authority's certificate: files. */
  files(id: string): readonly [string, string, string] {
    return [this.file(`${id}.key`), this.file(`${id}.crt`), this.file('ca.crt')];
  }

  tls(id: string): TlsOptions {
    const [key, cert, ca] = this.files(id).map((file) => readFileSync(file)) as [Buffer, Buffer, Buffer];
    return { key, cert, ca };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.directory, stdio: 'pipe' });
  }
}
