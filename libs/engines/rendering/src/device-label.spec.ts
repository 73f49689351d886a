import fc from 'fast-check';
import { deviceLabel } from './device-label.js';

describe('a label on a device', () => {
  it.each([
    ['Blue customer', 'Blue customer'],
    ['Société Générale', 'Societe Generale'],
    ['Ærøskøbing', 'r sk bing'],
    ['部門', ''],
    ['a"; reload now', 'a reload now'],
    ['$(reboot) `id` ${x}', '(reboot) id x'],
    ['! exit', 'exit'],
    ['@secret:overlay@', 'secret:overlay'],
    ['a\nno router bgp 65051', 'a no router bgp 65051'],
    ['x'.repeat(200), 'x'.repeat(80)],
  ])('%j reads %j', (label, text) => {
    expect(deviceLabel(label)).toBe(text);
  });

  it('is printable, without a character of meaning, and without blanks at its ends, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (label) => {
        const text = deviceLabel(label);
        expect(text).toMatch(/^(?:[ -~](?<![!"?'$\\`{};|&<>#@]))*$/);
        expect(text).toBe(text.trim());
        expect(text.length).toBeLessThanOrEqual(80);
      }),
      { numRuns: 2000 },
    );
  });
});
