import dns from 'node:dns';
import { compareNatural } from '#engines/kernel';

/**
 * What a resolver learns from a name server on loopback: contents in natural order, names without the trailing dot.
 * Empty when the server says with authority that there is no such record; every other outcome throws.
 */
export async function resolve(dnsPort: number, name: string, type: 'A' | 'AAAA' | 'PTR'): Promise<string[]> {
  const resolver = new dns.promises.Resolver({ timeout: 1000, tries: 3 });
  resolver.setServers([`127.0.0.1:${dnsPort}`]);
  try {
    const found = type === 'PTR' ? resolver.resolvePtr(name) : type === 'A' ? resolver.resolve4(name) : resolver.resolve6(name);
    return (await found).sort(compareNatural);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === dns.NOTFOUND || code === dns.NODATA) return [];
    throw error;
  }
}
