/** The addresses of a port, by family. */
import type { Port } from '../topology/index.js';

/** The port's IPv4 addresses, in the order of the topology. */
export const ipv4Addresses = (port: Port): readonly string[] => port.ips.filter((ip) => !ip.includes(':'));
