/**
 * Proxmox SDN's NetBox plugin, call by call: which requests it sends, what it reads of the answers, when it gives up. Written from its public
 * behaviour; its own mistakes are kept, as it has to work unpatched.
 */
export interface PluginIp {
  readonly ip: string;
  readonly length: number;
  readonly mac?: string;
  readonly hostname?: string;
  readonly isGateway?: boolean;
}

interface Row {
  readonly id: number;
  readonly address: string;
  readonly description: string;
  readonly family: { readonly value: number };
}

export class ProxmoxPlugin {
  /** `METHOD path`, as they were sent. */
  readonly sent: string[] = [];

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  async configure(): Promise<void> {
    await this.call('GET', '/ipam/aggregates/');
  }

  async addSubnet(cidr: string, ranges: readonly (readonly [string, string])[] = []): Promise<void> {
    if ((await this.prefixId(cidr)) !== undefined) throw new Error(`prefix ${cidr} already exists in netbox`);
    await this.call('POST', '/ipam/prefixes/', { prefix: cidr });
    for (const [start, end] of ranges) await this.call('POST', '/ipam/ip-ranges/', { start_address: start, end_address: end });
  }

  async delSubnet(cidr: string, gateway: string): Promise<void> {
    const id = await this.prefixId(cidr);
    if (id === undefined) return;
    const inside = (await this.call('GET', `/ipam/ip-addresses/?parent=${cidr}`)) as { count: number };
    if (inside.count > 1) throw new Error(`cannot delete prefix ${cidr}, not empty!`);
    if (!(await this.delIp(gateway))) throw new Error('could not delete gateway ip');
    await this.call('DELETE', `/ipam/prefixes/${id}/`);
  }

  async addIp({ ip, length, mac, hostname, isGateway = false }: PluginIp): Promise<void> {
    const description = isGateway ? 'gateway' : mac === undefined ? null : `mac:${mac}`;
    try {
      await this.call('POST', '/ipam/ip-addresses/', {
        address: `${ip}/${length}`,
        description,
        ...(hostname !== undefined && { dns_name: hostname }),
      });
    } catch (error) {
      if (isGateway && (await this.isGateway(ip))) return;
      throw error;
    }
  }

  async updateIp({ ip, length, mac, hostname }: PluginIp): Promise<void> {
    const id = await this.ipId(ip);
    if (id === undefined) throw new Error(`can't find ip ${ip} in ipam`);
    const description = mac === undefined ? null : `mac:${mac}`;
    await this.call('PATCH', `/ipam/ip-addresses/${id}/`, {
      address: `${ip}/${length}`,
      description,
      ...(hostname !== undefined && { dns_name: hostname }),
    });
  }

  async addNextFreeIp(cidr: string, mac: string, hostname?: string): Promise<string> {
    const id = await this.prefixId(cidr);
    if (id === undefined) throw new Error(`can't find prefix ${cidr}`);
    return this.nextFree(`/ipam/prefixes/${id}/available-ips/`, mac, hostname);
  }

  async addRangeNextFreeIp(start: string, end: string, mac: string, hostname?: string): Promise<string> {
    const found = (await this.call('GET', `/ipam/ip-ranges/?start_address=${start}&end_address=${end}`)) as { results: { id: number }[] };
    const [range] = found.results;
    if (!range) throw new Error(`can't find range ${start}-${end}`);
    return this.nextFree(`/ipam/ip-ranges/${range.id}/available-ips/`, mac, hostname);
  }

  /** @returns whether there was one. */
  async delIp(ip: string): Promise<boolean> {
    const id = await this.ipId(ip);
    if (id === undefined) return false;
    await this.call('DELETE', `/ipam/ip-addresses/${id}/`);
    return true;
  }

  /** First of each family. */
  async ipsOf(mac: string): Promise<{ ip4?: string; ip6?: string }> {
    const { results } = (await this.call('GET', `/ipam/ip-addresses/?description__ic=${mac}`)) as { results: Row[] };
    const of = (family: number): string | undefined => results.find((row) => row.family.value === family)?.address.replace(/\/.*/, '');
    const [ip4, ip6] = [of(4), of(6)];
    return { ...(ip4 !== undefined && { ip4 }), ...(ip6 !== undefined && { ip6 }) };
  }

  private async nextFree(path: string, mac: string, hostname?: string): Promise<string> {
    const made = (await this.call('POST', path, {
      description: `mac:${mac}`,
      ...(hostname !== undefined && { dns_name: hostname }),
    })) as Row;
    return made.address.replace(/\/.*/, '');
  }

  private async isGateway(ip: string): Promise<boolean> {
    const { data } = (await this.call('GET', `/ipam/ip-addresses/?q=${ip}`)) as { data?: Row[] };
    return data?.[0]?.description === 'gateway';
  }

  private async prefixId(cidr: string): Promise<number | undefined> {
    const found = (await this.call('GET', `/ipam/prefixes/?q=${cidr.replace(/\/.*/, '')}`)) as { results: { id: number }[] };
    return found.results[0]?.id;
  }

  private async ipId(ip: string): Promise<number | undefined> {
    const found = (await this.call('GET', `/ipam/ip-addresses/?q=${ip}`)) as { results: { id: number }[] };
    return found.results[0]?.id;
  }

  private async call(method: string, path: string, body?: object): Promise<unknown> {
    this.sent.push(`${method} ${path}`);
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `token ${this.token}`, 'content-type': 'application/json; charset=UTF-8' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }
}
