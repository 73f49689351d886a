import { InMemoryInventory } from '#contexts/sync/testing';
import type { ForeignInventory, ForeignWrite, InventoryKind } from '../ports/index.js';
import { isMarkedBefore, withOwnMarks } from './own-marks.js';

const { signal } = new AbortController();
const target = (name: string) => ({ name, tenant: null });
const marks = (there: InMemoryInventory, kind: InventoryKind): (string | null)[] => there.all(kind).map(({ mark }) => mark);
const seen = async (inventory: ForeignInventory, kind: InventoryKind): Promise<(string | null)[]> =>
  (await inventory.scan(kind, null, signal)).objects.map(({ mark }) => mark);
const create = (mark: string): ForeignWrite => ({ verb: 'CREATE', mark, fields: target(mark) });

describe('marks of what every Trame calls the same', () => {
  let there: InMemoryInventory;
  let ours: ForeignInventory;
  beforeEach(() => {
    there = new InMemoryInventory();
    ours = withOwnMarks(there, '3f9c2a71');
  });

  it('say which Trame it is, and are ours again when they are read, and when they were just written', async () => {
    expect(await ours.write('routeTarget', [create('rt-65000:1')], signal)).toMatchObject([{ done: { mark: 'rt-65000:1' } }]);
    expect(marks(there, 'routeTarget')).toEqual(['rt-65000:1@3f9c2a71']);
    expect(await seen(ours, 'routeTarget')).toEqual(['rt-65000:1']);
    expect(await ours.findMarked('routeTarget', ['rt-65000:1'], signal)).toMatchObject([{ mark: 'rt-65000:1' }]);
    const remoteIds = there.all('routeTarget').map(({ remoteId }) => remoteId);
    expect(await ours.get('routeTarget', remoteIds, signal)).toMatchObject([{ mark: 'rt-65000:1' }]);
  });

  it('of another Trame look like no id of ours, and are not found as ours', async () => {
    there.put('routeTarget', target('65000:1'), 'rt-65000:1@00000000');
    expect(await seen(ours, 'routeTarget')).toEqual(['rt-65000:1@00000000@']);
    expect(await ours.findMarked('routeTarget', ['rt-65000:1'], signal)).toEqual([]);
  });

  it('as releases before wrote them look like no id of ours, are known as such, and are written anew', async () => {
    const remoteId = there.put('routeTarget', target('65000:1'), 'rt-65000:1');
    const [mark] = await seen(ours, 'routeTarget');
    expect(mark).not.toBe('rt-65000:1');
    expect(isMarkedBefore('routeTarget', mark ?? null, 'rt-65000:1')).toBe(true);
    expect(isMarkedBefore('routeTarget', mark ?? null, 'rt-65000:2')).toBe(false);
    const write: ForeignWrite = { verb: 'MARK', remoteId, version: null, mark: 'rt-65000:1', replaces: mark ?? '' };
    expect(await ours.write('routeTarget', [write], signal)).toMatchObject([{ done: { mark: 'rt-65000:1' } }]);
    expect(marks(there, 'routeTarget')).toEqual(['rt-65000:1@3f9c2a71']);
  });

  it('are as they are where ids are of one row in the world', async () => {
    there.put('tenant', { name: 'acme', slug: 'acme', description: null }, 'ten_1');
    expect(await seen(ours, 'tenant')).toEqual(['ten_1']);
    expect(isMarkedBefore('tenant', 'ten_1@', 'ten_1')).toBe(false);
  });

  it('that are longer than any of ours are cut, and another owner’s still', async () => {
    there.put('tenant', { name: 'acme', slug: 'acme', description: null }, 'x'.repeat(100_000));
    const [mark] = await seen(ours, 'tenant');
    expect(mark?.length).toBeLessThan(300);
    expect(mark).toMatch(/^x+/);
  });
});
