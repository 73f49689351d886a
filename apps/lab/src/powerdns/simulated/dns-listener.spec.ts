import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import net from 'node:net';
import { OutboundHttp } from '#adapters/outbound';
import { resolve, startSimulatedPowerDns } from '../index.js';

const http = new OutboundHttp({ name: 'test', timeoutMs: 5000, maxResponseBytes: 100_000, allowPrivate: true });

async function serverWith(...rrsets: { name: string; type: string; content: string }[]) {
  const dns = await startSimulatedPowerDns({ zones: ['cust.example', 'sub.cust.example'] });
  for (const { name, type, content } of rrsets) {
    const zone = name.endsWith('.sub.cust.example.') ? 'sub.cust.example.' : 'cust.example.';
    const body = JSON.stringify({ rrsets: [{ name, type, ttl: 60, changetype: 'REPLACE', records: [{ content, disabled: false }] }] });
    const url = `${dns.apiUrl}/api/v1/servers/localhost/zones/${zone}`;
    expect(await http.request({ method: 'PATCH', url, headers: { 'x-api-key': dns.apiKey }, body })).toMatchObject({ status: 204 });
  }
  return dns;
}

describe('the simulated name server', () => {
  it('tells an unknown name, a name without such a record and a zone that is not its own apart', async () => {
    const dns = await serverWith({ name: 'a.b.cust.example.', type: 'A', content: '10.20.0.1' });
    try {
      expect(await resolve(dns.dnsPort, 'A.b.cust.example', 'A')).toEqual(['10.20.0.1']);
      const resolver = new Resolver({ timeout: 1000, tries: 1 });
      resolver.setServers([`127.0.0.1:${dns.dnsPort}`]);
      await expect(resolver.resolve4('nope.cust.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
      await expect(resolver.resolve6('a.b.cust.example')).rejects.toMatchObject({ code: 'ENODATA' });
      await expect(resolver.resolve4('b.cust.example')).rejects.toMatchObject({ code: 'ENODATA' });
      await expect(resolver.resolve4('www.other.example')).rejects.toMatchObject({ code: 'EREFUSED' });
      await expect(resolve(dns.dnsPort, 'www.other.example', 'A')).rejects.toMatchObject({ code: 'EREFUSED' });
      expect(await resolver.resolveSoa('cust.example')).toMatchObject({ nsname: 'ns1.cust.example', minttl: 3600 });
    } finally {
      await dns.stop();
    }
  });

  it('follows an alias within its zones and ends where one points to itself', async () => {
    const dns = await serverWith(
      { name: 'www.cust.example.', type: 'CNAME', content: 'web.sub.cust.example.' },
      { name: 'web.sub.cust.example.', type: 'A', content: '10.20.0.9' },
      { name: 'loop.cust.example.', type: 'CNAME', content: 'loop.cust.example.' },
    );
    try {
      expect(await resolve(dns.dnsPort, 'www.cust.example', 'A')).toEqual(['10.20.0.9']);
      expect(await resolve(dns.dnsPort, 'loop.cust.example', 'A')).toEqual([]);
    } finally {
      await dns.stop();
    }
  });

  it('survives what is no question', async () => {
    const dns = await serverWith({ name: 'a.cust.example.', type: 'A', content: '10.20.0.1' });
    const udp = createSocket('udp4');
    try {
      const head = Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
      const junk = [
        Buffer.alloc(0),
        Buffer.from('x'),
        head,
        Buffer.concat([head, Buffer.from([63, 1])]),
        Buffer.concat([head, Buffer.from([0xc0, 0x0c])]),
      ];
      for (const bytes of junk) await new Promise((sent) => udp.send(bytes, dns.dnsPort, '127.0.0.1', sent));
      const tcp = net.connect(dns.dnsPort, '127.0.0.1');
      tcp.write(Buffer.from([0, 3, 1, 2, 3]));
      await once(tcp.resume(), 'close');
      expect(await resolve(dns.dnsPort, 'a.cust.example', 'A')).toEqual(['10.20.0.1']);
    } finally {
      udp.close();
      await dns.stop();
    }
  });

  it('frees its ports, however often it is stopped', async () => {
    const dns = await serverWith();
    await Promise.all([dns.stop(), dns.stop()]);
    await expect(http.request({ method: 'GET', url: dns.apiUrl })).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
  });
});
