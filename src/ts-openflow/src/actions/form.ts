/**
 * How one action looks on the wire: its number, the versions that have it, and its arguments.
 *
 * An action may have several forms (reg_move in 1.3, copy_field in 1.5). Encoding takes the first one that the version
 * has and that can say the arguments; a decoded action that came in another form names it in `wire`.
 */

import type { OpenFlowVersion } from '../version.js';
import type { Codec } from '../wire/codec.js';

/** Who defined the number: OpenFlow itself, or an experimenter whose subtypes are 16 bits. */
export type Vendor = 'of' | 'nx' | 'onf';

/** One form. `fits` says whether these arguments can be written so. */
export interface Form<T, I> {
  readonly name: string;
  readonly vendor: Vendor;
  readonly type: number;
  readonly from: OpenFlowVersion;
  readonly to: OpenFlowVersion;
  readonly codec: Codec<T, I>;
  readonly fits: (args: I, version: OpenFlowVersion) => boolean;
}

interface Options<I> {
  readonly from?: OpenFlowVersion;
  readonly to?: OpenFlowVersion;
  readonly fits?: (args: I, version: OpenFlowVersion) => boolean;
}

const make =
  (vendor: Vendor) =>
  <T, I>(name: string, type: number, codec: Codec<T, I>, o: Options<I> = {}): Form<T, I> => ({
    name,
    vendor,
    type,
    codec,
    from: o.from ?? 4,
    to: o.to ?? 6,
    fits: o.fits ?? (() => true),
  });

export const of = make('of');
export const nx = make('nx');
export const onf = make('onf');

/** The forms of an action, the preferred first; the arguments' types are the first form's. */
export function action<T, I>(...forms: readonly [Form<T, I>, ...Form<T, I>[]]): readonly Form<T, I>[] {
  return forms;
}
