import dns from 'node:dns';
import { compareNatural, Ip } from '#engines/kernel';
import { splitKey } from './api-rrset.js';
import { PowerDnsError } from './powerdns-error.js';

/** Of addresses and PTRs, which is all that is written. @returns canonical contents in natural order; none where the server says with authority that there are none. @throws DNS_UNREACHABLE. */
export async function askNameServer(address: string, key: string): Promise<readonly string[]> {
  const { name, type } = splitKey(key);
  const resolver = new dns.promises.Resolver({ timeout: 1000, tries: 2 });
  try {
    resolver.setServers([address]);
    if (type === 'A') return (await resolver.resolve4(name)).sort(compareNatural);
    if (type === 'AAAA') return (await resolver.resolve6(name)).map((text) => Ip.parse(text) as string).sort(compareNatural);
    return (await resolver.resolvePtr(name)).map((text) => `${text.toLowerCase()}.`).sort(compareNatural);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === dns.NOTFOUND || code === dns.NODATA) return [];
    const facts = { zone: name, retriable: true, detail: String(code) };
    throw new PowerDnsError('DNS_UNREACHABLE', `the name server ${address} did not answer for ${key}: ${String(code)}`, facts, {
      cause: error,
    });
  }
}
