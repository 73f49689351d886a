import { Injectable } from '@nestjs/common';
import {
  Asn,
  Cidr,
  type DeviceId,
  DomainError,
  type FabricId,
  invalidValue,
  Ip,
  Label,
  Mac,
  type PortId,
  PortName,
  type SiteId,
  Slug,
  type VlanDomainId,
  type VtepId,
} from '#engines/kernel';
import { AuditService } from '#contexts/events';
import { Envelope, newId, Secret, type Tx, violatedConstraint } from '#platform';
import type { Platform } from '#engines/intent';
import { parseChassis } from './chassis.service.js';
import { credentialContext } from './domain/credential-context.js';
import { subjectsOf } from './domain/device-subjects.js';
import type { FabricInventory, InventoryDevice, InventorySessionEnd } from './domain/inventory.js';
import {
  BgpSessionEntity,
  DeviceCredentialEntity,
  DeviceEntity,
  FabricEntity,
  LinkEndEntity,
  LinkEntity,
  PortEntity,
  SiteEntity,
  VlanDomainEntity,
  VlanDomainMemberEntity,
  VtepEntity,
} from './store/fabric.entity.js';

export interface LoadedFabric {
  readonly fabricId: FabricId;
  readonly devices: ReadonlyMap<string, DeviceId>;
  readonly vlanDomains: ReadonlyMap<string, VlanDomainId>;
}

const TRANSPORT: Readonly<Record<Platform, 'SSH' | 'EAPI' | 'PVE' | 'NONE'>> = {
  DEBIAN_FRR: 'SSH',
  ARISTA_EOS: 'EAPI',
  OPENBSD: 'SSH',
  HP_COMWARE: 'NONE',
  OPENNEBULA: 'NONE',
  PROXMOX: 'PVE',
  EXTERNAL: 'NONE',
};

/** A gateway without a key is configured by a person, as it always was. */
const transportOf = ({ platform, external, secret }: InventoryDevice): (typeof TRANSPORT)[Platform] =>
  external === true || (platform === 'OPENBSD' && secret === undefined) ? 'NONE' : TRANSPORT[platform];

/** The operator's side: what there is. */
@Injectable()
export class InventoryService {
  constructor(
    private readonly envelope: Envelope,
    private readonly audit: AuditService,
  ) {}

  /** Loads a whole fabric or nothing of it. @throws DomainError INVALID_VALUE (a name that refers to nothing is one) | ALREADY_EXISTS. */
  async load(tx: Tx, inventory: FabricInventory): Promise<LoadedFabric> {
    const fabricId = await unlessTaken(inventory.fabric.slug, () => this.createFabric(tx, inventory.fabric));
    const sites = new Map<string, SiteId>();
    for (const site of inventory.sites) {
      const id = newId<SiteId>();
      sites.set(site.slug, id);
      await tx.manager.insert(SiteEntity, { id, fabricId, slug: Slug.parse(site.slug), name: Label.parse(site.name) });
    }
    const devices = new Map<string, DeviceId>();
    const ports = new Map<string, PortId>();
    for (const device of inventory.devices) {
      devices.set(device.slug, await this.registerDevice(tx, fabricId, known(sites, device.site, 'site'), device, ports));
    }
    await this.loadLinks(tx, fabricId, inventory, devices, ports);
    await this.loadFabricFacts(tx, fabricId, inventory, devices);
    await this.audit.append(tx, {
      tenantId: null,
      action: 'fabric.loaded',
      subjectKind: 'fabric',
      subjectId: fabricId,
      detail: { slug: inventory.fabric.slug, devices: inventory.devices.map(recorded) },
    });
    return { fabricId, devices, vlanDomains: await this.loadVlanDomains(tx, fabricId, inventory, devices) };
  }

  private async createFabric(tx: Tx, fabric: FabricInventory['fabric']): Promise<FabricId> {
    const id = newId<FabricId>();
    await tx.manager.insert(FabricEntity, {
      id,
      slug: Slug.parse(fabric.slug),
      name: Label.parse(fabric.name),
      asnScheme: fabric.asnScheme,
      rtAdministrator: fabric.rtAdministrator,
      vtepPool: Cidr.parse(fabric.vtepPool),
      vtepUdpPort: fabric.vtepUdpPort ?? 4789,
      replication: fabric.replication ?? 'INGRESS_EVPN',
      underlayFamily: fabric.underlayFamily ?? 4,
      underlayMtu: fabric.underlayMtu ?? 1500,
      anycastGatewayMac: Mac.parse(fabric.anycastGatewayMac),
    });
    return id;
  }

  private async registerDevice(
    tx: Tx,
    fabricId: FabricId,
    siteId: SiteId,
    device: InventoryDevice,
    ports: Map<string, PortId>,
  ): Promise<DeviceId> {
    const id = newId<DeviceId>();
    await tx.manager.insert(DeviceEntity, {
      id,
      fabricId,
      siteId,
      slug: Slug.parse(device.slug),
      hostname: device.hostname,
      platform: device.platform,
      transport: transportOf(device),
      managementAddress: device.managementAddress,
      managementPort: device.managementPort,
      username: device.username,
      sshHostKeys: [...(device.sshHostKeys ?? [])],
      tlsSpkiSha256: [...(device.tlsSpkiSha256 ?? [])],
      managed: device.managed ?? (device.adopted === undefined ? 'SECTION' : 'OBSERVE'),
      facts: subjectsOf(device),
      ...parseChassis(device.platform, device),
    });
    if (device.secret !== undefined) {
      const sealed = this.envelope.seal(credentialContext(id), new Secret(device.secret));
      await tx.manager.insert(DeviceCredentialEntity, { deviceId: id, sealed });
    }
    if (device.vtep) {
      await tx.manager.insert(VtepEntity, {
        id: newId<VtepId>(),
        fabricId,
        deviceId: id,
        address: Ip.parse(device.vtep.address),
        routerId: Ip.parse(device.vtep.routerId),
        asn: String(Asn.parse(device.vtep.asn)),
      });
    }
    for (const port of device.ports) {
      const portId = newId<PortId>();
      ports.set(`${device.slug} ${port.name}`, portId);
      await tx.manager.insert(PortEntity, {
        id: portId,
        deviceId: id,
        name: PortName.parse(port.name),
        description: port.description === undefined ? null : Label.parse(port.description),
        mtu: port.mtu ?? null,
        isEdge: port.isEdge ?? false,
        facts: port.allowedMacs === undefined ? {} : { allowedMacs: port.allowedMacs },
      });
    }
    await tx.run('INSERT INTO device_progress (device_id) VALUES ($1)', [id]);
    return id;
  }

  private async loadLinks(
    tx: Tx,
    fabricId: FabricId,
    inventory: FabricInventory,
    devices: ReadonlyMap<string, DeviceId>,
    ports: ReadonlyMap<string, PortId>,
  ): Promise<void> {
    for (const link of inventory.links) {
      const linkId = newId<string>();
      await tx.manager.insert(LinkEntity, { id: linkId, fabricId, prefix: Cidr.parse(link.prefix) });
      for (const [index, end] of link.ends.entries()) {
        await tx.manager.insert(LinkEndEntity, {
          linkId,
          side: index === 0 ? 'A' : 'B',
          portId: known(ports, `${end.device} ${end.port}`, 'port'),
          address: Ip.parse(end.address),
        });
      }
    }
    for (const { ends, families, keepaliveSeconds, holdSeconds, ...facts } of inventory.sessions) {
      const [a, b] = ends;
      const port = (end: InventorySessionEnd) => (end.port === undefined ? {} : { port: PortName.parse(end.port) });
      await tx.manager.insert(BgpSessionEntity, {
        id: newId(),
        fabricId,
        aDeviceId: known(devices, a.device, 'device'),
        bDeviceId: known(devices, b.device, 'device'),
        aAddress: Ip.parse(a.address),
        bAddress: Ip.parse(b.address),
        aRole: a.role,
        bRole: b.role,
        families: [...families],
        keepaliveSeconds,
        holdSeconds,
        facts: { ...facts, a: port(a), b: port(b) },
      });
    }
  }

  /** What is said of the fabric as a whole, and of several devices together: names become ids. */
  private async loadFabricFacts(
    tx: Tx,
    fabricId: FabricId,
    { fabric: { underlay, multicastScheme }, lags = [], mlags = [] }: FabricInventory,
    devices: ReadonlyMap<string, DeviceId>,
  ): Promise<void> {
    const withId = <T extends { readonly device: string }>({ device, ...rest }: T) => ({
      deviceId: known(devices, device, 'device'),
      ...rest,
    });
    const facts = {
      underlay,
      multicastScheme,
      lags: lags.map((lag) => ({ ...lag, ends: lag.ends.map(withId) })),
      mlags: mlags.map((mlag) => ({ ...mlag, members: mlag.members.map(withId) })),
    };
    await tx.run('UPDATE fabric SET facts = $2 WHERE id = $1', [fabricId, JSON.stringify(facts)]);
  }

  private async loadVlanDomains(
    tx: Tx,
    fabricId: FabricId,
    inventory: FabricInventory,
    devices: ReadonlyMap<string, DeviceId>,
  ): Promise<Map<string, VlanDomainId>> {
    const domains = new Map<string, VlanDomainId>();
    for (const domain of inventory.vlanDomains) {
      const id = newId<VlanDomainId>();
      domains.set(domain.slug, id);
      await tx.manager.insert(VlanDomainEntity, { id, fabricId, slug: Slug.parse(domain.slug), kind: domain.kind });
      for (const device of domain.devices) {
        await tx.manager.insert(VlanDomainMemberEntity, { deviceId: known(devices, device, 'device'), fabricId, vlanDomainId: id });
      }
    }
    return domains;
  }
}

function known<T>(map: ReadonlyMap<string, T>, name: string, kind: string): T {
  const value = map.get(name);
  if (value === undefined) throw invalidValue(kind, name, `one that the inventory has: ${[...map.keys()].slice(0, 20).join(', ')}`);
  return value;
}

/** Who is trusted to be the device from now on, and whether we have a credential for it. */
const recorded = ({ slug, managementAddress, username, sshHostKeys = [], tlsSpkiSha256 = [], secret }: InventoryDevice): object => ({
  slug,
  managementAddress,
  username,
  sshHostKeys,
  tlsSpkiSha256,
  hasCredential: secret !== undefined,
});

/** Two fabrics of one name could not be told apart; their other names are their own, but for those that routers know each other by. */
async function unlessTaken<T>(slug: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (violatedConstraint(error) !== 'fabric_slug_unique') throw error;
    throw new DomainError('ALREADY_EXISTS', `there is a fabric ${slug} already`, { slug }, { cause: error });
  }
}
