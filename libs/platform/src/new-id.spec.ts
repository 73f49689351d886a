import { newId } from './new-id.js';

describe('new ids', () => {
  const ids = Array.from({ length: 10_000 }, () => newId<string>());

  it('are UUIDs of version 7 that carry the time they were made', () => {
    const id = newId<string>();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Math.abs(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16) - Date.now())).toBeLessThan(1000);
  });

  it('are all different, and their random ends too', () => {
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids.map((id) => id.slice(-10))).size).toBeGreaterThan(ids.length - 10);
  });

  it('rise within a process, so that rows of one time lie together', () => {
    expect(ids.toSorted()).toEqual(ids);
  });
});
