import { type ApiTiming, WritePath } from '#adapters/outbound';
import type {
  ForeignCapabilities,
  ForeignInventory,
  ForeignObject,
  ForeignPage,
  ForeignWrite,
  InventoryKind,
  WriteOutcome,
  PhpIpamSettings,
} from '#contexts/sync/ports';
import { Cidr, Ip } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import { alikeKey } from './alike.js';
import { type Found, IpamReader } from './ipam-reader.js';
import { IpamWriter } from './ipam-writer.js';
import { cidrOf, idOf, KINDS, PHPIPAM_KINDS, type PhpIpamKind, type SubnetOfAddress } from './kinds.js';
import { PartPager } from './part-pager.js';
import { PhpIpamClient, type PhpIpamCredential } from './phpipam-client.js';
import { isPhpIpamError, PhpIpamError } from './phpipam-error.js';
import { kindsWithout, type Lacking, probeColumns, probeRelease } from './probe.js';
import { numberOf, referenceOf } from './row.js';
import { Sections } from './sections.js';
import { writeOrder } from './write-order.js';

export interface PhpIpamOptions {
  /** Stands in errors: the connector's name. */
  readonly name: string;
  /** Of the installation, without `/api`. */
  readonly url: string;
  /** The app's code; the password where the settings name a user. */
  readonly secret: string;
  readonly settings: PhpIpamSettings;
  readonly tls?: { readonly pinnedSpkiSha256: readonly string[] };
  readonly timing?: Partial<ApiTiming>;
  /** Objects of a page, default 500. */
  readonly pageSize?: number;
}

const MARK_COLUMN = 'custom_trame_id';
const PAGE_SIZE = 500;
/** Above, a whole list is cheaper than one question each. */
const SINGLE_READS = 20;
const COMPLETE_FOR_MS = 300_000;

/** phpIPAM 1.5 or later: customers, VRFs, L2 domains, VLANs, and of chosen sections subnets and addresses. One request at a time. */
export class PhpIpamInventory implements ForeignInventory {
  private readonly client: PhpIpamClient;
  private readonly sections: Sections;
  private readonly reader: IpamReader;
  private readonly writer: IpamWriter;
  private readonly pagers: Readonly<Record<PhpIpamKind, PartPager>>;
  private completeAt: number | null = null;

  constructor(options: PhpIpamOptions) {
    const { name, url, secret, settings, tls, timing, pageSize = PAGE_SIZE } = options;
    const credential: PhpIpamCredential = settings.user === undefined ? { code: secret } : { user: settings.user, password: secret };
    const { app, requestsPerSecond } = settings;
    this.client = new PhpIpamClient({ name, url, app, credential, requestsPerSecond, ...(tls && { tls }), ...(timing && { timing }) });
    this.sections = new Sections(this.client, settings);
    this.reader = new IpamReader(this.client, this.sections, settings.markColumn ?? MARK_COLUMN);
    this.writer = new IpamWriter(this.client, this.reader);
    this.pagers = {
      tenant: this.flatPager('tenant', pageSize),
      vrf: this.flatPager('vrf', pageSize),
      vlanGroup: this.flatPager('vlanGroup', pageSize),
      vlan: this.flatPager('vlan', pageSize),
      prefix: this.prefixPager(pageSize),
      ipAddress: this.addressPager(pageSize),
    };
  }

  get name(): string {
    return this.client.name;
  }

  async probe(signal: AbortSignal): Promise<ForeignCapabilities> {
    const release = await probeRelease(this.client, signal);
    const lacking = await this.lacking(signal);
    await this.sections.ids(signal, true);
    const warnings = [...(release.warnings ?? []), ...this.sections.warnings()];
    return { ...release, warnings, kinds: kindsWithout(lacking), lacking, isSingleWriter: true };
  }

  /**
   * Makes sections where the settings say so. The columns cannot be made from here: says what a person has to do.
   * @throws PhpIpamError PHPIPAM_NOT_PREPARED | PHPIPAM_NO_SECTION.
   */
  async prepare(signal: AbortSignal): Promise<void> {
    const lacking = await this.lacking(signal);
    if (!lacking.has('prefix')) await this.sections.makeMissing(signal);
    if (lacking.size < PHPIPAM_KINDS.length) return;
    const words = [...lacking.values()].join(' ');
    throw new PhpIpamError('PHPIPAM_NOT_PREPARED', { call: 'GET /subnets/custom_fields/', words, retriable: false });
  }

  scan(kind: InventoryKind, after: string | null, signal: AbortSignal): Promise<ForeignPage> {
    return this.pagers[known(kind)].page(after, signal);
  }

  async get(kind: InventoryKind, remoteIds: readonly string[], signal: AbortSignal): Promise<readonly ForeignObject[]> {
    const of = known(kind);
    if (remoteIds.length > SINGLE_READS && of !== 'prefix' && of !== 'ipAddress') {
      const all = (await this.reader.flat(of, signal)).map((row) => this.reader.toObject(of, { row, subnet: null }));
      return all.filter(({ remoteId }) => remoteIds.includes(remoteId));
    }
    return (await this.reader.many(of, remoteIds.map(Number), signal)).map((one) => this.reader.toObject(of, one));
  }

  async findMarked(kind: InventoryKind, marks: readonly string[], signal: AbortSignal): Promise<readonly ForeignObject[]> {
    const of = known(kind);
    if (marks.length === 0) return [];
    return (await this.reader.marked(of, marks, signal)).map((one) => this.reader.toObject(of, one));
  }

  async findAlike(kind: InventoryKind, alike: readonly Fields[], signal: AbortSignal): Promise<readonly ForeignObject[]> {
    const of = known(kind);
    if (alike.length === 0) return [];
    const found =
      of === 'prefix' || of === 'ipAddress' ? await this.alikeByAddress(of, alike, signal) : await this.alikeInTable(of, alike, signal);
    return [...new Map(found.map((object) => [object.remoteId, object])).values()];
  }

  async write(kind: InventoryKind, writes: readonly ForeignWrite[], signal: AbortSignal): Promise<readonly WriteOutcome[]> {
    const of = known(kind);
    const path = new WritePath(() => this.client.isTakingWrites(signal));
    return writeOrder(writes, async (write) => {
      try {
        return await this.writer.write(of, write, path, signal);
      } catch (error) {
        if (!isPhpIpamError(error) || error.facts.isTimeout !== true) throw error;
        throw new PhpIpamError(error.code, { ...error.facts, underWay: [writes.indexOf(write)] });
      }
    });
  }

  /** Columns that are all there are not asked for again with each run: a write without one of them is refused, and says so. */
  private async lacking(signal: AbortSignal): Promise<Lacking> {
    if (this.completeAt !== null && performance.now() - this.completeAt < COMPLETE_FOR_MS) return new Map();
    const lacking = await probeColumns(this.client, this.reader.markColumn, signal);
    this.completeAt = lacking.size === 0 ? performance.now() : null;
    return lacking;
  }

  private async alikeInTable(
    of: Exclude<PhpIpamKind, 'prefix' | 'ipAddress'>,
    alike: readonly Fields[],
    signal: AbortSignal,
  ): Promise<ForeignObject[]> {
    const wanted = new Set(alike.map((fields) => alikeKey(of, fields)));
    const all = (await this.reader.flat(of, signal)).map((row) => this.reader.toObject(of, { row, subnet: null }));
    return all.filter(({ fields }) => wanted.has(alikeKey(of, fields)));
  }

  /** By the address first, and by section and VRF among what is found. */
  private async alikeByAddress(of: 'prefix' | 'ipAddress', alike: readonly Fields[], signal: AbortSignal): Promise<ForeignObject[]> {
    const sections = await this.reader.sections(signal);
    const found: ForeignObject[] = [];
    for (const fields of alike) {
      const vrfId = vrfOf(fields);
      if (vrfId === undefined) continue;
      const rows =
        of === 'prefix'
          ? await this.equalSubnets(Cidr.parse(fields['prefix']), sections, signal)
          : await this.reader.addressesWith(Ip.parse(fields['host']), signal);
      const same = rows.filter(({ row, subnet }) => (subnet === null ? referenceOf(row, 'vrfId') : subnet.vrfId) === vrfId);
      found.push(...same.map((one) => this.reader.toObject(of, one)));
    }
    return found;
  }

  private async equalSubnets(cidr: Cidr, sections: readonly number[], signal: AbortSignal): Promise<readonly Found[]> {
    const rows = await this.reader.overlapping(cidr, signal);
    return rows
      .filter((row) => cidrOf(row) === cidr && sections.includes(numberOf(row, 'sectionId') ?? 0))
      .map((row) => ({ row, subnet: null }));
  }

  private flatPager(kind: Exclude<PhpIpamKind, 'prefix' | 'ipAddress'>, pageSize: number): PartPager {
    const read = async (_part: number, signal: AbortSignal): Promise<readonly ForeignObject[]> =>
      (await this.reader.flat(kind, signal)).map((row) => this.reader.toObject(kind, { row, subnet: null }));
    return new PartPager({ all: () => Promise.resolve([0]), read }, pageSize);
  }

  private prefixPager(pageSize: number): PartPager {
    const all = async (signal: AbortSignal): Promise<readonly number[]> => [...(await this.reader.sections(signal))].sort((a, b) => a - b);
    const read = async (section: number, signal: AbortSignal): Promise<readonly ForeignObject[]> =>
      (await this.reader.subnetsOf(section, signal)).map((row) => this.reader.toObject('prefix', { row, subnet: null }));
    return new PartPager({ all, read }, pageSize);
  }

  private addressPager(pageSize: number): PartPager {
    let subnets = new Map<number, SubnetOfAddress>();
    const all = async (signal: AbortSignal): Promise<readonly number[]> => {
      subnets = new Map((await this.reader.subnetIndex(signal)).map((subnet) => [subnet.id, subnet]));
      return [...subnets.keys()];
    };
    const read = async (id: number, signal: AbortSignal): Promise<readonly ForeignObject[]> => {
      const subnet = subnets.get(id);
      if (subnet === undefined) return [];
      return (await this.reader.addressesOf(subnet, signal)).map((found) => this.reader.toObject('ipAddress', found));
    };
    return new PartPager({ all, read }, pageSize);
  }
}

function known(kind: InventoryKind): PhpIpamKind {
  const found = PHPIPAM_KINDS.find((one) => one === kind);
  if (found !== undefined) return found;
  const words = `it has no ${kind}; it has ${PHPIPAM_KINDS.map((one) => `${one} (${KINDS[one].table})`).join(', ')}`;
  throw new PhpIpamError('PHPIPAM_REFUSED', { call: `GET ${kind}`, words, retriable: false });
}

/** undefined: its VRF is not in phpIPAM, so nothing there is like it. */
function vrfOf(fields: Fields): number | null | undefined {
  try {
    return idOf('vrf', fields['vrf']);
  } catch {
    return undefined;
  }
}
