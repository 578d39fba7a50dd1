/** An evaluation of two schemes with made-up values, each of them told apart in a report. */
import type { Evaluation, SchemeResult, Spread } from '../../../src/cli/evaluate/result.js';

const spread = (median: number): Spread => ({ median, least: median - 1, most: median + 1, n: 3 });

const result = (scheme: string, base: number): SchemeResult => ({
  scheme,
  about: `about ${scheme}`,
  isolation: {
    ownPairs: base + 1,
    ownReached: base + 2,
    foreignPairs: base + 3,
    foreignPackets: base + 4,
    forgedSent: base + 5,
    forgedArrived: base + 6,
    proof: { verdict: 'isolated', flows: base + 7, seconds: 0.5 },
  },
  flexibility: { moves: base + 8, gapMs: spread(base + 9), changed: ['MAC address'] },
  outages: [
    { element: 'link', cut: 'silent', gapMs: spread(base + 11), gapsMs: [base + 11], flowMods: base + 12 },
    { element: 'leaf', cut: 'carrier', gapMs: spread(base + 13), gapsMs: [base + 13], flowMods: 1 },
  ],
  scalability: {
    networks: base + 14,
    refusal: `<refused> ${base} | more`,
    filled: base + 15,
    flowsPerNetwork: base + 16,
    kilobytesPerNetwork: base + 17,
  },
  cost: {
    backbone: { networks: 1000, vms: 10_000, hosts: 20, ids: base + 18, macs: base + 19, routes: base + 20 },
    features: `features of ${scheme}`,
    concepts: ['one', 'two'],
    flowsOfATenant: base + 21,
    linesOfATenant: base + 22,
  },
  speed: {
    tcpMbits: spread(base + 23),
    tcpVsBare: spread(base + 24),
    packets: spread(base + 25),
    packetsVsBare: spread(base + 26),
    rttMicros: spread(base + 27),
    cpuPerGigabit: spread(base + 28),
  },
});

export const EVALUATION: Evaluation = {
  date: '2001-02-03',
  quick: true,
  machine: { cpus: 7, openvswitch: '9.8.7' },
  bare: { tcpMbits: spread(901), packets: spread(902), rttMicros: spread(903), cpuPerGigabit: spread(904) },
  routerVm: result('router', 800).speed,
  schemes: [
    result('first', 100),
    result('second', 500),
    {
      ...result('third', 300),
      outages: [],
      switchFaults: {
        links: 341,
        blocked: 342,
        outages: [
          { element: 'link', cut: 'silent', gapMs: spread(343), gapsMs: [343], heals: true, flowMods: 344 },
          { element: 'switch', cut: 'carrier', gapMs: spread(345), gapsMs: [345], heals: false, flowMods: 346 },
        ],
        loop: { sent: 347, copies: 348, ms: 349 },
      },
    },
  ],
};
