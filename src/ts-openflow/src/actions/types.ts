/** The types of actions, all of which follow from the table. */
import type { Form } from './form.js';
import type { ACTIONS, nestingActions } from './table.js';

type Table = typeof ACTIONS & ReturnType<typeof nestingActions>;

/** The name of an action. */
export type ActionKind = keyof Table;

/** An action we do not know: the type and everything after type and length (experimenter and padding included). */
export interface UnknownAction {
  readonly kind: 'unknown';
  readonly type: number;
  readonly octets: Buffer;
}

interface Wire {
  /** The form it came in, where that is not the one that would be written. */
  readonly wire?: string | undefined;
}

/** An action as decoded: every member is there. */
export type DecodedAction =
  | {
      [K in ActionKind]: Table[K] extends readonly Form<infer T, infer _I>[] ? { readonly kind: K } & Wire & T : never;
    }[ActionKind]
  | UnknownAction;

/** An action to encode: members with a default may be left out. */
export type Action =
  | {
      [K in ActionKind]: Table[K] extends readonly Form<infer _T, infer I>[] ? { readonly kind: K } & Wire & I : never;
    }[ActionKind]
  | UnknownAction;

/** One kind of action. */
export type ActionOf<K extends Action['kind']> = Extract<Action, { readonly kind: K }>;
