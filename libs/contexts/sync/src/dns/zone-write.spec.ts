import type { Fqdn } from '#engines/kernel';
import { makePlan } from '#engines/reconcile';
import type { DnsZones } from '../ports/index.js';
import type { ZonePlan } from './zone-plan.js';
import { writeZone } from './zone-write.js';

const desired = ['a.z.example/a', 'b.z.example/a'].map((key) => ({ key, value: { ttl: 300, records: ['192.0.2.1'] } }));

it('what a name server gives as a reason, and what it answers, is kept in a line as far as a person reads', async () => {
  const many = Array.from({ length: 10_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
  const target = { apply: () => Promise.resolve([{ key: 'a.z.example/a', reason: `written, but ${many.join()} was read back` }]) };
  const zonePlan = {
    zone: 'z.example' as Fqdn,
    target,
    plan: makePlan({ subject: 'z', desired, actual: [] }),
    isNew: false,
    published: { sets: new Map() },
  };
  const lines = await writeZone(zonePlan as unknown as ZonePlan, {
    server: { ask: () => Promise.resolve(many) } as unknown as DnsZones,
    settings: { createZones: null, dnsAddress: '127.0.0.1' },
    isMeant: () => true,
    notes: { sending: () => Promise.resolve(), sent: () => Promise.resolve(), answered: () => Promise.resolve() },
  });
  expect(lines.map(({ key, reason, answered }) => [key, reason?.length, answered?.length])).toEqual([
    ['a.z.example/a', 500, undefined],
    ['b.z.example/a', undefined, 500],
  ]);
  expect(lines[0]?.reason).toMatch(/^written, but 10\.0\.0\.0,/);
});
