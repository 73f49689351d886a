import fc from 'fast-check';
import { isDomainError } from '#engines/kernel';
import { onboard } from './onboard.js';
import { handBuiltFabricInFull } from './testing/index.js';

const files = handBuiltFabricInFull();
const own = files.map(({ text }) => text.split('\n'));

/** A file with lines gone, doubled, moved, from elsewhere, or made up. */
const damaged = (lines: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(
      fc.tuple(
        fc.nat(lines.length - 1),
        fc.constantFrom('drop', 'double', 'swap', 'foreign', 'noise'),
        fc.nat(200),
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 40 }),
          fc.constantFrom('exit', '!', 'vrf X', ' rd 1:1', 'iface lo inet dhcp', 'no router bgp 65051', '   vxlan vlan 30 vni 30'),
        ),
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((changes) => {
      const text = [...lines];
      for (const [at, kind, other, noise] of changes) {
        const place = at % Math.max(1, text.length);
        if (kind === 'drop') text.splice(place, 1);
        if (kind === 'double') text.splice(place, 0, text[place] ?? '');
        if (kind === 'swap') text.splice(place, 2, text[place + 1] ?? '', text[place] ?? '');
        if (kind === 'foreign') text.splice(place, 0, own.flat()[other] ?? '');
        if (kind === 'noise') text.splice(place, 0, noise.replace(/[\r\n]/g, ' '));
      }
      return text.join('\n');
    });

describe('files that somebody damaged', () => {
  it('come back as they are where the head of a bridge is gone, and its ports are those of the interface before', () => {
    const broken = files.map((file) => ({ ...file, text: file.text.replace(/^auto VNET1000\niface VNET1000.*\n/m, '') }));
    expect(broken.filter(({ text }, at) => text !== files[at]?.text)).toHaveLength(1);
    const { report } = onboard(broken);
    expect(report.devices.flatMap((device) => device.files.flatMap(({ differences }) => differences))).toEqual([]);
  });

  it('come back as they are, or are refused with a code; never anything else', () => {
    fc.assert(
      fc.property(fc.tuple(...own.map(damaged)), (texts) => {
        try {
          const { report } = onboard(files.map((file, at) => ({ ...file, text: texts[at] ?? '' })));
          expect(report.devices.flatMap((device) => device.files.flatMap(({ differences }) => differences))).toEqual([]);
        } catch (error) {
          if (!isDomainError(error)) throw error;
          expect(['INVALID_VALUE', 'XML_INVALID', 'CHECK_FAILED']).toContain(error.code);
        }
      }),
      { numRuns: Number(process.env['TRAME_ONBOARDING_RUNS'] ?? 40) },
    );
  });
});
