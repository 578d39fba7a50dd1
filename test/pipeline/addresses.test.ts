import { expect } from 'chai';
import { ipv6Addresses, knownAddresses } from '../../src/pipeline/index.js';
import { linkLocal } from '../../src/topology/index.js';
import { topologyOf } from '../world.js';

describe('addresses of a port', () => {
  it('have the link-local one of RFC 4291, appendix A', () => {
    // The example of RFC 2464, clause 4.
    expect(linkLocal('34:56:78:9a:bc:de')).to.equal('fe80::3656:78ff:fe9a:bcde');
    expect(linkLocal('02:00:00:00:01:01')).to.equal('fe80::ff:fe00:101');
    expect(linkLocal('00:00:00:00:00:01')).to.equal('fe80::200:ff:fe00:1');
  });

  it('are IPv6 in a network with an IPv6 subnet only', () => {
    for (const dual of [false, true]) {
      const network = topologyOf({ dual }).networks[0];
      const port = network?.ports[0];
      if (network === undefined || port === undefined) throw new Error('no port');
      expect(ipv6Addresses(network, port)).to.deep.equal(dual ? ['fe80::ff:fe00:101', 'fd00:1::1'] : []);
      expect(knownAddresses(network, port)).to.deep.equal(['192.168.0.1', ...ipv6Addresses(network, port)]);
    }
  });
});
