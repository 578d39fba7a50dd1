/** The two servers every suite of semantics runs against: the real one, and the fake one that is held to it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeServer } from 'ovsdb-client/testing';
import { FIXTURES, startServer, VSWITCH_SCHEMA } from './server.js';

export interface AnyServer {
  /** The active address. */
  readonly unix: string;
  readonly stop: () => Promise<void>;
}

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

export const SERVERS: { readonly [name: string]: () => Promise<AnyServer> } = {
  'ovsdb-server': () => startServer(),
  'the fake server': async () => {
    const fake = await startFakeServer({
      schemas: [json(VSWITCH_SCHEMA), json(join(FIXTURES, 'conformance.ovsschema'))],
    });
    return { unix: fake.remote, stop: fake.close };
  },
};
