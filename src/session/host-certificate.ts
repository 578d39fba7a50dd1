/**
 * Whose is a certificate? It names its host by a DNS name of its subjectAltName or, where it has none, by its common
 * name; compared letter by letter, without wildcards. `ovs-pki req+sign NAME` writes `NAME id:UUID` into both, which is
 * taken as NAME: no host's name holds a blank, so no other host can be meant.
 */
import type { X509Certificate } from 'node:crypto';

/** The common name; undefined where there is none, or several. */
function commonName(certificate: X509Certificate): string | undefined {
  const name: unknown = certificate.toLegacyObject().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}

/** The name of ovs-pki's forms. */
const pkiName = (name: string): string | undefined => /^(\S+) id:[^,"]+$/.exec(name)?.[1];

/** True when the certificate is this host's. */
export function namesHost(certificate: X509Certificate, host: string): boolean {
  // What matched comes back: OpenSSL does not look at the case, and names of hosts differ by it.
  if (certificate.checkHost(host, { subject: 'default', wildcards: false }) === host) return true;
  const name = commonName(certificate);
  if (name === undefined || pkiName(name) !== host) return false;
  return certificate.subjectAltName === undefined || certificate.subjectAltName === `DNS:${name}`;
}

/** The names in a certificate, for people. */
export const namesIn = (certificate: X509Certificate): string =>
  certificate.subjectAltName ?? commonName(certificate) ?? 'nobody';
