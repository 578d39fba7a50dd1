/** Flow text becomes the octets that ovs-ofctl sent for it; what ovs-ofctl refused is refused. */
import { expect } from 'chai';
import { decodeMessage, encodeMessage, formatFlow, OPENFLOW_VERSIONS, parseFlow, TextError } from 'ts-openflow';
import { recordedFlows } from '../fixtures.js';

const withoutXid = (hex: string): string => hex.slice(0, 8) + hex.slice(16);

describe('ts-openflow: flow text', () => {
  const flows = recordedFlows();

  it('has the octets of ovs-ofctl', () => {
    const accepted = flows.filter((f) => f.hex !== null);
    expect(accepted.length).greaterThan(400);
    for (const { text, version: name, hex } of accepted) {
      const version = OPENFLOW_VERSIONS[name];
      expect(withoutXid(encodeMessage(parseFlow(text, { version }), version).toString('hex')), `${name} ${text}`).equal(
        withoutXid(hex ?? ''),
      );
    }
  });

  it('is refused where ovs-ofctl refuses it', () => {
    const refused = flows.filter((f) => f.hex === null);
    expect(refused.length).greaterThan(100);
    for (const { text, version } of refused) {
      expect(() => parseFlow(text, { version: OPENFLOW_VERSIONS[version] }), `${version} ${text}`).throw(TextError);
    }
  });

  it('is printed as text that parses to the same flow', () => {
    let compared = 0;
    for (const { hex, version: name } of flows) {
      if (hex === null) continue;
      const version = OPENFLOW_VERSIONS[name];
      const flow = decodeMessage(Buffer.from(hex, 'hex'));
      if (flow.kind !== 'FlowMod') throw new Error(`${flow.kind} recorded`);
      const text = formatFlow(flow);
      // The text of these does not say all of the octets: a mask of all ones, an odd ERSPAN version, a longer form.
      if (
        /tun_erspan|gtpu|tun_metadata|actions=.*(encap|set_mpls_ttl|controller\()/.test(text) ||
        hex.includes('ffff1d06')
      )
        continue;
      const again = encodeMessage({ ...parseFlow(text, { version }), xid: flow.xid }, version);
      expect(formatFlow(decodeMessage(again) as typeof flow), text).equal(text);
      compared++;
    }
    expect(compared).greaterThan(400);
  });
});

describe('ts-openflow: errors of flow text say where and what', () => {
  const rows: readonly (readonly [text: string, line: number, column: number, expected: RegExp])[] = [
    ['in_port=1', 1, 10, /must specify an action/],
    ['nw_src=10.0.0.1,actions=drop', 1, 1, /ip_src needs its protocol/],
    ['in_port=1,tp_dst=80,actions=drop', 1, 11, /tcp_dst needs its protocol/],
    ['icmp6,nd_target=fd00::1,actions=drop', 1, 7, /nd_target needs nd/],
    ['foo=1,actions=drop', 1, 1, /unknown keyword "foo"/],
    ['tcp,tp_dst=99999,actions=drop', 1, 12, /does not fit 16 bits/],
    ['ip,\nnw_src=1.2.3,actions=drop', 2, 8, /not an IPv4 address/],
    ['actions=bar', 1, 9, /unknown action "bar"/],
    ['actions=output:1,drop', 1, 18, /must not be accompanied/],
    ['actions=set_field:5->foo', 1, 22, /a field expected/],
    ['actions=mod_nw_dst:10.0.0.1', 1, 9, /OFPBAC_MATCH_INCONSISTENT/],
    ['table=5,actions=goto_table:3', 1, 28, /a table after 5 expected/],
  ];
  for (const [text, line, column, expected] of rows) {
    it(JSON.stringify(text), () => {
      try {
        parseFlow(text, { version: 4 });
      } catch (e) {
        if (!(e instanceof TextError)) throw e;
        expect([e.line, e.column]).deep.equal([line, column]);
        expect(e.expected).match(expected);
        return;
      }
      throw new Error('no error');
    });
  }
});
