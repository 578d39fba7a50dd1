/** The schemes that are measured beside each other, and what each asks of the backbone. */
import { type Encapsulation, largestKey } from '../../topology/index.js';

export interface Scheme {
  readonly name: string;
  readonly encapsulation: Encapsulation;
  /** One line for the report. */
  readonly about: string;
  /** What the switches and routers between the hosts must be able to do. */
  readonly backbone: string;
  /** The words of its own that one must know to read a tenant's configuration and flows. */
  readonly concepts: readonly string[];
}

const COMMON = ['tenant', 'network', 'port', 'host', 'VTEP'] as const;
const ROUTED = 'IP routing (any equipment; ECMP spreads by the outer UDP port)';

export const SCHEMES: readonly Scheme[] = [
  {
    name: 'geneve',
    encapsulation: 'geneve',
    about: 'Ethernet in UDP (RFC 8926), 24-bit VNI',
    backbone: ROUTED,
    concepts: [...COMMON, 'VNI'],
  },
  {
    name: 'vxlan',
    encapsulation: 'vxlan',
    about: 'Ethernet in UDP (RFC 7348), 24-bit VNI',
    backbone: ROUTED,
    concepts: [...COMMON, 'VNI'],
  },
  {
    name: 'gre',
    encapsulation: 'gre',
    about: 'Ethernet in GRE (RFC 2784, 2890), 32-bit key',
    backbone: 'IP routing; no ports in the outer header, so ECMP sees one flow for each pair of hosts',
    concepts: [...COMMON, 'GRE key'],
  },
  {
    name: 'nvgre',
    encapsulation: 'nvgre',
    about: 'Ethernet in GRE (RFC 7637), 24-bit VSID and a FlowID',
    backbone: 'IP routing; ECMP sees one flow for each pair of hosts unless it hashes the GRE key',
    concepts: [...COMMON, 'VSID', 'FlowID'],
  },
  {
    name: 'ip-tunnel',
    encapsulation: 'ip-tunnel',
    about: 'IP in GRE (RFC 2784, 2890) without Ethernet, 32-bit key; no broadcast between hosts',
    backbone: 'IP routing; no ports in the outer header, so ECMP sees one flow for each pair of hosts',
    concepts: [...COMMON, 'GRE key'],
  },
  {
    name: 'vlan',
    encapsulation: 'vlan',
    about: 'IEEE 802.1Q tag, 12-bit id, on a trunk of each host',
    backbone:
      'switches that know VLANs, learn MAC addresses for each and take frames of 1504 octets; a spanning tree, or no second way',
    concepts: ['tenant', 'network', 'port', 'host', 'trunk', 'VLAN id', 'spanning tree'],
  },
];

/** True where the switches between the hosts take part: they carry the VMs' own frames. */
export const isSwitched = ({ encapsulation }: Pick<Scheme, 'encapsulation'>): boolean => encapsulation === 'vlan';

/** Networks that an installation can have at most: keys from 1 to the largest. */
export const mostNetworks = ({ encapsulation }: Scheme): number => largestKey(encapsulation);
