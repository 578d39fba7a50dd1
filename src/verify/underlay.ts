/** Keys and addresses on the wire, found without looking through all of them: whose key, which host. */

/** A key on the wire: `value` under `mask`, as 32 bits. */
export interface WireRule {
  readonly value: number;
  readonly mask: number;
  readonly owner: string;
}

/** The keys of one type of tunnel. */
export class WireTable {
  readonly rules: WireRule[] = [];
  /** mask → value → owner. */
  readonly #byMask = new Map<number, Map<number, string>>();

  add(rule: WireRule): void {
    let values = this.#byMask.get(rule.mask);
    if (values === undefined) {
      values = new Map();
      this.#byMask.set(rule.mask, values);
    }
    if (values.has(rule.value)) return;
    values.set(rule.value, rule.owner);
    this.rules.push(rule);
  }

  /** Whose a key is of which only the bits of `known` are known, among the bits `width` that the tunnel carries. */
  owner(key: number, known: number, width: number): string | undefined {
    for (const [mask, values] of this.#byMask) {
      const bits = mask & width;
      const owner = (known & bits) === bits ? values.get(key & bits) : undefined;
      if (owner !== undefined) return owner;
    }
    return undefined;
  }
}

/** An address of the underlay as words: IPv4 has one, IPv6 four, the lowest 32 bits first. */
export type AddressWords = readonly number[];

/** The addresses of hosts' tunnels. */
export class VtepTable {
  readonly #addresses = new Map<string, AddressWords>();
  readonly #hosts = new Map<string, string>();

  add(host: string, address: AddressWords): void {
    this.#addresses.set(host, address);
    this.#hosts.set(address.join(), host);
  }

  address(host: string): AddressWords | undefined {
    return this.#addresses.get(host);
  }

  get hosts(): Iterable<string> {
    return this.#addresses.keys();
  }

  /** The host with this address; undefined: none. */
  host(address: AddressWords): string | undefined {
    return this.#hosts.get(address.join());
  }
}
