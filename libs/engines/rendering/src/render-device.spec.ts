import fc from 'fast-check';
import { compileFabric, type DeviceIntent, deviceIntent } from '#engines/intent';
import { demoFabric, demoSnapshot, scenarios } from '#engines/intent/testing';
import { digest, type Label, type Slug } from '#engines/kernel';
import { type Artefact, FRR_PATH, INTERFACES_PATH, RUNNING_CONFIG_PATH, renderDevice } from '#engines/rendering';

const everyDevice = Object.values(scenarios).flatMap((snapshot) => [...compileFabric(snapshot()).devices]);
const irb = compileFabric(scenarios['vrf-anycast-two-leaves']?.() ?? demoSnapshot());
/** Where a label may stand. */
const LABEL_LINES = /^ *(?:alias|description) .*\n/gm;
const text = (artefacts: readonly Artefact[]): string => artefacts.map(({ content }) => content).join('');

describe('the artefacts of a device', () => {
  it('of a host are its two files, interfaces before routing, with owner, mode and digest', () => {
    const artefacts = renderDevice(deviceIntent(compileFabric(demoSnapshot()), 'pve1'));
    expect(artefacts.map(({ device, path, format, mode, owner }) => ({ device, path, format, mode, owner }))).toEqual([
      { device: 'pve1', path: INTERFACES_PATH, format: 'ifupdown2', mode: 0o644, owner: 'root' },
      { device: 'pve1', path: FRR_PATH, format: 'frr', mode: 0o640, owner: 'frr' },
    ]);
    for (const { content, sha256 } of artefacts) expect(sha256).toBe(digest(content));
  });

  it('of a switch are the lines that Trame owns', () => {
    const artefacts = renderDevice(deviceIntent(compileFabric(demoSnapshot()), 'test'));
    expect(artefacts.map(({ path, format }) => ({ path, format }))).toEqual([{ path: RUNNING_CONFIG_PATH, format: 'eos' }]);
  });

  it('never leak what is merely connected, and hold nothing that FRR would not print back', () => {
    for (const device of everyDevice) expect(text(renderDevice(device))).not.toMatch(/redistribute connected|^line vty|^end$/m);
  });

  it('hold no line of a network that is not on the device', () => {
    const one = demoFabric().network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['pve2'] });
    const two = demoFabric()
      .network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['pve2'] })
      .network({ slug: 'green', vni: 10_002, eviId: 2, on: ['pve2'] });
    const of = (builder: typeof one, slug: string) => renderDevice(deviceIntent(compileFabric(builder.build()), slug));
    expect(of(two, 'pve1')).toEqual(of(one, 'pve1'));
    expect(of(two, 'pve2')).not.toEqual(of(one, 'pve2'));
  });
});

describe('hostile text', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 120 }),
    fc.constantFrom(
      'x\nno router bgp 65051',
      'x\r\n!\nreload now',
      '   exit\nusername a secret b',
      'x\u2028no vlan 100',
      '\\\n',
      '${`reboot`}',
      '"; reboot #',
      '!',
      '# x\niface eth0',
      '',
      ' ',
    ),
  );

  it('in a label changes that label and nothing else', () => {
    const shown = (device: DeviceIntent, label: string) => {
      const all = text(renderDevice(withLabels(device, label as Label)));
      return { structure: all.replace(LABEL_LINES, ''), neighbors: all.match(/^ *neighbor .* description .*\n/gm) };
    };
    const plain = new Map(irb.devices.map((device) => [device, shown(device, 'label')]));
    fc.assert(
      fc.property(fc.constantFrom(...irb.devices), hostile, (device, label) => {
        expect(shown(device, label)).toEqual(plain.get(device));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a host name', (device: DeviceIntent, value: string): DeviceIntent => ({ ...device, hostname: value })],
    ['a neighbor', (device, value) => withNeighbor(device, value as Slug)],
  ] satisfies [string, (device: DeviceIntent, value: string) => DeviceIntent][])(
    'that reached %s past every check is never handed out as a line',
    (_where, change) => {
      const device = deviceIntent(irb, 'pve1');
      for (const value of ['x\nno router bgp 65051', 'x\n!\nrouter bgp 1', 'x\n network 0.0.0.0/0', 'x\r\nlog stdout', 'é']) {
        expect(() => renderDevice(change(device, value))).toThrow(
          expect.objectContaining({ code: 'RENDER_ESCAPE', facts: expect.objectContaining({ device: 'pve1', path: FRR_PATH }) }),
        );
      }
    },
  );

  it('that reached a description of a switch past every check is never handed out as a line', () => {
    const device = deviceIntent(irb, 'leaf2');
    expect(() => renderDevice(withNeighbor(device, 'x\n   neighbor 10.9.9.9 remote-as 1' as Slug))).toThrow(
      expect.objectContaining({
        code: 'RENDER_ESCAPE',
        facts: expect.objectContaining({ path: RUNNING_CONFIG_PATH, line: '   neighbor 10.9.9.9 remote-as 1' }),
      }),
    );
  });
});

function withLabels(device: DeviceIntent, label: Label): DeviceIntent {
  return {
    ...device,
    l2vnis: device.l2vnis.map((network) => ({ ...network, networkName: label })),
    underlayPorts: device.underlayPorts.map((port) => ({ ...port, description: label })),
  };
}

function withNeighbor(device: DeviceIntent, description: Slug): DeviceIntent {
  return {
    ...device,
    bgp: device.bgp && { ...device.bgp, neighbors: device.bgp.neighbors.map((neighbor) => ({ ...neighbor, description })) },
  };
}
