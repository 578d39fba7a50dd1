/** Addresses as Open vSwitch writes them, one row each. */
import { expect } from 'chai';
import { formatAddress, parseActive, parsePassive } from 'ovsdb-client';

const ACTIVE: [string, object, string?][] = [
  ['tcp:10.0.0.1:6641', { kind: 'tcp', host: '10.0.0.1', port: 6641 }],
  ['tcp:10.0.0.1', { kind: 'tcp', host: '10.0.0.1', port: 6640 }, 'tcp:10.0.0.1:6640'],
  ['tcp:[fd00::1]:6640', { kind: 'tcp', host: 'fd00::1', port: 6640 }],
  ['ssl:hv1.example:6640', { kind: 'ssl', host: 'hv1.example', port: 6640 }],
  ['unix:/run/a b:c/db.sock', { kind: 'unix', path: '/run/a b:c/db.sock' }],
];
const PASSIVE: [string, object, string?][] = [
  ['ptcp:6640', { kind: 'ptcp', host: '0.0.0.0', port: 6640 }, 'ptcp:6640:0.0.0.0'],
  ['ptcp:', { kind: 'ptcp', host: '0.0.0.0', port: 6640 }, 'ptcp:6640:0.0.0.0'],
  ['ptcp:0:127.0.0.1', { kind: 'ptcp', host: '127.0.0.1', port: 0 }],
  ['pssl:6640:[::]', { kind: 'pssl', host: '::', port: 6640 }],
  ['punix:/tmp/x', { kind: 'punix', path: '/tmp/x' }],
];
const BAD: [string, string][] = [
  ['10.0.0.1:6640', 'not one of tcp, ssl, unix'],
  ['nothing', 'expected METHOD'],
  ['tcp:', 'expected HOST'],
  ['tcp:10.0.0.1:0', 'no port'],
  ['tcp:10.0.0.1:65536', 'no port'],
  ['tcp:10.0.0.1:66x', 'no port'],
  ['tcp:fd00::1:6640', 'expected HOST|no port'],
  ['unix:', 'path of the socket is missing'],
  ['ptcp:6640', 'not one of tcp, ssl, unix'],
];

describe('ovsdb-client: addresses', () => {
  for (const [text, address, back = text] of ACTIVE)
    it(`parses ${text}`, () => {
      expect(parseActive(text)).to.deep.equal(address);
      expect(formatAddress(parseActive(text))).to.equal(back);
    });
  for (const [text, address, back = text] of PASSIVE)
    it(`parses ${text}`, () => {
      expect(parsePassive(text)).to.deep.equal(address);
      expect(formatAddress(parsePassive(text))).to.equal(back);
    });
  for (const [text, why] of BAD)
    it(`refuses ${text}`, () =>
      expect(() => parseActive(text))
        .to.throw(new RegExp(why))
        .with.property('code', 'bad address'));
});
