/**
 * The part of the Open_vSwitch schema that a fake host needs: the tables and columns that the controller reads and writes,
 * with their types and references as in ovs-vswitchd.conf.db(5), schema 8.3.1.
 */

const unlimited = { min: 0, max: 'unlimited' } as const;
const strings = { type: { key: 'string', value: 'string', ...unlimited } };
const optional = (key: unknown) => ({ type: { key, min: 0, max: 1 } });
const refs = (table: string) => ({ type: { key: { type: 'uuid', refTable: table }, ...unlimited } });
const oneOf = (...values: readonly string[]) => ({ type: 'string', enum: ['set', values] });

export const SCHEMA = {
  name: 'Open_vSwitch',
  version: '8.3.1',
  tables: {
    Open_vSwitch: {
      isRoot: true,
      maxRows: 1,
      columns: {
        bridges: refs('Bridge'),
        ovs_version: optional('string'),
        iface_types: { type: { key: 'string', ...unlimited } },
        external_ids: strings,
        other_config: strings,
        cur_cfg: { type: 'integer' },
        next_cfg: { type: 'integer' },
      },
    },
    Bridge: {
      indexes: [['name']],
      columns: {
        name: { type: 'string', mutable: false },
        datapath_type: { type: 'string' },
        fail_mode: optional(oneOf('standalone', 'secure')),
        protocols: { type: { key: 'string', ...unlimited } },
        other_config: strings,
        external_ids: strings,
        ports: refs('Port'),
        controller: refs('Controller'),
        flow_tables: {
          type: {
            key: { type: 'integer', minInteger: 0, maxInteger: 254 },
            value: { type: 'uuid', refTable: 'Flow_Table' },
            ...unlimited,
          },
        },
      },
    },
    Port: {
      indexes: [['name']],
      columns: {
        name: { type: 'string', mutable: false },
        interfaces: { type: { key: { type: 'uuid', refTable: 'Interface' }, min: 1, max: 'unlimited' } },
        external_ids: strings,
      },
    },
    Interface: {
      indexes: [['name']],
      columns: {
        name: { type: 'string', mutable: false },
        type: { type: 'string' },
        options: strings,
        bfd: strings,
        bfd_status: strings,
        ofport: optional('integer'),
        error: optional('string'),
        mtu: optional('integer'),
        status: strings,
        external_ids: strings,
      },
    },
    Controller: {
      columns: {
        target: { type: 'string' },
        inactivity_probe: optional('integer'),
        max_backoff: optional({ type: 'integer', minInteger: 1000 }),
        connection_mode: optional(oneOf('in-band', 'out-of-band')),
        external_ids: strings,
      },
    },
    Flow_Table: { columns: { name: optional('string') } },
  },
} as const;
