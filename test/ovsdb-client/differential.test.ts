/**
 * Scripts of requests, run against ovsdb-server and the fake server: both must answer and notify alike, but for the words of errors.
 * The real server is the oracle, so a script needs no expectation written down.
 */
import type { Step } from './support/cases.js';
import {
  alike,
  DB,
  insert,
  listen,
  map,
  mutate,
  NOWHERE,
  remove,
  type Scripts,
  set,
  transact,
  update,
} from './support/scripts.js';

/** The changes every monitor method is shown. */
const HISTORY: readonly Step[] = [
  transact(
    'B',
    insert('colls', {
      name: 'x',
      two: 1,
      si: set(1, 2),
      mss: map(['a', '1'], ['b', '2']),
      mis: map([1, 'one']),
      ss: 'only',
    }),
  ),
  transact(
    'B',
    update('colls', { si: set(2, 3), mss: map(['a', '9'], ['c', '3']), mis: map([1, 'uno'], [2, 'dos']), ss: set() }),
  ),
  transact('B', update('colls', { two: set(1, 2) })),
  transact('B', mutate('colls', ['si', 'insert', set(3, 4)], ['mss', 'delete', set('a')])),
  transact('B', update('colls', { name: 'x' })),
  transact('B', update('colls', { si: set(), two: 7 }), { op: 'abort' }),
  transact('B', remove('colls'), insert('colls', { name: 'x', two: 1 })),
  transact('B', remove('colls')),
  transact('B', insert('atoms', { s_len: 'abc', r_range: 1.5, i: -9 })),
  transact('B', update('atoms', { s_len: 'abcd', r_range: set() })),
  transact('B', update('atoms', { s_len: set(), b: true, r: 0.1 })),
  transact('B', remove('atoms')),
];

const monitorOf = (method: string, requests: object): Step => {
  const lists = Object.fromEntries(Object.entries(requests).map(([table, request]) => [table, [request]]));
  const params = method === 'monitor' ? [DB, 'm', requests] : [DB, 'm', lists];
  return ['A', method, params];
};
const COLUMNS = {
  colls: { columns: ['name', 'si', 'ss', 'two', 'mss', 'mis'] },
  atoms: { columns: ['s_len', 'r_range', 'i', 'b', 'r'] },
};
const watched = (monitor: Step): Step[] => [monitor, ...HISTORY.flatMap((step) => [step, listen('A')])];

const SCRIPTS: Scripts = {
  monitor: watched(monitorOf('monitor', COLUMNS)),
  monitor_cond: watched(monitorOf('monitor_cond', COLUMNS)),
  'monitor of some kinds of change only': watched(
    monitorOf('monitor', { colls: { columns: ['name', 'si'], select: { initial: false, modify: false } } }),
  ),
  'monitor_cond of some kinds of change only': watched(
    monitorOf('monitor_cond', { colls: { columns: ['name', 'si'], select: { insert: false, delete: false } } }),
  ),
  'rows that come and go by condition': [
    monitorOf('monitor_cond', {
      atoms: {
        columns: ['i', 's'],
        where: [
          ['i', '>', 5],
          ['s', '==', 'yes'],
        ],
      },
    }),
    transact('B', insert('atoms', { i: 1 })),
    listen('A'),
    transact('B', update('atoms', { i: 6 })),
    listen('A'),
    transact('B', update('atoms', { i: 7 })),
    listen('A'),
    transact('B', update('atoms', { i: 2, s: 'yes' })),
    listen('A'),
    transact('B', update('atoms', { s: 'no' })),
    listen('A'),
    ['A', 'monitor_cond_change', ['m', 'n', { atoms: [{ where: [['i', '==', 2]] }] }]],
    listen('A'),
    ['A', 'monitor_cond_change', ['n', 'n', { atoms: [{ where: [false] }] }]],
    listen('A'),
    ['A', 'monitor_cond_change', ['gone', 'n', {}]],
    transact('B', remove('atoms')),
    listen('A'),
  ],
  'monitors: twice, unknown, cancelled': [
    ['A', 'monitor', [DB, 'm', { atoms: {} }]],
    ['A', 'monitor', [DB, 'm', { atoms: {} }]],
    ['A', 'monitor', [DB, 'x', { nope: {} }]],
    ['A', 'monitor', ['nope', 'x', {}]],
    ['A', 'monitor_cancel', ['m']],
    ['A', 'monitor_cancel', ['m']],
  ],
  locks: [
    ['A', 'lock', ['l']],
    ['A', 'lock', ['l']],
    ['B', 'lock', ['l']],
    ['C', 'steal', ['l']],
    listen('A'),
    ['A', 'unlock', ['l']],
    ['C', 'unlock', ['l']],
    listen('B'),
    ['B', 'unlock', ['l']],
    ['B', 'unlock', ['l']],
    ['B', 'lock', ['not an id']],
  ],
  // ovsdb-server 3.1 leaves a weak reference in a map's value where the same transaction changes that row otherwise; the fake
  // takes it away. So the row that keeps and the row that likes are two here.
  'references and garbage': [
    transact(
      'A',
      insert('parent', { name: 'p', kids: ['named-uuid', 'k'] }),
      insert('parent', { name: 'q', fav: ['named-uuid', 'k'], byname: map(['a', ['named-uuid', 'k']]) }),
      { ...insert('child', { name: 'k' }), 'uuid-name': 'k' },
    ),
    transact('A', { op: 'select', table: 'parent', where: [['name', '==', 'q']], columns: ['fav', 'byname'] }),
    transact('A', remove('child')),
    transact('A', { op: 'update', table: 'parent', where: [['name', '==', 'p']], row: { kids: set() } }),
    transact('A', { op: 'select', table: 'parent', where: [['name', '==', 'q']], columns: ['kids', 'fav', 'byname'] }),
    transact('A', { op: 'select', table: 'child', where: [], columns: ['name'] }),
    transact('A', insert('parent', { kids: ['uuid', NOWHERE] })),
    transact('A', insert('parent', { fav: ['uuid', NOWHERE] })),
    transact('A', { op: 'select', table: 'parent', where: [['fav', '==', set()]], columns: ['fav'] }),
    transact('A', remove('parent')),
  ],
  'indexes and counts of rows': [
    transact('A', insert('colls', { name: 'a', two: 1 })),
    transact('A', insert('colls', { name: 'a', two: 1 })),
    transact('A', insert('colls', { name: 'b', two: 1 }), update('colls', { name: 'c' })),
    transact('A', remove('colls'), insert('colls', { name: 'a', two: 1 })),
    transact('A', insert('lone', { n: 1 }), insert('lone', { n: 2 })),
    transact('A', insert('lone', { n: 1 }), remove('lone'), insert('lone', { n: 2 })),
    transact('A', { op: 'select', table: 'lone', where: [], columns: ['n'] }),
    transact('A', remove('lone'), remove('colls')),
  ],
  wait: [
    transact('A', insert('lone', { n: 1 })),
    transact('A', { op: 'wait', table: 'lone', where: [], columns: ['n'], until: '==', rows: [{ n: 1 }], timeout: 0 }),
    transact(
      'A',
      { op: 'wait', table: 'lone', where: [], columns: ['n'], until: '!=', rows: [{ n: 1 }], timeout: 0 },
      insert('atoms', {}),
    ),
    transact('A', { op: 'wait', table: 'lone', where: [], columns: ['n'], until: '==', rows: [{ n: 2 }], timeout: 20 }),
    transact('A', { op: 'wait', table: 'atoms', where: [], columns: ['i'], until: '==', rows: [], timeout: 0 }),
    transact('A', {
      op: 'wait',
      table: 'lone',
      where: [],
      columns: ['n'],
      until: '==',
      rows: [{ n: 1 }, { n: 1 }],
      timeout: 0,
    }),
    transact('A', remove('lone')),
  ],
  'encodings that are refused': [
    transact('A', insert('atoms', { i: 'x' })),
    transact('A', insert('atoms', { i: 1.5 })),
    transact('A', insert('atoms', { b: 1 })),
    transact('A', insert('atoms', { s: 1 })),
    transact('A', insert('atoms', { i: set(1, 2) })),
    transact('A', insert('atoms', { i: set() })),
    transact('A', insert('atoms', { nope: 1 })),
    transact('A', insert('atoms', { i: set(5) })),
    transact('A', insert('colls', { two: 1, mss: set('a') })),
    transact('A', insert('colls', { two: 1, si: map([1, 2]) })),
    transact('A', insert('colls', { two: set(1, 2, 3) })),
    transact('A', { op: 'select', table: 'atoms', where: [['i', '~', 1]] }),
    transact('A', { op: 'select', table: 'atoms', where: [['nope', '==', 1]] }),
    transact('A', { op: 'select', table: 'atoms', where: [['s', '<', 'a']] }),
    transact('A', { op: 'select', table: 'atoms' }),
    transact('A', mutate('atoms', ['s', '+=', 1])),
    transact('A', mutate('atoms', ['i', '**', 1])),
    transact('A', { op: 'bogus' }, insert('atoms', {})),
    transact('A', remove('atoms')),
  ],
};

alike('monitors, references, refusals', SCRIPTS);
