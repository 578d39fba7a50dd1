/** Marks on the rows of ports: at a host that is slow to answer one transaction waits, not one more for each event. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Subject } from 'rxjs';
import { type Happened, portMarks } from '../../src/controller/feedback.js';
import { initialState } from '../../src/controller/state.js';
import type { HostLink } from '../../src/session/index.js';
import { rightRows } from '../rows.js';
import { topologyOf } from '../world.js';

const AFTER_MS = 100;

describe('the marks of ports', () => {
  it('are written once at a time on each host, and looked at again after that', async () => {
    const topology = topologyOf();
    const rows = rightRows(topology, 'hv1', ['nobody']);
    const [tap] = rows.interfaces.filter(({ external_ids }) => external_ids['iface-id'] === 'nobody');
    // A mark that is not right, and never will be: each look finds something to write.
    const marked = rows.interfaces.map((row) =>
      row === tap ? { ...row, external_ids: { ...row.external_ids, 'kakuri-installed': '1' } } : row,
    );
    const answers: (() => void)[] = [];
    const link: Pick<HostLink, 'name' | 'rows' | 'configure'> = {
      name: 'hv1',
      rows: () => ({ ...rows, interfaces: marked }),
      configure: () => new Promise((resolve) => answers.push(resolve)),
    };
    const happened$ = new Subject<Happened>();
    const state = { ...initialState(topology), dirty: new Set(['hv1']) };
    const marks = portMarks({
      happened$,
      link: (name) => (name === 'hv1' ? (link as HostLink) : undefined),
      now: () => performance.now(),
    }).subscribe();
    try {
      for (let i = 0; i < 4; i += 1) {
        happened$.next({ state });
        await sleep(1.3 * AFTER_MS);
      }
      expect(answers).to.have.length(1);
      answers[0]?.();
      await sleep(3 * AFTER_MS);
      expect(answers).to.have.length(2);
    } finally {
      marks.unsubscribe();
    }
  });
});
