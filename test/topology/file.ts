/** Topology files for tests: a right one, of which a test replaces the part it is about. */
import { type Problem, parseTopology, type TopologyDraft } from '../../src/topology/index.js';

export interface Parts {
  readonly underlay?: string;
  readonly hosts?: string;
  /** Keys of the network red/web. */
  readonly web?: string;
  readonly ports?: string;
  /** More networks of tenant red. */
  readonly networks?: string;
  readonly tenants?: string;
}

/** Each part is one or more lines in YAML's flow style, so that its place in the file is the same whatever it says. */
export function fileOf(parts: Parts): string {
  return [
    `underlay: ${parts.underlay ?? '{ encapsulation: geneve, tunnels: mesh, mtu: 1500 }'}`,
    `hosts: ${parts.hosts ?? '{ hv1: { ovsdb: "unix:/1", vtep: 10.99.0.1 }, hv2: { ovsdb: "unix:/2", vtep: 10.99.0.2 } }'}`,
    'tenants:',
    '  red:',
    '    networks:',
    '      web:',
    `        ${parts.web ?? 'subnets: [192.168.0.0/24, "fd00:1::/64"]'}`,
    `        ports: ${parts.ports ?? '{ vm1: { mac: "02:00:00:00:01:01", ips: [192.168.0.1] } }'}`,
    ...(parts.networks ? [`      ${parts.networks}`] : []),
    ...(parts.tenants ? [`  ${parts.tenants}`] : []),
    '',
  ].join('\n');
}

/** The draft of a file without problems. */
export function draftOf(text: string): TopologyDraft {
  const { draft, problems } = parseTopology(text, 'test.yaml');
  if (!draft) throw new Error(`problems: ${problems.map(brief).join('; ')}`);
  return draft;
}

export const brief = ({ line, column, code, message }: Problem): string => `${line}:${column} ${code}: ${message}`;
