/**
 * The HTTP API behind `status` and `flows`, the counters alone, and Prometheus' `/metrics`: JSON but for that, read only but for `POST /apply`, which `kakuri
 * apply` sends. Loopback by default; any other address only with a bearer token. A request that a web page of another origin made is refused (it bears Origin), and so is one whose Host header
 * names neither this address nor loopback: a page could otherwise reach it by DNS rebinding.
 */
import { timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Controller, dumpReport, flowReports, status } from '../controller/index.js';
import { TABLES } from '../pipeline/index.js';
import { metricsOf } from './metrics.js';

export interface ApiOptions {
  /** `http://ADDRESS:PORT`; port 0 takes a free one. */
  readonly url: string;
  /** Bearer token; required where the address is not loopback. */
  readonly token?: string;
  /** Applies a saved plan, or says why not; absent: plans are not taken. */
  readonly apply?: (plan: unknown) => Promise<ApplyAnswer>;
}

/** The answer to a plan: HTTP status and body. */
export interface ApplyAnswer {
  readonly code: 200 | 400 | 409 | 500;
  readonly body: object;
}

/** Octets of a plan at most: a line for each flow of every host that it changes. */
const LARGEST_PLAN = 1 << 29;

/** The address given is not one the API may listen on. */
export class ApiAddressError extends Error {}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d+){3}$/.test(host);

interface Listen {
  readonly host: string;
  readonly port: number;
}

function listenOf({ url, token }: ApiOptions): Listen {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new ApiAddressError(`--api ${url}: expected http://ADDRESS:PORT`);
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  if (parsed.protocol !== 'http:' || (isIP(host) === 0 && host !== 'localhost'))
    throw new ApiAddressError(`--api ${url}: expected http://ADDRESS:PORT with an IP address`);
  if (!isLoopback(parsed.hostname) && token === undefined)
    throw new ApiAddressError(`--api ${url}: an address that is not loopback needs --api-token-file`);
  return { host, port: parsed.port === '' ? 6680 : Number(parsed.port) };
}

const sameText = (a: string, b: string): boolean => {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
};

/** Refuses what must not be answered; undefined where the request may go on. */
function refusal(
  request: FastifyRequest,
  own: string,
  token: string | undefined,
): { code: number; error: string } | undefined {
  if (request.headers.origin !== undefined) return { code: 403, error: 'requests of web pages are refused' };
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (host !== own && !isLoopback(host)) return { code: 403, error: `host ${host} is not this server` };
  if (token !== undefined && !sameText(request.headers.authorization ?? '', `Bearer ${token}`))
    return { code: 401, error: 'a bearer token is needed: --api-token-file' };
  return undefined;
}

interface FlowQuery {
  readonly host?: string;
  readonly tenant?: string;
  readonly network?: string;
  /** `1`: with what would be otherwise without each flow. */
  readonly explain?: string;
}

function routes(app: FastifyInstance, controller: Controller, { apply }: ApiOptions): void {
  if (apply !== undefined)
    app.post('/apply', { bodyLimit: LARGEST_PLAN }, async (request, reply) => {
      const { code, body } = await apply(request.body);
      return reply.code(code).send(body);
    });
  const metrics = metricsOf(controller);
  app.addHook('onClose', async () => metrics.stop());
  app.get('/metrics', async (_request, reply) => {
    const text = await metrics.text();
    return reply.type(metrics.contentType).send(text);
  });
  app.get('/status', () => status(controller));
  app.get('/counters', async () => {
    const { ports, networks, tenants } = await status(controller);
    const counted = ports.map(({ tenant, network, name, counters }) => ({ tenant, network, name, counters }));
    return { ports: counted, networks, tenants };
  });
  app.get('/dump', () => dumpReport(controller));
  app.get('/flows', (request, reply: FastifyReply) => {
    const { host, tenant, network, explain } = request.query as FlowQuery;
    if (host !== undefined && controller.link(host) === undefined)
      return reply.code(404).send({ error: `no host ${host} in the topology` });
    return flowReports(
      controller,
      {
        ...(host === undefined ? {} : { host }),
        ...(tenant === undefined ? {} : { tenant }),
        ...(network === undefined ? {} : { network }),
        explain: explain === '1',
      },
      (id) => TABLES.find((table) => table.id === id)?.name ?? String(id),
    );
  });
}

/** A running API; `close` ends it. */
export interface ApiServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens, and answers until closed. Throws ApiAddressError for an address that is not allowed. */
export async function serveApi(controller: Controller, options: ApiOptions): Promise<ApiServer> {
  const listen = listenOf(options);
  const app = Fastify({ logger: false, forceCloseConnections: true });
  app.addHook('onRequest', async (request, reply) => {
    const refused = refusal(request, listen.host, options.token);
    if (refused !== undefined) await reply.code(refused.code).send({ error: refused.error });
  });
  app.setErrorHandler((error: Error, _request, reply) => reply.code(500).send({ error: error.message }));
  routes(app, controller, options);
  const url = await app.listen(listen);
  return { url, close: () => app.close() };
}
