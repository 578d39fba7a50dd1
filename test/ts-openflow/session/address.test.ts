/** Connection addresses: text to value and back, and what is said of text that is none. */
import { expect } from 'chai';
import { type Address, AddressError, formatAddress, parseAddress } from 'ts-openflow';

const GOOD: readonly (readonly [text: string, address: Address, full: string])[] = [
  ['tcp:10.0.0.1', { kind: 'tcp', host: '10.0.0.1', port: 6653 }, 'tcp:10.0.0.1:6653'],
  ['tcp:10.0.0.1:6640', { kind: 'tcp', host: '10.0.0.1', port: 6640 }, 'tcp:10.0.0.1:6640'],
  ['tcp:[::1]', { kind: 'tcp', host: '::1', port: 6653 }, 'tcp:[::1]:6653'],
  ['ssl:[fe80::1]:1', { kind: 'ssl', host: 'fe80::1', port: 1 }, 'ssl:[fe80::1]:1'],
  ['ssl:hv2.example:6640', { kind: 'ssl', host: 'hv2.example', port: 6640 }, 'ssl:hv2.example:6640'],
  ['ptcp:', { kind: 'ptcp', port: 6653 }, 'ptcp:6653'],
  ['ptcp:0', { kind: 'ptcp', port: 0 }, 'ptcp:0'],
  ['ptcp:6633:127.0.0.1', { kind: 'ptcp', port: 6633, host: '127.0.0.1' }, 'ptcp:6633:127.0.0.1'],
  ['pssl::[::1]', { kind: 'pssl', port: 6653, host: '::1' }, 'pssl:6653:[::1]'],
  ['unix:/run/br.mgmt', { kind: 'unix', path: '/run/br.mgmt' }, 'unix:/run/br.mgmt'],
  ['punix:a:b', { kind: 'punix', path: 'a:b' }, 'punix:a:b'],
];

const BAD: readonly (readonly [text: string, message: RegExp])[] = [
  ['', /^: expected tcp:IP/],
  ['10.0.0.1:6653', /expected tcp:IP\[:PORT\]/],
  ['udp:10.0.0.1', /expected tcp:IP/],
  ['tcp:', /expected an address/],
  ['tcp:::1', /port :1 is not/],
  ['tcp:[::1', /port :1 is not/],
  ['tcp:[10.0.0.1]', /IPv6 in brackets/],
  ['tcp:1.2.3.4:0', /port 0 is not 1 to 65535/],
  ['tcp:1.2.3.4:65536', /port 65536 is not 1 to 65535/],
  ['tcp:1.2.3.4:', /port {2}is not/],
  ['ptcp:x', /port x is not 0 to 65535/],
  ['unix:', /expected unix:PATH/],
];

describe('connection address', () => {
  for (const [text, address, full] of GOOD)
    it(text, () => {
      expect(parseAddress(text)).to.deep.equal(address);
      expect(formatAddress(address)).to.equal(full);
      expect(parseAddress(full)).to.deep.equal(address);
    });
  for (const [text, message] of BAD)
    it(`refuses "${text}"`, () => expect(() => parseAddress(text)).to.throw(AddressError, message));
});
