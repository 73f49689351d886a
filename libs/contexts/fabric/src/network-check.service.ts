import { Inject, Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { type Network, TenancyService } from '#contexts/tenancy';
import { checkFabric, type FabricSnapshot, type Finding, type FindingCode } from '#engines/intent';
import { DomainError, type FabricId, type NetworkId } from '#engines/kernel';
import { LOGGER, type Logger, type Tx } from '#platform';
import { SnapshotStore } from './store/snapshot.store.js';

type Ordered = Pick<Network, 'id' | 'fabricId' | 'slug'>;

/** What a tenant may know of an error that is about others, or about how the fabric is made. */
const PLAIN_WORDS: Readonly<Partial<Record<FindingCode, string>>> = {
  PORT_CLASH: 'a port of it has another use on its device',
  VLAN_RESERVED: 'one of its devices has no room for another VRF',
  VLAN_CLASH: 'a VLAN of it is in use on one of its devices',
  PROTECTED_NETWORK: 'a subnet of it is the operator’s on one of its devices',
  SUBNET_OVERLAP: 'a subnet of it is in use in its routing table',
  MAC_NOT_ALLOWED: 'a port of it takes guests with registered MACs only',
};

/** Networks that the fabric cannot be built with: refused when they are ordered, and left out when they turn up later. */
@Injectable()
export class NetworkCheckService {
  constructor(
    private readonly snapshots: SnapshotStore,
    private readonly tenancy: TenancyService,
    private readonly audit: AuditService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /**
   * Would the compiler take the fabric with this network, as it stands in this transaction? Asked with the eyes of the system, or it would stop
   * the next plan for everybody; a tenant reads of it what its own eyes see, or else one plain sentence. What is wrong with others only is not its
   * fault. @throws DomainError CHECK_FAILED with the findings.
   */
  async check(tx: Tx, network: Ordered): Promise<void> {
    const look = async (as: Tx): Promise<Finding[]> =>
      concerning(network.id, await this.snapshots.read(as, network.fabricId, { around: network.id }));
    const errors = await tx.asSystem(look);
    if (errors.length === 0) return;
    if (tx.scope.kind === 'system') throw checkFailed(errors);
    const own = await look(tx);
    if (own.length > 0) throw checkFailed(own);
    this.log.info('network.check_failed', { network: network.slug, findings: errors });
    throw checkFailed([...new Map(errors.map((error) => [error.code, inPlainWords(error, network)])).values()]);
  }

  /** Ordered and not live yet, the oldest first. */
  underWay(tx: Tx, fabricId: FabricId): Promise<NetworkId[]> {
    return this.tenancy.underWay(tx, fabricId);
  }

  /** They are no part of the intent from now on, and their orders fail with these words. @returns how many of them were still under way. */
  async refuse(tx: Tx, fabricId: FabricId, networks: ReadonlyMap<NetworkId, Finding>): Promise<number> {
    let refused = 0;
    for (const [id, { code, message }] of networks) {
      if (!(await this.tenancy.refuse(tx, id, { code: 'CHECK_FAILED', message }))) continue;
      refused++;
      await this.audit.append(tx, {
        tenantId: null,
        action: 'network.refused',
        subjectKind: 'network',
        subjectId: id,
        detail: { fabricId, code, message },
      });
    }
    return refused;
  }
}

const checkFailed = (errors: readonly Finding[]): DomainError<'CHECK_FAILED'> =>
  new DomainError('CHECK_FAILED', errors[0]?.message ?? '', { findings: errors });

/** All errors but those that name other networks only. */
function concerning(id: NetworkId, snapshot: FabricSnapshot): Finding[] {
  const networkOf = new Map<string, NetworkId>([
    ...snapshot.networks.map((network) => [network.id, network.id] as const),
    ...snapshot.attachments.map((attachment) => [attachment.id, attachment.networkId] as const),
  ]);
  const own = snapshot.networks.find((network) => network.id === id);
  return checkFabric(snapshot).filter(({ severity, subjects }) => {
    if (severity !== 'ERROR') return false;
    const named = subjects.flatMap((subject) => networkOf.get(subject) ?? []);
    return named.length === 0 || named.includes(id) || (own?.vrfId != null && subjects.includes(own.vrfId));
  });
}

const inPlainWords = ({ code, severity }: Finding, { id, slug }: Ordered): Finding => ({
  code,
  severity,
  message: `network ${slug} cannot be built: ${PLAIN_WORDS[code] ?? 'something is wrong with one of its devices'}; the operator finds the words of the check in the log`,
  path: `networks.${slug}`,
  subjects: [id],
});
