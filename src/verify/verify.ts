/** The proof over all hosts, and its result in words: the verdict, and for each leak a packet and its way. */
import { AbstractHost } from './abstract.js';
import type { HostLeak } from './host-proof.js';
import { HostProof } from './host-proof.js';
import { ingressesOf } from './ingress.js';
import { type HostView, hostView } from './judge.js';
import { type LeakReport, type Reasons, reportLeak } from './leak-report.js';
import type { HostDump } from './model.js';
import type { Spec } from './spec.js';
import { WireTable } from './underlay.js';

export type Verdict = 'isolated' | 'leak' | 'unproven';

export interface Proof {
  readonly verdict: Verdict;
  readonly flows: number;
  readonly leaks: readonly LeakReport[];
  /** Why it cannot be told, where it cannot. */
  readonly unproven: readonly string[];
}

/** All hosts' proofs, kept so that a change re-examines only what it touches. */
export interface Proofs {
  readonly hosts: ReadonlyMap<string, HostProof>;
}

/** Proves every host by itself. */
export function proveHosts(dumps: readonly HostDump[], spec: Spec): Proofs {
  return { hosts: new Map(dumps.map((dump) => [dump.host, new HostProof(hostView(dump, spec))])) };
}

/** What the hosts' proofs say together. */
export function conclude({ hosts }: Proofs, reasons?: Reasons): Proof {
  const leaks: HostLeak[] = [];
  const unproven: string[] = [];
  let flows = 0;
  for (const { result, view } of hosts.values()) {
    flows += view.dump.flows.size;
    leaks.push(...result.leaks);
    unproven.push(...result.unproven);
  }
  const verdict = leaks.length > 0 ? 'leak' : unproven.length > 0 ? 'unproven' : 'isolated';
  const views = new Map([...hosts].map(([name, proof]) => [name, proof.view]));
  return { verdict, flows, leaks: leaks.map((leak) => reportLeak(views, leak, reasons)), unproven };
}

/** The verdict over these dumps. */
export function verify(dumps: readonly HostDump[], given: Spec, reasons?: Reasons): Proof {
  const spec = given.kind === 'foreign' ? withKeys(dumps, given) : given;
  const proofs = new Map<string, HostProof>();
  for (const dump of dumps) {
    const proof = new HostProof(hostView(dump, spec));
    // A thousand hosts' states do not fit into memory; their results do.
    proof.forget();
    proofs.set(dump.host, proof);
  }
  return conclude({ hosts: proofs }, reasons);
}

/** Who sends with a key, on which hosts and how often. */
type Claims = Map<string, { readonly hosts: Set<string>; times: number }>;

/**
 * The keys of hosts whose networks nobody told us: a key is the tenant's whose ports send with it; where two do, the one's
 * who does on more hosts, in more ways (a fault is rare), and what the other sends with it is a leak.
 */
function withKeys(dumps: readonly HostDump[], spec: Spec): Spec {
  const heard = new Map<string, { type: string; key: number; mask: number; claims: Claims }>();
  for (const dump of dumps) {
    const view: HostView = {
      ...hostView(dump, spec),
      heard: (type, key, mask, owner) => {
        const name = `${type} ${key} ${mask}`;
        const { claims } = heard.get(name) ?? { claims: new Map() as Claims };
        const claim = claims.get(owner) ?? { hosts: new Set(), times: 0 };
        claim.hosts.add(dump.host);
        claim.times++;
        heard.set(name, { type, key, mask, claims: claims.set(owner, claim) });
      },
    };
    new AbstractHost(view, ingressesOf(view));
  }
  const wires = new Map<string, WireTable>();
  for (const { type, key, mask, claims } of heard.values()) {
    const rules = wires.get(type) ?? new WireTable();
    const [first] = [...claims].sort(([, a], [, b]) => b.hosts.size - a.hosts.size || b.times - a.times);
    if (first !== undefined) rules.add({ value: key, mask, owner: first[0] });
    wires.set(type, rules);
  }
  return { ...spec, wires };
}
