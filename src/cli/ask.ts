/** Asks the running controller's API; every failure is one clear line and the right exit code. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CliError } from './errors.js';

export interface AskOptions {
  readonly api: string;
  readonly apiTokenFile?: string;
}

export const DEFAULT_API = 'http://127.0.0.1:6680';

/** Adds the options that say where the controller is. */
export const withApi = (command: Command): Command =>
  command
    .option('--api <url>', 'where the running controller answers', DEFAULT_API)
    .option('--api-token-file <file>', 'file with the bearer token of the API');

/** The token in a file, without the line's end. Throws CliError 2 where it cannot be read or is empty. */
export function tokenFrom(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CliError(`--api-token-file ${file}: ${(error as Error).message}`, 2);
  }
  if (token === '') throw new CliError(`--api-token-file ${file}: the file is empty`, 2);
  return token;
}

/** An answer of the API, read. */
interface Answer<T> {
  readonly ok: boolean;
  readonly status: number;
  readonly body: T & { readonly error?: string };
}

/** GETs a path, or POSTs a value to it. Throws CliError 3 where no controller answers. */
export async function request<T>(path: string, { api, apiTokenFile }: AskOptions, value?: object): Promise<Answer<T>> {
  const headers: Record<string, string> =
    apiTokenFile === undefined ? {} : { authorization: `Bearer ${tokenFrom(apiTokenFile)}` };
  const sent =
    value === undefined
      ? { headers }
      : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(value) };
  let response: Response;
  try {
    response = await fetch(new URL(path, api), sent);
  } catch (error) {
    const cause = (error as Error).cause;
    const why = cause instanceof Error ? cause.message : (error as Error).message;
    throw new CliError(`no controller answers at ${api} (${why}); is \`kakuri run\` running? --api says where`, 3);
  }
  return { ok: response.ok, status: response.status, body: (await response.json()) as Answer<T>['body'] };
}

/** GETs a path as JSON. Throws CliError 3 where no controller answers, 2 where the question is wrong. */
export async function ask<T>(path: string, options: AskOptions): Promise<T> {
  const { ok, status, body } = await request<T>(path, options);
  if (ok) return body;
  throw new CliError(`${options.api}: ${body.error ?? `HTTP status ${status}`}`, status === 404 ? 2 : 3);
}
