/** Rows and transactions of Open vSwitch, judged by a real ovsdb-server: it refuses what is no configuration, and says what is in force. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOpenVswitch, readOvsShow } from '#engines/adoption';
import { compileFabric, deviceIntent, type FabricSnapshot, type OpenVswitchFacts, type OvsBridgeFacts } from '#engines/intent';
import { internalPort, openVswitchScenarios, ovsBond, ovsBridge, ovsHost, ovsMirror, ovsPort, staticVxlan } from '#engines/intent/testing';
import { DeviceName, VlanId } from '#engines/kernel';
import { type OvsRows, parseOvsRows } from '#engines/reconcile';
import { OVS_ROWS_PATH, renderDevice } from '#engines/rendering';
import { describeWith } from '../support/describe-with.js';
import { missingForOvsDatabase, OvsDatabase } from '../support/ovs-database.js';

const hosts = Object.entries(openVswitchScenarios).flatMap(([name, snapshot]) =>
  compileFabric(snapshot()).devices.flatMap((intent) => (intent.openvswitch ? [{ name: `${intent.slug} in ${name}`, intent }] : [])),
);

function rowsOf(snapshot: FabricSnapshot, slug = 'hv1'): OvsRows {
  const artefact = renderDevice(deviceIntent(compileFabric(snapshot), slug)).find(({ path }) => path === OVS_ROWS_PATH);
  return parseOvsRows(artefact?.content ?? '');
}
const rowsOfBridges = (...bridges: readonly OvsBridgeFacts[]): OvsRows => rowsOf(ovsHost('OVSDB', bridges).build());

/** Without addresses, which are in no database, and with null for what is the default. */
function inDatabase({ bridges }: OpenVswitchFacts): readonly OvsBridgeFacts[] {
  return bridges.map((bridge) => ({
    ...bridge,
    failMode: bridge.failMode === 'standalone' ? null : bridge.failMode,
    sflow: bridge.sflow && { ...bridge.sflow, header: bridge.sflow.header === 128 ? null : bridge.sflow.header },
    ports: bridge.ports.map((port) => ({
      ...port,
      interfaces: port.interfaces.map((part) => (part.type === 'internal' ? { ...part, addresses: [], gateway: null } : part)),
    })),
  }));
}

describeWith({ missing: missingForOvsDatabase() }, 'the database of Open vSwitch', () => {
  let directory: string;
  let database: OvsDatabase;
  const read = () => readOpenVswitch(database.dumpText());
  const ports = (bridge: string): string[] => database.vsctl('list-ports', bridge).trim().split('\n').filter(Boolean);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-ovs-'));
    database = await OvsDatabase.start(directory);
  });
  afterEach(() => database.clear());
  afterAll(async () => {
    await database.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(hosts)('takes the rows of $name in one transaction, has nothing left to do, and says them again', ({ intent }) => {
    const rows = parseOvsRows(renderDevice(intent).find(({ path }) => path === OVS_ROWS_PATH)?.content ?? '');
    const first = database.apply(rows);
    expect(first.argv).not.toEqual([]);
    expect(database.transaction(rows).argv).toEqual([]);
    const waiting = new Set(first.waitingMirrors.map(({ mirror }) => mirror));
    const wanted = inDatabase(intent.openvswitch as OpenVswitchFacts).map((bridge) => ({
      ...bridge,
      mirrors: bridge.mirrors.filter(({ name }) => !waiting.has(name)),
    }));
    expect(read().facts.bridges).toEqual(wanted);
    expect(read().kept).toEqual([...waiting].map((row) => ({ table: 'Mirror', row, column: null, reason: 'OUTPUT' })));
  });

  describe('typed in by hand', () => {
    it('as a switch of five cards with a probe and a mirror is read, rendered and left alone', () => {
      database.shell(`
        $OVS add-br vobr0
        $OVS add-port vobr0 eno1 tag=3
        $OVS add-port vobr0 eno2 tag=3
        $OVS add-port vobr0 eno3 tag=4
        $OVS add-port vobr0 eno4 tag=5
        $OVS add-port vobr0 eno5 trunks=2,3,4
        $OVS add-br vbr0
        $OVS -- --id=@s create sFlow agent=eth0 target='"192.168.131.141:6343"' header=128 sampling=2000 polling=30 -- set Bridge vbr0 sflow=@s
        $OVS add-br vmbr0
        $OVS add-port vmbr0 tap100i0
        $OVS add-port vmbr0 tap200i0 -- --id=@p get port tap200i0 -- --id=@m create mirror name=mirror0 select-all=true output-port=@p -- set bridge vmbr0 mirrors=@m`);
      const { facts, kept, guests } = read();
      expect(kept).toEqual([]);
      expect(guests.map(({ port }) => port).sort()).toEqual(['tap100i0', 'tap200i0']);
      expect(database.transaction(rowsOfBridges(...facts.bridges)).argv).toEqual([]);
      expect(database.transaction(rowsOf(openVswitchScenarios['ovs-replaced-switch']?.() as FabricSnapshot)).argv).toEqual([]);
      expect(database.transaction(rowsOf(openVswitchScenarios['ovs-replaced-switch']?.() as FabricSnapshot)).waitingMirrors).toEqual([]);
    });

    it("with changes and removals as people do them: a VLAN less in a trunk, an access port's tag, a probe, a mirror, a port", () => {
      const script = (...lines: readonly string[]): void => database.shell(lines.map((line) => `$OVS ${line}`).join('\n'));
      script('add-br vubr0', 'add-bond vubr0 bond0 eno1 eno2 lacp=active bond_mode=balance-tcp', 'add-port vubr0 eno5', 'set port eno5 trunks=3,4,5');
      script('add-port vubr0 veth100i0 tag=4', 'add-port vubr0 veth200i0 tag=3');
      const before = read();
      script('set port eno5 trunks=3,4', 'set port bond0 tag=7', 'remove port bond0 tag 7', 'clear bridge vubr0 mirrors', 'clear bridge vubr0 sflow');
      const after = read();
      expect(after.facts.bridges[0]?.ports.find(({ name }) => name === 'eno5')?.trunks).toEqual([3, 4]);
      expect(database.apply(rowsOfBridges(...before.facts.bridges)).argv).toEqual(['--', 'set', 'Port', 'eno5', 'trunks=3,4,5']);
      expect(read()).toEqual(before);
    });

    it("as a hypervisor's own VLAN is exactly what the attachment of its network gives", () => {
      database.shell('$OVS add-br br0; $OVS add-br brint; $OVS add-port br0 eno1; $OVS set port brint tag=99');
      expect(read().kept).toEqual([]);
      expect(database.transaction(rowsOfBridges(...read().facts.bridges)).argv).toEqual([]);
      expect(database.transaction(rowsOf(openVswitchScenarios['ovs-hypervisor-vlan']?.() as FabricSnapshot)).argv).toEqual([]);
      expect(readOvsShow(database.vsctl('show')).facts).toEqual(read().facts);
    });
  });

  describe('changed', () => {
    const before = () =>
      rowsOfBridges(
        ovsBridge('br0', [ovsPort('eno1', { tag: 3 }), ovsPort('eno2', { trunks: [2, 3] }), internalPort('mgmt0', [], { tag: 9 })], {
          mirrors: [ovsMirror('m0', 'eno2', { selectSource: [DeviceName.parse('eno1')] })],
          sflow: { agent: null, targets: ['192.0.2.1:6343'], header: null, sampling: 64, polling: null },
        }),
      );

    it('gets only what differs, in words that a person can approve', () => {
      database.apply(before());
      const after = rowsOfBridges(
        ovsBridge('br0', [ovsPort('eno1', { tag: 4 }), ovsPort('eno2'), internalPort('mgmt0', [], { tag: 9 })], {
          failMode: 'secure',
          mirrors: [ovsMirror('m0', 'eno2', { selectSource: [DeviceName.parse('eno1')] })],
        }),
      );
      expect(database.apply(after, before()).argv.join(' ')).toBe(
        '-- set Port eno1 tag=4 -- clear Port eno2 trunks -- set Bridge br0 fail_mode=secure -- clear Bridge br0 sflow',
      );
      expect(database.transaction(after, before()).argv).toEqual([]);
    });

    it('makes a bond of two ports that were alone, and takes it apart again; what others set on the cards comes along', () => {
      const alone = rowsOfBridges(ovsBridge('br0', [ovsPort('eno1', { tag: 3 }), ovsPort('eno2', { tag: 3 })]));
      const bonded = rowsOfBridges(
        ovsBridge('br0', [ovsBond('bond0', ['eno1', 'eno2'], { mode: 'balance-tcp', lacp: 'active', lacpTime: 'fast' }, { tag: 3 })]),
      );
      database.apply(alone);
      database.vsctl('set', 'Interface', 'eno1', 'external_ids:rack=7');
      database.apply(bonded, alone);
      expect(ports('br0')).toEqual(['bond0']);
      expect(database.vsctl('get', 'Interface', 'eno1', 'external_ids:rack').trim()).toBe('"7"');
      expect(database.transaction(bonded, alone).argv).toEqual([]);
      database.apply(alone, bonded);
      expect(ports('br0')).toEqual(['eno1', 'eno2']);
      expect(database.vsctl('get', 'Interface', 'eno1', 'external_ids:rack').trim()).toBe('"7"');
    });

    it('moves a port from one of our bridges to another', () => {
      const at = (first: string, second: string) => rowsOfBridges(ovsBridge(first, [ovsPort('eno1', { tag: 3 })]), ovsBridge(second, []));
      database.apply(at('br0', 'br1'));
      database.apply(at('br1', 'br0'), at('br0', 'br1'));
      expect([ports('br0'), ports('br1')]).toEqual([[], ['eno1']]);
      expect(database.transaction(at('br1', 'br0'), at('br0', 'br1')).argv).toEqual([]);
    });

    it('is empty again when all of it is wanted no more', () => {
      database.apply(before());
      database.apply({ bridges: [], vlanLimit: null }, before());
      const { Bridge, Port, Interface, Mirror, sFlow } = database.dump();
      expect([Bridge, Port, Interface, Mirror, sFlow]).toEqual([[], [], [], [], []]);
    });

    it('does not touch the probe of another bridge that has the same row', () => {
      database.apply(before());
      database.shell('$OVS add-br other -- set Bridge other sflow=$($OVS get Bridge br0 sflow)');
      const faster = rowsOfBridges(
        ovsBridge('br0', [], { sflow: { agent: null, targets: ['192.0.2.1:6343'], header: null, sampling: 32, polling: null } }),
      );
      database.apply(faster, before());
      const sampling = (bridge: string): string => database.vsctl('get', 'sFlow', database.vsctl('get', 'Bridge', bridge, 'sflow').trim(), 'sampling').trim();
      expect([sampling('br0'), sampling('other')]).toEqual(['32', '64']);
      expect(database.transaction(faster, before()).argv).toEqual([]);
    });
  });

  describe("with guests' ports", () => {
    const wanted = rowsOfBridges(ovsBridge('vmbr0', [ovsPort('eno1', { trunks: [3, 4] })]));
    const guests = ['tap100i0', 'fwln101i0', 'veth102i0', 'vnet7'];
    beforeEach(() => {
      database.apply(wanted);
      for (const [i, port] of guests.entries()) database.vsctl('add-port', 'vmbr0', port, `tag=${3 + i}`, '--', 'set', 'Port', port, `external_ids:vm=${i}`);
    });
    const rows = () => guests.map((port) => database.vsctl('--columns=_uuid,name,tag,trunks,interfaces,external_ids', 'list', 'Port', port));

    it('leaves them where they are, with their tags, whatever becomes of the bridge', () => {
      const before = rows();
      const after = rowsOfBridges(ovsBridge('vmbr0', [internalPort('vmbr0', [], { tag: 9 })], { failMode: 'secure', datapath: 'netdev' }));
      database.apply(after, wanted);
      expect(rows()).toEqual(before);
      expect(ports('vmbr0')).toEqual([...guests].sort());
    });

    it('keeps a bridge that is wanted no more, without our ports, until the last guest has left, and says so', () => {
      const before = rows();
      expect(database.apply({ bridges: [], vlanLimit: null }, wanted).heldBridges).toEqual([{ bridge: 'vmbr0', ports: [...guests].sort() }]);
      expect(rows()).toEqual(before);
      expect(ports('vmbr0')).toEqual([...guests].sort());
      expect(database.transaction({ bridges: [], vlanLimit: null }, wanted).argv).toEqual([]);
      for (const port of guests) database.vsctl('del-port', 'vmbr0', port);
      expect(database.apply({ bridges: [], vlanLimit: null }, wanted).heldBridges).toEqual([]);
      expect(database.vsctl('list-br')).toBe('');
    });

    it('completes a mirror when the guest that looks has started, and again after it was away', () => {
      const mirrored = rowsOfBridges(ovsBridge('vmbr0', [ovsPort('eno1', { trunks: [3, 4] })], { mirrors: [ovsMirror('m0', 'tap200i0', { selectAll: true })] }));
      expect(database.apply(mirrored, wanted).waitingMirrors).toEqual([{ mirror: 'm0', port: 'tap200i0' }]);
      expect(database.transaction(mirrored, wanted).argv).toEqual([]);
      for (let start = 0; start < 2; start += 1) {
        database.vsctl('add-port', 'vmbr0', 'tap200i0');
        expect(database.apply(mirrored, mirrored)).toMatchObject({ waitingMirrors: [] });
        const output = database.vsctl('get', 'Mirror', 'm0', 'output_port').trim();
        expect(output).toBe(database.vsctl('get', 'Port', 'tap200i0', '_uuid').trim());
        expect(database.transaction(mirrored, mirrored).argv).toEqual([]);
        database.vsctl('del-port', 'vmbr0', 'tap200i0');
      }
    });
  });

  describe('with things of others', () => {
    it('refuses to take a port or a card out of a bridge that was never ours, and names both', () => {
      database.shell('$OVS add-br other; $OVS add-port other eno1; $OVS add-br vmbr0; $OVS add-port vmbr0 old -- set Interface old type=internal');
      const refusal = (desired: OvsRows): unknown => {
        try {
          database.transaction(desired);
        } catch (cause) {
          return cause;
        }
        return null;
      };
      expect(refusal(rowsOfBridges(ovsBridge('vmbr0', [ovsPort('eno1')])))).toMatchObject({ code: 'IN_USE', facts: { object: 'port eno1', usedBy: ['bridge other'] } });
      const bond = ovsBond('bond0', ['eno1', 'eno2'], { mode: 'active-backup', lacp: 'off', lacpTime: null });
      expect(refusal(rowsOfBridges(ovsBridge('vmbr0', [bond])))).toMatchObject({ code: 'IN_USE', facts: { object: 'interface eno1' } });
    });

    it('takes nothing away from a host that it never told anything', () => {
      database.shell('$OVS add-br vmbr0; $OVS add-port vmbr0 eno7 tag=7; $OVS add-br other; $OVS add-port other eno8');
      database.apply(rowsOfBridges(ovsBridge('vmbr0', [ovsPort('eno1', { tag: 3 })])));
      expect([ports('vmbr0'), ports('other')]).toEqual([['eno1', 'eno7'], ['eno8']]);
    });
  });

  it('has the tunnels of a network on every host that it is attached to, and gives them back with the network', () => {
    const without = rowsOf(staticVxlan().build(), 'ovs2');
    const place = (device: string, vlan: number) => ({ device, port: 'vmbr1', tagging: 'BRIDGE_ONLY' as const, vlan: VlanId.parse(vlan) });
    const on = [place('ovs1', 100), place('ovs2', 200), place('ovs3', 300)];
    const during = rowsOf(staticVxlan().network({ slug: 'blue', vni: 10_001, eviId: 1, on }).build(), 'ovs2');
    database.apply(without);
    const before = database.dumpText();
    database.apply(during, without);
    expect(ports('vmbr1')).toEqual(['v7pt-ac100201', 'v7pt-ac100203']);
    database.apply(without, during);
    expect(database.dumpText()).toBe(before);
  });
});
