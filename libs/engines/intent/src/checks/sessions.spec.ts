import { checkFabric, type FabricSnapshot } from '#engines/intent';
import { demoFabric, type SessionSpec, SnapshotBuilder } from '#engines/intent/testing';
import { PortName } from '#engines/kernel';

/** What a person sees of the findings, without the ids. */
const seen = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot).map(({ code, severity, path, message }) => ({ code, severity, path, message }));
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;

describe('sessions and links', () => {
  const pair = () =>
    new SnapshotBuilder()
      .device({ slug: 'a', platform: 'DEBIAN_FRR', vtep: '10.0.0.1', asn: 65_001, ports: ['ens19', 'ens20'] })
      .device({ slug: 'b', platform: 'DEBIAN_FRR', vtep: '10.0.0.2', asn: 65_002, ports: ['ens19', 'ens20'] })
      .link('10.1.0.0/31', { device: 'a', port: 'ens19', address: '10.1.0.0' }, { device: 'b', port: 'ens19', address: '10.1.0.1' });
  const a = { device: 'a', port: 'ens19', address: '10.1.0.0' };
  const b = { device: 'b', port: 'ens19', address: '10.1.0.1' };

  it('may cross two AS over a link', () => {
    expect(seen(pair().session(a, b).build())).toEqual([]);
  });

  it.each([
    [
      'reflecting between two AS',
      pair().session({ ...a, role: 'ROUTE_REFLECTOR' }, { ...b, role: 'ROUTE_REFLECTOR_CLIENT' }),
      'inside one AS only',
    ],
    [
      'a client without a reflector',
      demoFabric().session(
        { device: 'pve1', port: 'ens19', address: '172.16.1.51', role: 'ROUTE_REFLECTOR_CLIENT' },
        { device: 'pve2', port: 'ens19', address: '172.16.1.52' },
      ),
      'a client needs one',
    ],
    [
      'loopbacks of two AS',
      pair().session({ ...a, address: '10.0.0.1' }, { ...b, address: '10.0.0.2' }),
      'or say over how many hops it goes',
    ],
    [
      'an address that is nobody’s',
      pair().session({ ...a, address: '10.9.9.9' }, b),
      'let a speak from its loopback or from one of its links, not from 10.9.9.9',
    ],
    ['a device with itself', pair().session(a, { ...a, address: '10.0.0.1' }), 'connect a to another device than itself'],
    ['no address family', pair().session(a, b, { families: [] }), 'choose at least one address family'],
    ['a hold time below three keepalives', pair().session(a, b, { keepalive: 20, hold: 59 }), 'at most a third of it'],
    ['the same pair twice', pair().session(a, b).session(b, a), 'keep one of the 2 sessions between 10.1.0.0 and 10.1.0.1'],
    [
      'a device without a VTEP',
      demoFabric()
        .device({ slug: 'oob', platform: 'DEBIAN_FRR', vtep: null, ports: [] })
        .session({ device: 'oob', port: 'ens19', address: '172.16.1.9' }, { device: 'pve1', port: 'ens19', address: '172.16.1.51' }),
      'give oob a VTEP with an AS number, or remove its session',
    ],
  ])('refuses a session of %s', (_what, builder, message) => {
    expect(seen(builder.build())).toContainEqual(
      expect.objectContaining({ code: 'SESSION_INVALID', severity: 'ERROR', message: expect.stringContaining(message) }),
    );
  });

  it('goes over one cable, or says over how many hops', () => {
    const errors = (builder: SnapshotBuilder) => seen(builder.build()).map(({ message }) => message);
    const unnumbered = (left: string, right: string, spec: SessionSpec = {}) => {
      const built = pair().unnumberedPeering({ device: 'a', port: 'ens20' }, { device: 'b', port: 'ens20' }, spec).build();
      const ports = { a: left, b: right };
      const sessions = built.sessions.map((session) => ({
        ...session,
        ends: [
          { ...session.ends[0], port: PortName.parse(ports.a) },
          { ...session.ends[1], port: PortName.parse(ports.b) },
        ] as const,
      }));
      return seen({ ...built, sessions }).map(({ message }) => message);
    };
    expect(unnumbered('ens20', 'ens20')).toEqual([]);
    expect(unnumbered('ens20', 'ens19')).toEqual(['let the session of a and b use the two ports of one link']);
    expect(unnumbered('ens20', 'ens20', { multihop: 2 })).toEqual(['take the hops from the session of a and b: it goes over a port']);
    const loopbacks = [
      { ...a, address: '10.0.0.1' },
      { ...b, address: '10.0.0.2' },
    ] as const;
    expect(errors(pair().session(...loopbacks, { multihop: 2 }))).toEqual([]);
    expect(errors(pair().session(a, { ...b, address: '10.0.0.2' }))).toEqual([
      expect.stringContaining('or say over how many hops it goes'),
    ]);
  });

  it('counts no hops inside one AS, as people copy it from elsewhere', () => {
    const ends = [
      { device: 'pve1', port: 'lo', address: '172.16.1.51' },
      { device: 'pve2', port: 'lo', address: '172.16.1.52' },
    ] as const;
    expect(
      seen(
        demoFabric()
          .session(...ends, { multihop: 2 })
          .build(),
      ),
    ).toEqual([
      expect.objectContaining({
        code: 'SESSION_INVALID',
        message: 'take the hops from the session of pve1 and pve2: inside one AS nobody counts them',
      }),
    ]);
  });

  it('warns of a VTEP with networks that speaks EVPN with nobody', () => {
    expect(
      seen(
        pair()
          .network({ ...blue, on: ['a'] })
          .build(),
      ),
    ).toEqual([
      {
        code: 'SESSION_INVALID',
        severity: 'WARNING',
        path: 'devices.a',
        message: 'give a an EVPN session: its networks reach no other VTEP',
      },
    ]);
  });

  it.each([
    [
      'an address outside',
      pair().link('10.1.0.2/31', { ...a, port: 'ens20', address: '10.1.0.9' }, { ...b, port: 'ens20', address: '10.1.0.3' }),
      'LINK_INVALID',
      'choose a host address of 10.1.0.2/31 instead of 10.1.0.9',
    ],
    [
      'the broadcast address',
      pair().link('10.2.0.0/24', { ...a, port: 'ens20', address: '10.2.0.255' }, { ...b, port: 'ens20', address: '10.2.0.1' }),
      'LINK_INVALID',
      'instead of 10.2.0.255',
    ],
    [
      'a port that is not there',
      pair().link('10.1.0.2/31', { ...a, port: 'ens9', address: '10.1.0.2' }, { ...b, port: 'ens20', address: '10.1.0.3' }),
      'LINK_INVALID',
      'add port ens9 to a',
    ],
    [
      'one device twice',
      pair().link('10.1.0.2/31', { ...a, port: 'ens20', address: '10.1.0.2' }, { ...a, port: 'ens20', address: '10.1.0.3' }),
      'LINK_INVALID',
      'both ends are the same',
    ],
    [
      'a port of another link',
      pair().link('10.1.0.2/31', { ...a, address: '10.1.0.2' }, { ...b, port: 'ens20', address: '10.1.0.3' }),
      'PORT_CLASH',
      '10.1.0.0/31 and 10.1.0.2/31 share a ens19',
    ],
    [
      'an address that a VTEP has',
      pair().link('10.0.0.0/24', { ...a, port: 'ens20', address: '10.0.0.2' }, { ...b, port: 'ens20', address: '10.0.0.3' }),
      'DUPLICATE_ADDRESS',
      'a ens20 and device b',
    ],
  ])('refuses a link with %s', (_what, builder, code, message) => {
    expect(seen(builder.build())).toContainEqual(
      expect.objectContaining({ code, severity: 'ERROR', message: expect.stringContaining(message) }),
    );
  });
});
