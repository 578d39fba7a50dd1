/**
 * What a host's flows are made for, without the flows: the objects that need some, in the order of the pieces that they
 * are in. An object that is the same as before needs the same flows, so two states are compared by these, and only what
 * differs is made. Pure.
 */
import type { ObjectKind, ObjectValues } from '../pipeline/index.js';
import { type FlowsOf, sameObject } from './remember.js';
import type { Part } from './state.js';

/** One object of a kind, which needs flows on a host. */
export type Need = { readonly [K in ObjectKind]: { readonly kind: K; readonly object: ObjectValues[K] } }[ObjectKind];

/** Its flows. */
export const made = (flowsOf: FlowsOf, { kind, object }: Need): Part => flowsOf(kind, object);

/** What it is among the needs of one piece, whatever else of it has changed. */
function anchorOf(need: Need): unknown {
  switch (need.kind) {
    case 'port':
    case 'remote':
      return need.object.port;
    case 'peer':
      return `${need.object.tunnel.name} ${need.object.wire.encapsulation} ${need.object.wire.key}`;
    case 'sender':
      return `${need.object.port.path} ${need.object.tunnel.name} ${need.object.host} ${need.object.wire.key}`;
    case 'tunnel':
      return need.object.name;
    case 'vtep':
      return `${need.object.tunnel.name} ${need.object.host}`;
    default:
      return need.kind;
  }
}

/** The needs of one piece that are in one list and not in the other. */
export function needsApart(
  before: readonly Need[],
  after: readonly Need[],
): { readonly gone: readonly Need[]; readonly come: readonly Need[] } {
  if (before.length === 0 || after.length === 0) return { gone: before, come: after };
  const was = new Map(before.map((need) => [anchorOf(need), need]));
  const come: Need[] = [];
  for (const need of after) {
    const anchor = anchorOf(need);
    const old = was.get(anchor);
    if (old !== undefined && old.kind === need.kind && sameObject(old.object, need.object)) was.delete(anchor);
    else come.push(need);
  }
  return { gone: [...was.values()], come };
}
