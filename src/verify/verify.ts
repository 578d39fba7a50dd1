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

/**
 * The keys of hosts whose networks nobody told us: a key is the tenant's whose ports send with it. One that two tenants
 * send with is the first one's, and the second one's packets are leaks.
 */
function withKeys(dumps: readonly HostDump[], spec: Spec): Spec {
  const wires = new Map<string, WireTable>();
  const heard = (type: string, key: number, mask: number, owner: string): void => {
    const rules = wires.get(type) ?? new WireTable();
    rules.add({ value: key, mask, owner });
    wires.set(type, rules);
  };
  for (const dump of dumps) {
    const view: HostView = { ...hostView(dump, spec), heard };
    new AbstractHost(view, ingressesOf(view));
  }
  return { ...spec, wires };
}
