/** Hosts as nobody has seen them: with the VMs that the topology puts on one host first, and empty tables. */
import type { Topology } from '../topology/index.js';
import { type DumpPort, FlowSet, type HostDump } from '../verify/index.js';

/** Each port of any of the topologies that has `hosts` is on the first of them; the others are nowhere. */
export function offlineHosts(...topologies: readonly Topology[]): readonly HostDump[] {
  const all = topologies.flatMap(({ networks }) => networks.flatMap(({ ports }) => ports));
  const ports = [...new Map(all.map((port) => [port.ifaceId, port])).values()];
  const hosts = new Set(topologies.flatMap((topology) => topology.hosts.map(({ name }) => name)));
  return [...hosts].map((name) => {
    const here = ports.filter((port) => port.hosts?.[0] === name);
    const rows = here.map(
      ({ ifaceId }, i): DumpPort => ({ ofport: i + 1, name: ifaceId, type: '', options: {}, ifaceId }),
    );
    return {
      host: name,
      flows: new FlowSet(),
      groups: new Map(),
      meters: new Set(),
      ports: new Map(rows.map((row) => [row.ofport, row])),
    };
  });
}
