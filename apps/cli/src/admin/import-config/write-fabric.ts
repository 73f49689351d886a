/**
 * A fabric that was read from its devices → the document that `trame fabric load` takes. What no configuration says stands in it as a sentence
 * for a person; what the document has no place for is named, and nothing is lost in silence: whatever a fact has beyond what is written here counts.
 */
import type { DeviceFacts, FabricSnapshot, NetworkFacts, VrfFacts } from '#engines/intent';
import { Cidr, cidrsOverlap, compareNatural, type DeviceId, type RouteTarget, Slug } from '#engines/kernel';
import type { SdnNames } from '#engines/onboarding';
import { fabricDocument } from '../fabric/fabric-document.js';
import { placeholder, placeholdersIn } from '../fabric/placeholder.js';
import { Pools } from './running-pools.js';
import { vtepPoolOf } from './vtep-pool.js';

/** Judged by the schema of the document, not by its type. */
export type WrittenFabric = Readonly<Record<string, unknown>>;

export interface FabricToWrite {
  readonly slug: string;
  readonly site: string;
  /** Whose networks they become. */
  readonly tenant: string;
  /** Address and perhaps port by which Trame reaches a device, by its slug. */
  readonly management: ReadonlyMap<string, { readonly address: string; readonly port?: number }>;
}

export interface FabricWriting {
  readonly document: WrittenFabric;
  /** `network vni10: 192.0.2.0/24 overlaps …`: one line for each fact that the document cannot say. */
  readonly notCarried: readonly string[];
}

/** @param names how subnets of the fabric publish the names of their addresses, as far as it is known. */
export function writeFabric(snapshot: FabricSnapshot, to: FabricToWrite, names: SdnNames = { subnets: [], refused: [] }): FabricWriting {
  const lost: string[] = [...names.refused];
  const writer = new Writer(snapshot, to, lost, names.subnets);
  const document = writer.document();
  const unfilled = placeholdersIn(document);
  const issues = (fabricDocument.safeParse(document).error?.issues ?? []).map(({ path, message }) => ({
    where: path.map(String).join('.'),
    message,
  }));
  const refused = issues.filter(({ where }) => !unfilled.some((sentence) => sentence.startsWith(`${where}: `)));
  return { document, notCarried: [...lost, ...refused.map(({ where, message }) => `${where}: ${message}`)] };
}

class Writer {
  private readonly pools: Pools;
  private readonly slugOf: ReadonlyMap<DeviceId, string>;
  private readonly vrfSlugs: ReadonlyMap<string, string>;

  constructor(
    private readonly snapshot: FabricSnapshot,
    private readonly to: FabricToWrite,
    private readonly lost: string[],
    private readonly names: SdnNames['subnets'],
  ) {
    this.pools = new Pools(to.slug);
    this.slugOf = new Map(snapshot.devices.map(({ id, slug }) => [id, slug]));
    this.vrfSlugs = new Map(snapshot.vrfs.map((vrf) => [vrf.id, this.slugOfVrf(vrf)]));
  }

  document(): WrittenFabric {
    const { fabric, revision: _revision, devices, links, sessions, vrfs, networks, lags = [], mlags = [], ...rest } = this.snapshot;
    const { attachments: _attachments, vlanMappings: _vlans, routeDistinguishers: _rds, ...more } = rest;
    const { id: _id, slug: _slug, ...settings } = fabric;
    for (const key of Object.keys(more)) this.lost.push(`the fabric: ${key}`);
    const asns = new Set(devices.flatMap(({ vtep }) => vtep?.asn ?? []));
    const written = { vrfs: vrfs.map((vrf) => this.vrf(vrf)), networks: networks.map((network) => this.network(network)) };
    return {
      fabric: {
        ...settings,
        slug: this.to.slug,
        name: this.to.slug,
        asnScheme: asns.size > 1 ? 'EBGP_PER_DEVICE' : 'IBGP',
        vtepPool: vtepPoolOf(devices) ?? placeholder('the prefix in which the VTEP addresses lie, e.g. 172.16.1.0/24'),
      },
      sites: [{ slug: this.to.site, name: this.to.site }],
      devices: devices.map((device) => this.device(device)),
      links: this.links(links),
      sessions: sessions.map((session) => ({ ...session, ends: this.named(session.ends) })),
      vlanDomains: this.pools.vlanDomains(),
      lags: lags.map((lag) => ({ ...lag, ends: this.named(lag.ends) })),
      mlags: mlags.map((mlag) => ({ ...mlag, members: this.named(mlag.members) })),
      pools: this.pools.numberPools(),
      addressSpaces: this.pools.addressSpaces(),
      tenants: [{ slug: this.to.tenant, name: this.to.tenant }],
      ...written,
    };
  }

  private device(device: DeviceFacts): object {
    const { id, slug, hostname, platform, vtep, ports, opennebula, management, ...subjects } = device;
    if (opennebula !== undefined) this.lost.push(`device ${slug}: opennebula`);
    const places = new Set(this.snapshot.attachments.flatMap(({ deviceId, port }) => (deviceId === id && port !== null ? [port] : [])));
    const isSwitch = platform === 'ARISTA_EOS';
    const reached = this.to.management.get(slug) ?? (management && { address: management.address });
    return {
      slug,
      hostname,
      site: this.to.site,
      platform,
      managed: 'OBSERVE',
      managementAddress:
        reached?.address ?? placeholder(`the address by which Trame reaches ${slug} (or say --management ${slug}=192.0.2.1)`),
      managementPort: reached?.port ?? (isSwitch ? 443 : 22),
      username: placeholder(`the name with which Trame signs in on ${slug}`),
      secretFile: placeholder(
        isSwitch
          ? `the file, beside this document, with the password for ${slug}`
          : `the file, beside this document, with the private key for ${slug}`,
      ),
      ...(isSwitch
        ? { tlsSpkiSha256: [placeholder(`the SHA-256 of the public key of the certificate of ${slug}, base64`)] }
        : { sshHostKeys: [placeholder(`the host key of ${slug}, as ssh-keyscan prints it`)] }),
      ...(vtep !== null && { vtep }),
      ports: ports.map(({ description, mtu, ...port }) => ({
        ...port,
        ...(description !== null && { description }),
        ...(mtu !== null && { mtu }),
        ...(places.has(port.name) && { isEdge: true }),
      })),
      ...(management !== undefined && { management }),
      ...subjects,
    };
  }

  private links(links: FabricSnapshot['links']): readonly object[] {
    const kept: Cidr[] = [];
    return links.flatMap(({ prefix, ends }) => {
      const name = `the link ${ends.map((end) => `${this.slugOf.get(end.deviceId)} ${end.port}`).join(' – ')}`;
      const [a, b] = ends.map(({ deviceId, ...end }) => ({ ...end, device: this.slugOf.get(deviceId) ?? deviceId }));
      if (prefix === null || a?.address == null || b?.address == null) {
        this.lost.push(`${name}: it has no addresses`);
        return [];
      }
      const other = kept.find((one) => cidrsOverlap(one, prefix));
      if (other !== undefined) {
        this.lost.push(`${name}: its prefix ${prefix} overlaps ${other} of another link`);
        return [];
      }
      kept.push(prefix);
      return [{ prefix, ends: [a, b] }];
    });
  }

  private vrf({ id, deviceName, l3vni, eviId, importTargets, exportTargets, ...rest }: VrfFacts): object {
    const slug = this.vrfSlugs.get(id) ?? deviceName;
    for (const key of Object.keys(rest)) this.lost.push(`VRF ${deviceName}: ${key}`);
    this.pools.number('L3VNI', l3vni);
    this.pools.number('EVI', eviId);
    return {
      slug,
      name: deviceName,
      tenant: this.to.tenant,
      deviceName,
      l3vni,
      evi: eviId,
      targets: this.targets(importTargets, exportTargets),
      distinguishers: this.distinguishers(eviId),
    };
  }

  private network(network: NetworkFacts): object {
    const { id, slug, name, vrfId, vni, eviId, mtu, importTargets, exportTargets, subnets, ...facts } = network;
    const what = `network ${slug}`;
    this.pools.number('VNI', vni);
    this.pools.number('EVI', eviId);
    const vrf = vrfId === null ? null : (this.vrfSlugs.get(vrfId) ?? null);
    return {
      slug,
      name,
      tenant: this.to.tenant,
      vrf,
      vni,
      evi: eviId,
      mtu,
      targets: this.targets(importTargets, exportTargets),
      distinguishers: this.distinguishers(eviId),
      vlans: this.snapshot.vlanMappings
        .filter(({ networkId }) => networkId === id)
        .flatMap(({ deviceId, vlan }) => {
          const device = this.slugOf.get(deviceId) ?? deviceId;
          if (vlan >= FIRST_VLAN) return [{ vlanDomain: this.pools.vlan(device, vlan), vlan }];
          this.lost.push(`${what}: VLAN ${vlan} of ${device}, which Trame gives to nobody`);
          return [];
        }),
      subnets: subnets.flatMap(({ dhcpRelay, cidr, ...subnet }) => {
        if (dhcpRelay !== undefined) this.lost.push(`${what}: the DHCP relay of ${cidr}`);
        const addressSpace = this.pools.subnet(vrf, cidr);
        if (addressSpace !== null) return [{ ...subnet, cidr, addressSpace, ...this.published(vni, cidr) }];
        this.lost.push(`${what}: ${cidr} overlaps another subnet of ${vrf === null ? 'no VRF' : `the VRF ${vrf}`}`);
        return [];
      }),
      places: this.snapshot.attachments
        .filter(({ networkId }) => networkId === id)
        .map(({ deviceId, port, tagging }) => ({ device: this.slugOf.get(deviceId) ?? deviceId, port, tagging })),
      ...facts,
    };
  }

  private published(ofNetwork: number, ofSubnet: Cidr): object {
    const { dnsZone, dnsZonePrefix = null } = this.names.find(({ vni, cidr }) => vni === ofNetwork && cidr === ofSubnet) ?? {};
    return { ...(dnsZone !== undefined && { dnsZone }), ...(dnsZonePrefix !== null && { dnsZonePrefix }) };
  }

  private targets(imports: readonly RouteTarget[], exports: readonly RouteTarget[]): readonly object[] {
    return [...new Set([...imports, ...exports])].sort(compareNatural).map((target) => {
      if (!exports.includes(target)) return { target, direction: 'IMPORT' };
      return imports.includes(target) ? { target } : { target, direction: 'EXPORT' };
    });
  }

  private distinguishers(evi: number): { device: string; rd: string }[] {
    return this.snapshot.routeDistinguishers
      .filter(({ eviId }) => eviId === evi)
      .map(({ deviceId, rd }) => ({ device: this.slugOf.get(deviceId) ?? deviceId, rd }));
  }

  private named(ends: readonly { readonly deviceId: DeviceId }[]): readonly object[] {
    return ends.map(({ deviceId, ...end }) => ({ ...end, device: this.slugOf.get(deviceId) ?? deviceId }));
  }

  /** Of its name on devices; with its L3 VNI where two names make one slug, or none. */
  private slugOfVrf({ deviceName, l3vni }: VrfFacts): string {
    const plain = (name: string): string =>
      name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '');
    const slug = plain(deviceName);
    const isOnly = this.snapshot.vrfs.filter((other) => plain(other.deviceName) === slug).length === 1;
    try {
      return Slug.parse(isOnly ? slug : `${slug}-${l3vni}`.replace(/^-/, ''));
    } catch {
      return `vrf-${l3vni}`; // a name of which nothing can be kept, or a reserved one
    }
  }
}

/** Pools of VLANs begin here. */
const FIRST_VLAN = 2;
