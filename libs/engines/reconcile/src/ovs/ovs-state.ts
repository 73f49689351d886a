/** The rows of a host by name, with what holds them. */
import { nameOf, type OvsDump, type OvsRow, referencesOf } from './ovs-dump.js';

interface HeldPort {
  readonly row: OvsRow;
  readonly bridge: string;
}
interface HeldInterface {
  readonly row: OvsRow;
  readonly port: string;
}

export class OvsState {
  readonly bridges: ReadonlyMap<string, OvsRow>;
  readonly ports: ReadonlyMap<string, HeldPort>;
  readonly interfaces: ReadonlyMap<string, HeldInterface>;
  private readonly portNames = new Map<string, string>();
  private readonly mirrors: ReadonlyMap<string, OvsRow>;
  private readonly sflows: ReadonlyMap<string, OvsRow>;
  /** Bridges that point to a row of Mirror or sFlow, by its UUID. */
  private readonly uses = new Map<string, number>();

  constructor(dump: OvsDump) {
    const portRows = new Map(dump.Port.map((row) => [row.uuid, row]));
    const interfaceRows = new Map(dump.Interface.map((row) => [row.uuid, row]));
    const ports = new Map<string, HeldPort>();
    const interfaces = new Map<string, HeldInterface>();
    for (const bridge of dump.Bridge) {
      for (const row of rowsAt(bridge, 'ports', portRows)) {
        ports.set(nameOf(row), { row, bridge: nameOf(bridge) });
        this.portNames.set(row.uuid, nameOf(row));
        for (const part of rowsAt(row, 'interfaces', interfaceRows)) interfaces.set(nameOf(part), { row: part, port: nameOf(row) });
      }
      for (const uuid of [...referencesOf(bridge, 'mirrors'), ...referencesOf(bridge, 'sflow')]) {
        this.uses.set(uuid, (this.uses.get(uuid) ?? 0) + 1);
      }
    }
    this.bridges = new Map(dump.Bridge.map((row) => [nameOf(row), row]));
    this.ports = ports;
    this.interfaces = interfaces;
    this.mirrors = new Map(dump.Mirror.map((row) => [row.uuid, row]));
    this.sflows = new Map(dump.sFlow.map((row) => [row.uuid, row]));
  }

  portsOf(bridge: string): readonly OvsRow[] {
    return [...this.ports.values()].filter((held) => held.bridge === bridge).map(({ row }) => row);
  }

  interfacesOf(port: string): readonly OvsRow[] {
    return [...this.interfaces.values()].filter((held) => held.port === port).map(({ row }) => row);
  }

  mirrorsOf(bridge: OvsRow): readonly OvsRow[] {
    return rowsAt(bridge, 'mirrors', this.mirrors);
  }

  sflowOf(bridge: OvsRow): OvsRow | null {
    return rowsAt(bridge, 'sflow', this.sflows)[0] ?? null;
  }

  /** False where another bridge has the same row of Mirror or sFlow: changing it would change that bridge, too. */
  isHeldOnce(row: OvsRow): boolean {
    return this.uses.get(row.uuid) === 1;
  }

  /** Names of the ports that a column of a mirror points to. */
  namesAt(row: OvsRow, column: string): readonly string[] {
    return referencesOf(row, column).flatMap((uuid) => this.portNames.get(uuid) ?? []);
  }
}

function rowsAt(row: OvsRow, column: string, rows: ReadonlyMap<string, OvsRow>): readonly OvsRow[] {
  return referencesOf(row, column).flatMap((uuid) => rows.get(uuid) ?? []);
}
