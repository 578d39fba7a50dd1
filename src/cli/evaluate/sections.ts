/** An evaluation as rows of text: what the terminal, the Markdown and the HTML report have in common. */
import type { Evaluation, Outage, SchemeResult, Speed, Spread, SwitchOutage } from './result.js';
import { ROUTER_VM } from './router-vm.js';

export interface Section {
  readonly title: string;
  /** What was done, and how to read the rows. */
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Three significant digits, no exponent. */
export function number(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en', { maximumFractionDigits: Math.min(digits, 4), useGrouping: true });
}

/** `median (least–most)`, or the one value. */
const spread = ({ median, least, most, n }: Spread): string =>
  n === 1 ? number(median) : `${number(median)} (${number(least)}–${number(most)})`;

const each = ({ schemes }: Evaluation, cells: (result: SchemeResult) => readonly string[]): string[][] =>
  schemes.map((result) => [result.scheme, ...cells(result)]);

const isolation = (evaluation: Evaluation): Section => ({
  title: 'Isolation',
  text:
    'Two tenants with the same MAC and IP addresses. Own: pairs of VMs of one network that reach each other. Foreign: packets ' +
    'that arrived at another tenant, over all pairs. Forged: packets that VMs sent with the MAC or IP address of another, and ' +
    'that a stranger on the underlay sent with right keys or from right VTEPs (on a trunk: with right VLAN ids, or a right MAC ' +
    'address); how many came out anywhere. Whoever may send with both is no longer a stranger: for tunnels that takes the ' +
    "address of a host, on a trunk the MAC address of a VM. The proof is of all packets, from the switches' own tables.",
  head: ['scheme', 'own pairs', 'foreign packets', 'forged packets', 'proof'],
  rows: each(evaluation, ({ isolation: i }) => [
    `${i.ownReached} of ${i.ownPairs}`,
    `${i.foreignPackets} over ${i.foreignPairs} pairs`,
    `${i.forgedArrived} of ${i.forgedSent}`,
    `${i.proof.verdict}, ${i.proof.flows} flows`,
  ]),
});

const flexibility = (evaluation: Evaluation): Section => ({
  title: 'Flexibility',
  text:
    'A VM goes to every other host, of its own rack and of another, and back; a ping every 10 ms meets it. The gap counts the ' +
    'lab’s own unplugging and plugging. Changed: what others know the VM by (IP, MAC, network, tunnel key or VLAN id) that is not ' +
    'the same.',
  head: ['scheme', 'moves', 'longest gap, ms', 'changed'],
  rows: each(evaluation, ({ flexibility: f }) => [
    String(f.moves),
    spread(f.gapMs),
    f.changed.length === 0 ? 'nothing' : f.changed.join(', '),
  ]),
});

/** In the words of the report. */
export const cutName = ({ element, cut }: Pick<Outage, 'element' | 'cut'>): string =>
  `${element === 'link' ? 'leaf–spine link' : element}, ${cut}`;

const routed = ({ schemes }: Evaluation) => schemes.filter(({ outages }) => outages.length > 0);

const faults = (evaluation: Evaluation): Section => ({
  title: 'Fault tolerance',
  text:
    'Leaf-spine fabric with OSPF and BFD (100 ms × 3) down to the hosts. The element in use fails in the middle of a ping every ' +
    '10 ms: by carrier, which both ends see, or silently, which only BFD does. Longest time without a reply, ms; the last column ' +
    'is what the controller had to send for it.',
  head: ['scheme', ...(routed(evaluation)[0]?.outages.map(cutName) ?? []), 'flow_mods'],
  rows: routed(evaluation).map(({ scheme, outages }) => [
    scheme,
    ...outages.map(({ gapMs }) => spread(gapMs)),
    String(outages.reduce((sum, { flowMods }) => sum + flowMods, 0)),
  ]),
});

const SWITCH_ELEMENTS = { link: 'link between switches', uplink: 'link of a host', switch: 'switch' } as const;

const healing = ({ heals, gapMs }: SwitchOutage): string =>
  heals ? `${spread(gapMs)} ms` : `until it is mended (looked at for ${spread(gapMs)} ms)`;

/** A scheme whose frames the switches carry has other elements than the routed fabric, and other answers. */
const switches = (evaluation: Evaluation): Section => ({
  title: 'Fault tolerance of switched VLANs',
  text:
    'The fabric above has nothing to do with VLANs: two switches carry the hosts’ trunks, with a second link between them. RSTP ' +
    '(IEEE 802.1D-2004, its own timers) blocks that one until the first fails; a host has one trunk. Longest time without a ' +
    'reply to a ping every 10 ms; flow_mods are what the controller had to send for it. The loop: RSTP taken away, a few ' +
    'broadcast frames sent once each.',
  head: ['scheme', 'what', 'found'],
  rows: evaluation.schemes.flatMap(({ scheme, switchFaults: found }) =>
    found === undefined
      ? []
      : [
          [scheme, 'links that RSTP blocks: nothing goes over them', `${found.blocked} of ${found.links}`],
          ...found.outages.map((o) => [
            scheme,
            `${SWITCH_ELEMENTS[o.element]}, ${o.cut}`,
            `${healing(o)}, ${o.flowMods} flow_mods`,
          ]),
          [
            scheme,
            'loop without RSTP',
            `${found.loop.copies.toLocaleString('en')} frames came to one VM in ${number(found.loop.ms)} ms, of ${found.loop.sent} sent`,
          ],
        ],
  ),
});

const scalability = (evaluation: Evaluation): Section => ({
  title: 'Scalability',
  text:
    'Networks that one installation can have, and what the next one is told. Flows and memory are those of a real ovs-vswitchd ' +
    'filled with networks of two VMs, one of them on its host.',
  head: ['scheme', 'networks', 'the next one', 'filled', 'flows a network', 'kB a network'],
  rows: each(evaluation, ({ scalability: s }) => [
    s.networks.toLocaleString('en'),
    s.refusal,
    s.filled.toLocaleString('en'),
    String(s.flowsPerNetwork),
    number(s.kilobytesPerNetwork),
  ]),
});

function cost(evaluation: Evaluation): Section {
  const size = evaluation.schemes[0]?.cost.backbone;
  return {
    title: 'Cost',
    text:
      `What the switches of the backbone must hold for ${size?.networks.toLocaleString('en')} networks with ` +
      `${size?.vms.toLocaleString('en')} VMs on ${size?.hosts} hosts, by how the scheme works, and what they must be able to do.`,
    head: ['scheme', 'VLAN ids', "VMs' MAC entries", 'routes', 'features'],
    rows: each(evaluation, ({ cost: c }) => [
      c.backbone.ids.toLocaleString('en'),
      c.backbone.macs.toLocaleString('en'),
      c.backbone.routes.toLocaleString('en'),
      c.features,
    ]),
  };
}

const operating = (evaluation: Evaluation): Section => ({
  title: 'Operating cost',
  text: 'For one tenant with two VMs, counted: words that one must know, flows on one host, lines of the topology file.',
  head: ['scheme', 'words', 'flows', 'lines'],
  rows: each(evaluation, ({ cost: c }) => [
    `${c.concepts.length}: ${c.concepts.join(', ')}`,
    String(c.flowsOfATenant),
    String(c.linesOfATenant),
  ]),
});

const ROUTER_VM_TEXT =
  ` ${ROUTER_VM}: the historical IP tunnel, whose end is a router VM beside each VM (here a network namespace, cheaper than ` +
  'a VM; its own CPU is not counted), built in the lab without Kakuri.';

const speedRow = (name: string, s: Speed): string[] => [
  name,
  spread(s.tcpMbits),
  spread(s.tcpVsBare),
  spread(s.packets),
  spread(s.packetsVsBare),
  spread(s.rttMicros),
  spread(s.cpuPerGigabit),
];

const performance = (evaluation: Evaluation): Section => ({
  title: 'Performance',
  text:
    'Between VMs on two hosts, measured in turns with VMs that are bridged to the underlay without encapsulation; ratios are of ' +
    'the same round. TCP: one stream, MTU 1450. Packets: echo requests of 64 octets, 64 under way. CPU: seconds of both ' +
    'ovs-vswitchd for one gigabit. Userspace datapath; underlay and trunks are bridges of the kernel.' +
    (evaluation.routerVm === undefined ? '' : ROUTER_VM_TEXT),
  head: ['scheme', 'TCP, Mbit/s', '÷ bare', 'packets/s', '÷ bare', 'idle RTT, µs', 'CPU s/Gbit'],
  rows: [
    ...evaluation.schemes.map(({ scheme, speed }) => speedRow(scheme, speed)),
    ...(evaluation.routerVm === undefined ? [] : [speedRow(ROUTER_VM, evaluation.routerVm)]),
    [
      'none (bare)',
      spread(evaluation.bare.tcpMbits),
      '1',
      spread(evaluation.bare.packets),
      '1',
      spread(evaluation.bare.rttMicros),
      spread(evaluation.bare.cpuPerGigabit),
    ],
  ],
});

export const sections = (evaluation: Evaluation): readonly Section[] =>
  [isolation, flexibility, faults, switches, scalability, cost, operating, performance]
    .map((make) => make(evaluation))
    .filter(({ rows }) => rows.length > 0);

/** Where and how it was measured, in one sentence. */
export const provenance = ({ date, quick, machine }: Evaluation): string =>
  `Measured on ${date} with Open vSwitch ${machine.openvswitch} (userspace datapath), ${machine.cpus} CPUs, real switches and VMs in network ` +
  `namespaces${quick ? '; a quick run, few repetitions' : ''}. Median (least–most) where there are several.`;
