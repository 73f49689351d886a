import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Secret } from '#platform';
import { selfSignedCertificate } from '#adapters/outbound/testing';
import { dnsZones } from './adapters.js';

describe('the client of a name server', () => {
  it('speaks to the one whose key was pinned, and says nothing to another', async () => {
    const { key, cert, spkiSha256 } = selfSignedCertificate('127.0.0.1');
    const keys: unknown[] = [];
    const server = https.createServer({ key, cert }, (request, response) => {
      keys.push(request.headers['x-api-key']);
      response.end('{"rrsets":[]}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const read = (...tlsSpkiSha256: string[]) =>
      dnsZones({
        url,
        apiKey: new Secret('CANARY'),
        tlsSpkiSha256,
        ownerId: 'us',
        formerOwnerIds: [],
        signal: new AbortController().signal,
      })
        .zone('cust.example')
        .read();
    try {
      await expect(read(spkiSha256)).resolves.toEqual([]);
      await expect(read(`${'A'.repeat(43)}=`)).rejects.toMatchObject({ code: 'DNS_UNREACHABLE' });
      await expect(read()).rejects.toMatchObject({ code: 'DNS_UNREACHABLE' });
      expect(keys).toEqual(['CANARY']);
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  });
});
