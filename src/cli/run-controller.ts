/**
 * What `kakuri run` does: reads the file, listens, opens the hosts, serves the API, and follows edits of the file. Ending
 * it, however, leaves every host as it is.
 */
import { unwatchFile, watchFile } from 'node:fs';
import { type Logger, pino } from 'pino';
import { ApiAddressError, type ApiServer, serveApi } from '../api/index.js';
import { Controller, prepareInTime, warmUp } from '../controller/index.js';
import { datapathId } from '../desired/index.js';
import {
  HostSession,
  lockState,
  openSwitchHub,
  RefusedPeers,
  StateLockError,
  stateDirectory,
} from '../session/index.js';
import { formatTopology, type Topology } from '../topology/index.js';
import { planTaker } from './apply-plan.js';
import { tokenFrom } from './ask.js';
import { CliError } from './errors.js';
import { loadTopology, ProblemsError } from './load.js';
import type { RunOptions } from './options.js';
import { needTls, readTls } from './tls.js';

/** How often a switch's tables are read again, milliseconds. */
const READ_EVERY_MS = 5000;
/** The same for each host there is: reading takes some 10 ms of a host of hundreds of flows, and must not take all there are. */
const READ_EACH_MS = 50;
const PROBE_MS = 5000;
/** From the start to the first look whether there is time to warm up, milliseconds. */
const WARM_UP_AFTER_MS = 500;
/** How often the file is looked at, milliseconds. */
const WATCH_MS = 300;

const logger = (level: string): Logger => {
  try {
    return pino({ level, base: null }, pino.destination({ fd: 2, sync: true }));
  } catch (error) {
    throw new CliError(`--log-level ${level}: ${(error as Error).message}`, 2);
  }
};

/** The port of `ptcp:PORT[:IP]`. */
const portOf = (address: string): string => /^p[a-z]+:(\d+)/.exec(address)?.[1] ?? '6653';

/** What a host is told: as given, or this machine as that host sees it. */
function targetOf(options: RunOptions, address: string, link: HostSession): string {
  const kind = address.startsWith('pssl:') ? 'ssl' : 'tcp';
  if (options.advertise !== undefined)
    return options.advertise.includes(':') ? options.advertise : `${kind}:${options.advertise}:${portOf(address)}`;
  if (address.startsWith('punix:')) return `unix:${address.slice('punix:'.length)}`;
  const local = link.localAddress ?? '127.0.0.1';
  return `${kind}:${local.includes(':') ? `[${local}]` : local}:${portOf(address)}`;
}

/** Reads the file again at every change; a broken one is told and changes nothing. */
function followFile(
  file: string,
  options: RunOptions,
  { log, controller }: { readonly log: Logger; readonly controller: Controller },
  apply: (topology: Topology) => void,
): () => void {
  const read = async (): Promise<Topology> => {
    const topology = await loadTopology(file, options.state, controller.isCarriedOut ? 'right' : 'away');
    needTls(readTls(options), topology);
    return topology;
  };
  const listener = (): void => {
    read().then(
      (topology) => {
        log.info({ file }, 'topology read again');
        apply(topology);
      },
      (error: unknown) => {
        const lines = error instanceof ProblemsError ? error.lines : [(error as Error).message];
        for (const line of lines) log.error({ file }, `${line} (nothing changed)`);
      },
    );
  };
  watchFile(file, { interval: WATCH_MS }, listener);
  return () => unwatchFile(file, listener);
}

interface Running {
  readonly controller: Controller;
  readonly api: ApiServer;
  close(): Promise<void>;
}

async function start(file: string, topology: Topology, options: RunOptions, log: Logger): Promise<Running> {
  const tls = readTls(options);
  needTls(tls, topology, options.listen);
  const sessions = new Map<string, HostSession>();
  const refused = new RefusedPeers(Date.now, ({ remote, reason, count }) =>
    log.warn({ remote, count }, `peer refused: ${reason}`),
  );
  const onRefused = (remote: string, reason: string): void => refused.add(remote, reason);
  const hub = await openSwitchHub({
    address: options.listen,
    probeMs: PROBE_MS,
    hostOf: (id) => [...sessions.values()].find((session) => datapathId(session.name) === id),
    ...(tls === undefined ? {} : { tls }),
    onRefused,
  }).catch((error: Error) => {
    throw new CliError(`--listen ${options.listen}: ${error.message}`, 2);
  });
  const controller = new Controller({
    topology,
    openLink: (host, onChange, onArrival) => {
      const session = new HostSession(host, onChange, onArrival, { tls, onRefused });
      sessions.set(host.name, session);
      return session;
    },
    controllerTarget: (link) => targetOf(options, hub.address, sessions.get(link.name) as HostSession),
    refused: () => refused.list(),
    log,
    now: () => performance.now(),
    readEveryMs: Math.max(READ_EVERY_MS, READ_EACH_MS * topology.hosts.length),
    probeEveryMs: options.probeEvery * 1000,
    enforce: options.verify === 'enforce',
  });
  const token = options.apiTokenFile === undefined ? {} : { token: tokenFrom(options.apiTokenFile) };
  const apply = planTaker({ controller, file, state: options.state });
  const api = await serveApi(controller, { url: options.api, apply, ...token }).catch(async (error: Error) => {
    await hub.close();
    throw new CliError(error instanceof ApiAddressError ? error.message : `--api ${options.api}: ${error.message}`, 2);
  });
  const stopFollowing = followFile(file, options, { log, controller }, (next) => {
    // An applied plan has written the file of what is in effect already.
    if (formatTopology(next) !== formatTopology(controller.state.world.topology)) controller.setTopology(next);
  });
  return {
    controller,
    api,
    close: async () => {
      stopFollowing();
      await api.close();
      await controller.stop();
      await hub.close();
    },
  };
}

/** Waits for a signal; with --once for every host to be confirmed, or for the time to be over. */
function untilEnd(controller: Controller, options: RunOptions): Promise<number> {
  return new Promise((resolve) => {
    const end = (code: number): void => {
      stop();
      clearTimeout(timeout);
      resolve(code);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(options.once ? 3 : 0));
    const look = (): void => {
      if (options.once && controller.settled) end(0);
    };
    const stop = controller.onPass(look);
    const timeout = options.once
      ? setTimeout(() => {
          for (const host of controller.state.world.topology.hosts) {
            const { result, failure } = controller.report(host.name);
            const why =
              [...(result?.errors ?? []), ...(failure === undefined ? [] : [failure])].join('; ') || 'not connected';
            if (result?.state !== 'ready') console.error(`kakuri: ${host.name} is not confirmed: ${why}`);
          }
          end(3);
        }, Number(options.timeout) * 1000)
      : undefined;
  });
}

async function runLocked(file: string, options: RunOptions, log: Logger): Promise<number> {
  const topology = await loadTopology(file, options.state).catch((error: unknown) => {
    if (error instanceof ProblemsError) throw new CliError(error.lines.join('\n'), 2);
    throw error;
  });
  const running = await start(file, topology, options, log);
  running.controller.start();
  const stopWarmUp = warmUp(WARM_UP_AFTER_MS, () => running.controller.settled);
  const stopPreparing = prepareInTime(() => running.controller.prepareOne());
  const { pid } = process;
  const api = running.api.url;
  console.log(options.json ? JSON.stringify({ ready: true, pid, api }) : `ready pid=${pid} api=${api}`);
  const code = await untilEnd(running.controller, options);
  stopWarmUp();
  stopPreparing();
  await running.close();
  return code;
}

/** Runs the controller to its end, the only one with its state directory; returns the exit code. */
export async function run(file: string, options: RunOptions): Promise<number> {
  const log = logger(options.logLevel);
  const lock = await lockState(stateDirectory(options.state)).catch((error: unknown) => {
    if (error instanceof StateLockError) throw new CliError(error.message, 2);
    throw error;
  });
  try {
    return await runLocked(file, options, log);
  } finally {
    await lock.release();
  }
}
