/** parse(format(flow)) = flow, to the octet, for flows over all fields and actions that text can say. */
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeMessage, formatFlow, parseFlow } from 'ts-openflow';
import { SAYABLE, sayableFlow } from './sayable.js';

export function declareRoundTrip(numRuns: number): void {
  for (const version of [4, 5, 6] as const) {
    it(`1.${version - 1}: parse(format(flow)) = flow`, () => {
      const same = fc.property(sayableFlow(version), (flow) => {
        const text = formatFlow(flow);
        const again = encodeMessage(parseFlow(text, { version }), version);
        expect(again.toString('hex'), text).equal(encodeMessage(flow, version).toString('hex'));
      });
      fc.assert(same, { numRuns });
    });
  }
}

/** That every action with a text is among the generated flows. */
export function declareSayable(): void {
  it('every action that text can say is generated', () => {
    const said = Object.entries(SAYABLE).flatMap(([kind, row]) => (typeof row === 'string' ? [] : [kind]));
    const found = new Set<string>();
    for (const version of [4, 6] as const) {
      for (const flow of fc.sample(sayableFlow(version), { numRuns: 700, seed: 1 })) {
        for (const instruction of flow.instructions ?? [])
          if ('actions' in instruction) for (const { kind } of instruction.actions ?? []) found.add(kind);
      }
    }
    expect(said.filter((kind) => !found.has(kind))).deep.equal([]);
  });
}
