/** Where one VM port is, or why it is nowhere; bindings.ts says what each state means. */

/** Where a port is, or will be. */
export interface Place {
  readonly host: string;
  /** Of the Interface. */
  readonly name: string;
  readonly ofport?: number;
}

/** What a port's bindings of all kinds may have beside its place. */
export interface Beside {
  /** The destination of a migration. */
  readonly to?: Place;
  /** Who else claims it, and why that one gets nothing. */
  readonly conflict?: string;
}

export type Binding =
  | ({ readonly state: 'bound' } & Place & { readonly ofport: number } & Beside)
  | ({ readonly state: 'pending'; readonly host: string; readonly name: string } & Beside)
  | {
      readonly state: 'unbound';
      /** The only host where it may run: others prepare for it once that host has a port of its network. */
      readonly expected?: string;
    }
  | { readonly state: 'unknown' }
  | { readonly state: 'conflict'; readonly reason: string };

/** The host where the port is, whether it has its number already or not; of a migration the source. */
export const whereIs = (b: Binding | undefined): string | undefined =>
  b?.state === 'bound' || b?.state === 'pending' ? b.host : undefined;

/** All places of a port: the one where it is, then the destination of a migration. */
export function placesOf(b: Binding | undefined): readonly Place[] {
  if (b?.state !== 'bound' && b?.state !== 'pending') return [];
  return b.to === undefined ? [b] : [b, b.to];
}

/** Where the port is on this host, if it is there at all. */
export const placeOn = (b: Binding | undefined, host: string): Place | undefined =>
  placesOf(b).find((place) => place.host === host);

/** The host where a port that is nowhere can only come to. */
export const expectedOn = (b: Binding | undefined): string | undefined =>
  b?.state === 'unbound' ? b.expected : undefined;
