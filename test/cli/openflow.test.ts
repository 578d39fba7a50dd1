/** `kakuri openflow decode` and `parse-flow`: one answer for each line, in order, whatever the line. */
import { expect } from 'chai';
import { kakuri } from '../lab/kakuri.js';

const answers = async (command: string, lines: readonly string[]) => {
  const { code, stdout } = await kakuri(['openflow', command], { stdin: `${lines.join('\n')}\n` });
  expect(code).to.equal(0);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
};

describe('kakuri openflow', () => {
  it('decodes a message a line, and says of each bad one what is wrong where', async () => {
    const hello = '0600001000000001000100080000007e';
    const found = await answers('decode', [hello, 'no hex', `${hello}00`, hello.slice(0, 20), '05140008000000ff']);
    expect(found).to.have.length(5);
    expect(found[0]).to.include({ ok: true, version: '1.5', xid: 1, reencoded: hello, error: null });
    expect(found[0].text).to.match(/^OFPT_HELLO \(OF1\.5\) \(xid=0x1\):/);
    for (const bad of found.slice(1, 4)) {
      expect(bad).to.include({ ok: false, type: null, text: null, reencoded: null });
      expect(bad.error).to.be.a('string').and.not.equal('');
    }
    expect(found[3].error).to.match(/at octet \d+/);
    expect(found[4]).to.include({ ok: true, type: 'OFPT_BARRIER_REQUEST', version: '1.4', xid: 255 });
  });

  it('parses a flow a line, and refuses what would widen a match', async () => {
    const line = (version: string, text: string) => JSON.stringify({ version, text });
    const found = await answers('parse-flow', [
      line('1.3', 'in_port=1,actions=drop'),
      line('1.3', 'nw_src=10.0.0.1,actions=drop'),
      'no json',
      line('9.9', 'actions=drop'),
    ]);
    expect(found.map((f) => f.ok)).to.deep.equal([true, false, false, false]);
    expect(found[0].hex).to.match(/^040e00/);
    expect(found[1].error).to.match(/^1:\d+: /);
    for (const bad of found.slice(1)) expect(bad.hex).to.equal(null);
  });
});
