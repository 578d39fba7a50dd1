#!/usr/bin/env node
/**
 * Prints the declaration of a server's schema:
 *
 *   ovsdb-declaration unix:/run/openvswitch/db.sock [DATABASE]
 *   ovsdb-declaration ssl:HOST:6640 DATABASE KEY.pem CERT.pem CA.pem
 *
 * Exit status 0; 2 for wrong usage; 3 where the server cannot be reached or has no such database.
 */
import { readFileSync } from 'node:fs';
import { OvsdbError } from '../errors.js';
import { declarationText } from '../schema/print.js';
import { parseSchema } from '../schema/server-schema.js';
import { withConnection } from '../session/once.js';

const USAGE = 'usage: ovsdb-declaration REMOTE [DATABASE [KEY.pem CERT.pem CA.pem]]\n';

async function main(args: readonly string[]): Promise<number> {
  const [remote, database = 'Open_vSwitch', ...files] = args;
  if (remote === undefined || remote.startsWith('-') || ![0, 3].includes(files.length)) {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    const [key, cert, ca] = files.map((file) => readFileSync(file, 'utf8'));
    const tls = key !== undefined && cert !== undefined && ca !== undefined ? { tls: { key, cert, ca } } : {};
    const schema = await withConnection(remote, (rpc) => rpc.request('get_schema', [database]), tls);
    process.stdout.write(declarationText(parseSchema(schema)));
    return 0;
  } catch (error) {
    process.stderr.write(`ovsdb-declaration: ${(error as Error).message}\n`);
    return error instanceof OvsdbError && error.code === 'bad address' ? 2 : 3;
  }
}

process.exitCode = await main(process.argv.slice(2));
