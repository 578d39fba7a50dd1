/**
 * What takes Kakuri off a host: its tunnels, its controller, its marks and names, and the bridge where Kakuri made it and
 * nobody else's port is on it. What others own stays as it is. A bridge that stays keeps fail_mode=secure: without flows
 * it forwards nothing, while `standalone` would join all tenants.
 */
import { TABLES } from '../pipeline/index.js';
import { BRIDGE, INSTALLED_KEY, MIGRATION_KEY, OWNER_KEY, TUNNEL_KEY } from './config.js';
import type { BridgeRow, Change, HostRows, StringMap } from './rows.js';

export interface RemovePlan {
  readonly changes: readonly Change[];
  /** In words, one line each. */
  readonly done: readonly string[];
}

const OUR_CONFIG = ['datapath-id', 'hwaddr', 'disable-in-band'] as const;

const keys = (map: StringMap, names: readonly string[]): StringMap =>
  Object.fromEntries(names.flatMap((name) => (map[name] === undefined ? [] : [[name, map[name]]])));

function dropKeys(
  bridge: BridgeRow,
  column: 'other_config' | 'external_ids',
  names: readonly string[],
): readonly Change[] {
  const value = keys(bridge[column], names);
  return Object.keys(value).length === 0
    ? []
    : [{ op: 'mutate', table: 'Bridge', at: { uuid: bridge._uuid }, column, mutator: 'delete', value }];
}

/** The marks on the rows of VMs' ports, which are others'. */
function dropMarks({ interfaces }: HostRows): readonly Change[] {
  return interfaces.flatMap(({ _uuid: uuid, external_ids }): readonly Change[] => {
    const value = keys(external_ids, [INSTALLED_KEY, MIGRATION_KEY]);
    if (Object.keys(value).length === 0) return [];
    return [{ op: 'mutate', table: 'Interface', at: { uuid }, column: 'external_ids', mutator: 'delete', value }];
  });
}

/** The bridge stays: everything of ours is taken off it. */
function stripBridge(bridge: BridgeRow, rows: HostRows): RemovePlan {
  const at = { uuid: bridge._uuid };
  const tunnels = rows.ports.filter((p) => bridge.ports.includes(p._uuid) && p.external_ids[TUNNEL_KEY] !== undefined);
  const controllers = rows.controllers.filter(
    (c) => bridge.controller.includes(c._uuid) && c.external_ids[OWNER_KEY] !== undefined,
  );
  const take = (column: string, uuids: readonly string[]): readonly Change[] =>
    uuids.length === 0
      ? []
      : [{ op: 'mutate', table: 'Bridge', at, column, mutator: 'delete', value: uuids.map((uuid) => ({ uuid })) }];
  const ours = new Set<number>(TABLES.map((table) => table.id));
  const names = new Map(
    Object.entries(bridge.flow_tables)
      .filter(([id]) => ours.has(Number(id)))
      .map(([id, uuid]) => [Number(id), { uuid }]),
  );
  return {
    changes: [
      ...take(
        'controller',
        controllers.map((c) => c._uuid),
      ),
      ...take(
        'ports',
        tunnels.map((p) => p._uuid),
      ),
      ...(names.size === 0
        ? []
        : [{ op: 'mutate', table: 'Bridge', at, column: 'flow_tables', mutator: 'delete', value: names } as const]),
      ...dropKeys(bridge, 'other_config', OUR_CONFIG),
      ...dropKeys(bridge, 'external_ids', [OWNER_KEY, 'kakuri-created']),
      ...dropMarks(rows),
    ],
    done: [
      ...controllers.map((c) => `controller ${c.target} removed from ${BRIDGE}: its tables are empty now`),
      ...tunnels.map((p) => `tunnel ${p.name} removed`),
      `${BRIDGE} kept, closed (fail_mode=secure)`,
    ],
  };
}

/** What to change so that nothing of Kakuri is left on the host. */
export function removePlan(rows: HostRows, keepBridge: boolean): RemovePlan {
  const bridge = rows.bridges.find((b) => b.name === BRIDGE);
  if (bridge === undefined || rows.root === undefined)
    return { changes: [], done: [`no ${BRIDGE}: nothing to remove`] };
  if (bridge.external_ids[OWNER_KEY] === undefined)
    return { changes: [], done: [`${BRIDGE} is not Kakuri's: nothing removed`] };
  const others = rows.ports.filter(
    (p) => bridge.ports.includes(p._uuid) && p.name !== BRIDGE && p.external_ids[TUNNEL_KEY] === undefined,
  );
  if (keepBridge || bridge.external_ids['kakuri-created'] !== 'true' || others.length > 0) {
    const plan = stripBridge(bridge, rows);
    const why = others.length > 0 ? [`ports of others are on ${BRIDGE}: ${others.map((p) => p.name).join(', ')}`] : [];
    return { changes: plan.changes, done: [...plan.done, ...why] };
  }
  return {
    changes: [
      {
        op: 'mutate',
        table: 'Open_vSwitch',
        at: { uuid: rows.root._uuid },
        column: 'bridges',
        mutator: 'delete',
        value: [{ uuid: bridge._uuid }],
      },
    ],
    done: [`${BRIDGE} and everything on it removed`],
  };
}
