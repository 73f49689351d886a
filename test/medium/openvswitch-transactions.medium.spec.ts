/**
 * Transactions of Open vSwitch from any configuration of ours to any other, on a real ovsdb-server, beside things of guests and of others and
 * after somebody has changed what is ours by hand.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readOpenVswitch } from '#engines/adoption';
import { compileFabric, type OvsBridgeFacts, type OvsPortFacts } from '#engines/intent';
import { internalPort, ovsBond, ovsBridge, ovsHost, ovsMirror, ovsPort } from '#engines/intent/testing';
import { DeviceName, Ip, Vni } from '#engines/kernel';
import { type OvsRows, parseOvsRows } from '#engines/reconcile';
import { OVS_ROWS_PATH, renderDevice } from '#engines/rendering';
import { describeWith } from '../support/describe-with.js';
import { missingForOvsDatabase, OvsDatabase } from '../support/ovs-database.js';

const vlan = fc.integer({ min: 0, max: 4095 });
const name = (text: string) => DeviceName.parse(text);

/** VLANs of a port as they may be said together. */
const vlans = fc.oneof(
  fc.constant({}),
  vlan.map((tag) => ({ tag })),
  fc.uniqueArray(vlan, { maxLength: 5 }).map((trunks) => ({ trunks })),
  fc
    .record({ tag: vlan, trunks: fc.uniqueArray(vlan, { maxLength: 3 }), vlanMode: fc.constantFrom('native-tagged', 'native-untagged') })
    .map((said) => ({ ...said, vlanMode: said.vlanMode as 'native-tagged' })),
  fc
    .record({ tag: vlan, cvlans: fc.uniqueArray(vlan, { maxLength: 3 }), outerTag: fc.constantFrom('802.1q' as const, null) })
    .map((said) => ({
      ...said,
      vlanMode: 'dot1q-tunnel' as const,
    })),
);

/** What each of six cards is for: nothing, a port of a bridge, or a member of one of two bonds. */
const layout = fc.record({
  cards: fc.array(fc.constantFrom('none', 'br0', 'br0', 'br1', 'br1', 'bond0', 'bond1'), { minLength: 6, maxLength: 6 }),
  bonds: fc.array(fc.constantFrom('br0', 'br1'), { minLength: 2, maxLength: 2 }),
  bonding: fc.constantFrom(
    { mode: 'balance-tcp', lacp: 'active', lacpTime: 'fast' } as const,
    { mode: 'balance-slb', lacp: 'off', lacpTime: null } as const,
    { mode: 'active-backup', lacp: 'passive', lacpTime: null } as const,
  ),
  bridges: fc.constantFrom([], ['br0'], ['br1'], ['br0', 'br1'], ['br0', 'br1'], ['br0', 'br1', 'br2']),
  vlans: fc.array(vlans, { minLength: 12, maxLength: 12 }),
  tunnels: fc.uniqueArray(fc.record({ vni: fc.integer({ min: 1, max: 3 }), end: fc.integer({ min: 1, max: 3 }) }), {
    maxLength: 4,
    selector: ({ vni, end }) => `${vni} ${end}`,
  }),
  internal: fc.constantFrom('br0', 'br1', 'none'),
  isMirrored: fc.boolean(),
  probe: fc.option(fc.integer({ min: 1, max: 4000 }), { nil: null }),
  secure: fc.boolean(),
});
type Layout = typeof layout extends fc.Arbitrary<infer T> ? T : never;

function bridgesOf(plan: Layout): OvsBridgeFacts[] {
  return plan.bridges.map((bridge) => {
    const cards = plan.cards.flatMap((use, i) => (use === bridge ? [ovsPort(`e${i}`, plan.vlans[i])] : []));
    const bonds = plan.bonds.flatMap((home, i): OvsPortFacts[] => {
      const members = plan.cards.flatMap((use, card) => (use === `bond${i}` ? [`e${card}`] : []));
      return home === bridge && members.length > 1 ? [ovsBond(`bond${i}`, members, plan.bonding, plan.vlans[6 + i])] : [];
    });
    const tunnels = bridge === 'br0' ? plan.tunnels.map(({ vni, end }) => tunnel(vni, end)) : [];
    const ports = [...cards, ...bonds, ...tunnels, ...(plan.internal === bridge ? [internalPort('int0', [], plan.vlans[8])] : [])];
    const [first, second] = [ports[0]?.name, ports[1]?.name];
    const mirrors =
      plan.isMirrored && first && second
        ? [ovsMirror('m0', second, { selectSource: [first] }), ovsMirror('m1', 'tap9', { selectAll: true })]
        : [];
    const sflow =
      plan.probe === null ? null : { agent: name('lo'), targets: ['192.0.2.1:6343'], header: null, sampling: plan.probe, polling: null };
    return ovsBridge(bridge, ports, { mirrors, sflow, failMode: plan.secure ? 'secure' : null, hasRstp: plan.secure });
  });
}

function tunnel(vni: number, end: number): OvsPortFacts {
  const port = name(`vx${vni}x${end}`);
  const remote = Ip.parse(`172.16.0.${end}`);
  return ovsPort(port, {
    isProtected: true,
    interfaces: [{ type: 'vxlan', name: port, vni: Vni.parse(vni), remote, local: null, udpPort: 4790 }],
  });
}

function desiredOf(plan: Layout) {
  const [intent] = compileFabric(ovsHost('OVSDB', bridgesOf(plan)).build()).devices;
  if (!intent?.openvswitch) throw new Error('the host has no Open vSwitch');
  const rows = parseOvsRows(renderDevice(intent).find(({ path }) => path === OVS_ROWS_PATH)?.content ?? '');
  return { rows, facts: intent.openvswitch.bridges };
}

const drift = fc.array(fc.record({ kind: fc.constantFrom('tag', 'trunks', 'clear', 'del', 'mirrors', 'options'), port: fc.nat() }), {
  maxLength: 4,
});

describeWith({ missing: missingForOvsDatabase() }, 'a transaction of Open vSwitch', () => {
  let directory: string;
  let database: OvsDatabase;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-ovs-'));
    database = await OvsDatabase.start(directory);
  });
  afterEach(() => database.clear());
  afterAll(async () => {
    await database.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Guests on every bridge of ours, and a bridge, columns and keys that are none of our business. */
  function addStrangers({ bridges }: OvsRows): void {
    const commands = bridges.flatMap((bridge, i) => [
      ['add-port', bridge.name, `tap${i}00i0`, `tag=${i + 5}`],
      ['set', 'Bridge', bridge.name, 'external_ids:owner=somebody', 'other_config:mac-aging-time=60'],
      ...bridge.ports.map(({ name: port }) => ['set', 'Port', port, 'external_ids:seen=yes', 'other_config:bond-hash-basis=7']),
    ]);
    const other = [
      ['add-br', 'other'],
      ['add-port', 'other', 'fe0', 'trunks=1,2'],
    ];
    database.vsctl(...[...commands, ...other].flatMap((command) => ['--', ...command]));
  }

  /** Rows of guests and of others with all that they say, and what stands on rows of ours beside our columns. */
  function strangers(kept: ReadonlySet<string>): unknown {
    const table = (args: readonly string[]): unknown[][] =>
      (JSON.parse(database.vsctl('--format=json', ...args)) as { data: unknown[][] }).data.sort((a, b) =>
        String(a[0]).localeCompare(String(b[0])),
      );
    const ports = table(['--columns=name,_uuid,tag,trunks,interfaces,vlan_mode,external_ids,other_config', 'list', 'Port']);
    const isTheirs = (port: unknown): boolean => /^(?:tap|other|fe0)/.test(String(port));
    return {
      ports: ports.filter(([port]) => isTheirs(port)),
      bridge: table(['--columns=name,_uuid,ports,external_ids', 'find', 'Bridge', 'name=other']),
      beside: ports
        .filter(([port]) => kept.has(String(port)))
        .map((row) => [row[0], row[6], JSON.stringify(row[7]).includes('bond-hash-basis')]),
    };
  }

  function byHand(rows: OvsRows, changes: readonly { readonly kind: string; readonly port: number }[]): void {
    for (const { kind, port } of changes) {
      const all = database.vsctl('--format=json', '--columns=name', 'list', 'Port');
      const there = (JSON.parse(all) as { data: string[][] }).data.flat();
      const own = rows.bridges
        .flatMap((bridge) => bridge.ports.filter((one) => one.name !== bridge.name).map((one) => one.name))
        .filter((one) => there.includes(one));
      const victim = own[port % Math.max(1, own.length)];
      if (victim === undefined) return;
      if (kind === 'tag') database.vsctl('set', 'Port', victim, 'tag=77');
      if (kind === 'trunks') database.vsctl('set', 'Port', victim, 'trunks=7,8', 'vlan_mode=trunk', 'protected=true');
      if (kind === 'clear') database.vsctl('clear', 'Port', victim, 'tag', 'trunks', 'cvlans', 'vlan_mode', 'lacp');
      if (kind === 'del') database.vsctl('del-port', victim);
      if (kind === 'mirrors') database.vsctl('clear', 'Bridge', database.vsctl('port-to-br', victim).trim(), 'mirrors', 'sflow');
      if (kind === 'maps') database.vsctl('set', 'Port', victim, 'other_config:lacp-time=fast', 'other_config:qinq-ethtype=802.1q');
      if (kind === 'maps' && victim.startsWith('vx'))
        database.vsctl('set', 'Interface', victim, 'options:key=99', 'options:local_ip=192.0.2.9');
    }
  }

  it('leads from any configuration of ours to any other, once, and touches nothing else', () => {
    fc.assert(
      fc.property(layout, layout, drift, (first, second, changes) => {
        database.clear();
        const [before, after] = [desiredOf(first), desiredOf(second)];
        database.apply(before.rows);
        addStrangers(before.rows);
        byHand(before.rows, changes);
        const portsOf = (rows: OvsRows) => rows.bridges.flatMap((bridge) => bridge.ports.map((port) => port.name));
        const dump = database.dumpText();
        const deleted = new Set(portsOf(before.rows).filter((port) => !dump.includes(`"${port}"`)));
        const kept = new Set(portsOf(after.rows).filter((port) => portsOf(before.rows).includes(port) && !deleted.has(port)));
        const theirs = strangers(kept);

        const { heldBridges, waitingMirrors } = database.apply(after.rows, before.rows);

        expect(strangers(kept)).toEqual(theirs);
        expect(database.transaction(after.rows, before.rows).argv).toEqual([]);
        const gone = before.rows.bridges.filter((bridge) => !after.rows.bridges.some((one) => one.name === bridge.name));
        expect(heldBridges.map(({ bridge }) => bridge).sort()).toEqual(gone.map((bridge) => bridge.name).sort());
        const waiting = new Set(waitingMirrors.map(({ mirror }) => mirror));
        const found = readOpenVswitch(database.dumpText()).facts.bridges;
        expect(found.filter((bridge) => after.rows.bridges.some((one) => one.name === bridge.name))).toEqual(
          after.facts.map((bridge) => ({ ...bridge, mirrors: bridge.mirrors.filter((mirror) => !waiting.has(mirror.name)) })),
        );
        for (const { bridge } of heldBridges) {
          const [held] = found.filter((one) => one.name === bridge);
          expect(held?.ports.map((port) => port.name)).toEqual([bridge]);
          expect([held?.mirrors, held?.sflow]).toEqual([[], null]);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('says every text to ovs-vsctl as it is, whatever it holds', () => {
    const character = fc.oneof(
      fc.constantFrom(...('"\\\',:=[]{}()<>!@#$%&*?|;~`+- \u00e9\u20ac\ud83d\ude00'.match(/./gu) ?? [])),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    );
    const text = fc
      .array(character, { minLength: 1, maxLength: 12 })
      .map((parts) => parts.join('').normalize('NFC'))
      .filter((value) => value !== '' && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value));
    fc.assert(
      fc.property(text, text, fc.uniqueArray(text, { minLength: 1, maxLength: 3 }), (mirror, agent, targets) => {
        database.clear();
        const rows = parseOvsRows(
          JSON.stringify({
            bridges: [{ name: 'br0', mirrors: [{ name: mirror, select_all: true, output_vlan: 9 }], sflow: { agent, targets } }],
          }),
        );
        database.apply(rows);
        const [said] = database.dump().Mirror;
        const [probe] = database.dump().sFlow;
        expect(said?.cells.get('name')).toEqual({ set: [mirror] });
        expect(probe?.cells.get('agent')).toEqual({ set: [agent] });
        const cell = probe?.cells.get('targets');
        expect(cell && 'set' in cell ? [...cell.set].sort() : null).toEqual([...targets].sort());
        expect(database.transaction(rows, rows).argv).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});
