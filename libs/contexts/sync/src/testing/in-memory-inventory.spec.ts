import type { ForeignWrite } from '../ports/index.js';
import { type ForeignFault, InMemoryInventory, type InMemoryOptions } from './in-memory-inventory.js';

const signal = new AbortController().signal;
const create = (mark: string, name = mark): ForeignWrite => ({ verb: 'CREATE', mark, fields: { name, slug: name } });
const tenants = (inventory: InMemoryInventory) => inventory.all('tenant').map(({ mark, fields }) => [mark, fields['name']]);

/** Fails its calls with these faults, one after the other. */
function failing(faults: (ForeignFault | undefined)[], options: InMemoryOptions = {}) {
  return new InMemoryInventory({ ...options, onCall: () => faults.shift() });
}

it('shows everything once, in ascending order of ids, in pages', async () => {
  const inventory = new InMemoryInventory({ pageSize: 2 });
  const ids = ['c', 'a', 'b', 'd', 'e'].map((name) => inventory.put('tenant', { name, slug: name }));
  const seen: string[] = [];
  for (let after: string | null = null; ; ) {
    const page = await inventory.scan('tenant', after, signal);
    expect(page.total).toBe(5);
    seen.push(...page.objects.map(({ remoteId }) => remoteId));
    if (page.next === null) break;
    after = page.next;
  }
  expect(seen).toEqual(ids);
});

it('makes no second object for a mark, however often the answer is lost or the write arrives', async () => {
  const inventory = failing(['ANSWER_LOST', 'DUPLICATE']);
  await expect(inventory.write('tenant', [create('a')], signal)).rejects.toMatchObject({ facts: { retriable: true } });
  const [outcome] = await inventory.write('tenant', [create('a'), create('b')], signal);
  expect(outcome).toMatchObject({ done: { mark: 'a' } });
  expect(tenants(inventory)).toEqual([
    ['a', 'a'],
    ['b', 'b'],
  ]);
});

it('says that a write is stale where somebody was faster, and answers the second of two of the same', async () => {
  const inventory = failing([undefined, 'DUPLICATE', 'DUPLICATE'], {});
  const remoteId = inventory.put('tenant', { name: 'a', slug: 'a' });
  inventory.edit('tenant', remoteId, { name: 'edited' });
  const update: ForeignWrite = { verb: 'UPDATE', remoteId, version: '1', fields: { name: 'ours' } };
  expect(await inventory.write('tenant', [update], signal)).toEqual([{ stale: true }]);
  expect(await inventory.write('tenant', [{ ...update, version: '2' }], signal)).toEqual([{ stale: true }]);
  expect(tenants(inventory)).toEqual([[null, 'ours']]);
  const removal: ForeignWrite = { verb: 'DELETE', remoteId, version: null, mark: 'a' };
  inventory.remark('tenant', remoteId, 'a');
  expect(await inventory.write('tenant', [removal], signal)).toEqual([{ gone: true }]);
});

it('deletes nothing whose mark is another than the one that is said', async () => {
  const inventory = new InMemoryInventory();
  const remoteId = inventory.put('tenant', { name: 'a', slug: 'a' });
  expect(await inventory.write('tenant', [{ verb: 'DELETE', remoteId, version: null, mark: 'a' }], signal)).toEqual([{ stale: true }]);
  expect(tenants(inventory)).toHaveLength(1);
});

it('refuses references to nothing and to ids of ours, keys that are taken, unknown fields, and what is still referred to', async () => {
  const inventory = new InMemoryInventory({ isUnique: true });
  const tenant = inventory.put('tenant', { name: 'a', slug: 'a' });
  inventory.put('vrf', { name: 'v', tenant: { kind: 'tenant', id: `~${tenant}` } });
  const vrf = (id: string): ForeignWrite => ({ verb: 'CREATE', mark: 'v', fields: { name: 'w', tenant: { kind: 'tenant', id } } });
  expect(await inventory.write('vrf', [vrf('~9'), vrf('a')], signal)).toEqual([
    { refused: 'vrf.tenant: no tenant ~9' },
    { refused: 'vrf.tenant: a is no id of ours' },
  ]);
  expect(await inventory.write('tenant', [create('b', 'a')], signal)).toEqual([
    { refused: `tenant with this slug already exists (${tenant})` },
  ]);
  expect(await inventory.write('tenant', [{ verb: 'CREATE', mark: 'b', fields: { colour: 'red' } }], signal)).toEqual([
    { refused: 'tenant has no field colour' },
  ]);
  inventory.remark('tenant', tenant, 'a');
  expect(await inventory.write('tenant', [{ verb: 'DELETE', remoteId: tenant, version: null, mark: 'a' }], signal)).toEqual([
    { refused: expect.stringContaining('is referenced by vrf') },
  ]);
});

it('does half of a call that breaks in the middle', async () => {
  const inventory = failing(['HALF_DONE']);
  await expect(inventory.write('tenant', [create('a'), create('b')], signal)).rejects.toMatchObject({ code: 'FOREIGN_UNAVAILABLE' });
  expect(tenants(inventory)).toEqual([['a', 'a']]);
});

it('does not find, nor write, what it hides', async () => {
  const inventory = new InMemoryInventory();
  const remoteId = inventory.put('tenant', { name: 'a', slug: 'a' }, 'a');
  inventory.hide('tenant', [remoteId]);
  expect(await inventory.scan('tenant', null, signal)).toEqual({ objects: [], next: null, total: 0 });
  expect(await inventory.findMarked('tenant', ['a'], signal)).toEqual([]);
  expect(await inventory.write('tenant', [{ verb: 'UPDATE', remoteId, version: null, fields: {} }], signal)).toEqual([{ gone: true }]);
});

it('tells what people changed since, and not what we did', async () => {
  const inventory = new InMemoryInventory();
  const { next } = await inventory.changedSince(null, signal);
  await inventory.write('tenant', [create('a')], signal);
  const remoteId = inventory.put('tenant', { name: 'b', slug: 'b' });
  inventory.remove('tenant', remoteId);
  expect((await inventory.changedSince(next, signal)).changed).toEqual([
    { kind: 'tenant', remoteId, isDelete: false },
    { kind: 'tenant', remoteId, isDelete: true },
  ]);
});
