import { encodeId, type FabricId, type SyncTargetId } from '#engines/kernel';

/** What every connector of every Trame wrote into its marks before they said whose they are. */
export const EVERYBODYS_MARK = 'trame';

/** A connector of a name server, of this Trame. */
export interface NameServerConnector {
  readonly id: SyncTargetId;
  readonly fabricId: FabricId;
  readonly slug: string;
  readonly enabled: boolean;
}

/** `3f9c2a71.syt_…` (39 characters): which Trame, and which of its connectors. Neither a name nor an address is part of it: both may change. */
export const ownerIdOf = (installation: string, id: SyncTargetId): string => `${installation}.${encodeId('syncTarget', id)}`;

/** Whose the record sets of a zone are, as one connector sees it. */
export class ZoneOwner {
  readonly id: string;
  /** Marks of before: of connectors of this fabric that are switched off, which are ours, and the one that everybody wrote. */
  readonly formerIds: readonly string[];

  constructor(
    private readonly installation: string,
    target: { readonly id: SyncTargetId; readonly fabricId: FabricId },
    private readonly connectors: readonly NameServerConnector[],
  ) {
    this.id = ownerIdOf(installation, target.id);
    const before = connectors.filter(({ id, fabricId, enabled }) => !enabled && fabricId === target.fabricId && id !== target.id);
    this.formerIds = [...before.map(({ id }) => ownerIdOf(installation, id)), EVERYBODYS_MARK];
  }

  /** Why a name that is wanted is not written. @param markedBy absent: no Trame. */
  whyNot(markedBy: string | undefined): string {
    if (markedBy === undefined) return 'the record set is not ours';
    if (markedBy === EVERYBODYS_MARK)
      return `the record set is not known to be ours: it is marked id=${EVERYBODYS_MARK}, as every Trame did before, and says something else; delete it there if nobody else's`;
    return `the record set is not ours: ${this.whose(markedBy)} keeps it`;
  }

  private whose(ownerId: string): string {
    const connector = this.connectors.find(({ id }) => ownerIdOf(this.installation, id) === ownerId);
    return connector ? `the connector ${connector.slug} of this Trame` : `another Trame (${ownerId})`;
  }
}
