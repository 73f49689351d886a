import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { type Fqdn, invalidValue, type IpAddressId, notFound } from '#engines/kernel';
import type { Tx } from '#platform';
import { invalidState } from './domain/errors.js';
import { nameTaken } from './name-taken.js';
import { AddressNamesStore } from './store/address-names.store.js';

const MAX_ALIASES = 16;

/**
 * Further names of an address beside its own (`dnsName`), which alone has the PTR. Several addresses of one tenant may have the same alias, or one the name
 * of another (round robin); what another tenant is called on name servers is nobody's alias.
 */
@Injectable()
export class AddressNamesService {
  constructor(
    private readonly store: AddressNamesStore,
    private readonly audit: AuditService,
  ) {}

  /** In the order of `ids`; none of what is not there. */
  async aliasesOf(tx: Tx, ids: readonly IpAddressId[]): Promise<(readonly Fqdn[])[]> {
    const found = new Map((await this.store.names(tx, ids)).map(({ id, aliases }) => [id, aliases]));
    return ids.map((id) => found.get(id) ?? []);
  }

  /**
   * All of them anew, at most 16; none: it has its name alone.
   * @throws NOT_FOUND | INVALID_STATE (it rests) | INVALID_VALUE (too many, twice, its own name, or it has no name) | ALREADY_EXISTS (another tenant is called so on name servers).
   */
  async setAliases(tx: Tx, id: IpAddressId, aliases: readonly Fqdn[]): Promise<void> {
    const address = await this.store.locked(tx, id);
    if (!address) throw notFound('ipAddress', id);
    if (address.state === 'QUARANTINED') throw invalidState(address.state, ['HELD', 'BOUND']);
    checkAliases(aliases, address.dnsName);
    const sorted = [...aliases].sort();
    await this.store.setAliases(tx, id, sorted).catch((error: unknown) => {
      throw nameTaken(error, null) ?? error;
    });
    const detail = { before: address.aliases, after: sorted };
    await this.audit.append(tx, {
      tenantId: address.tenantId,
      action: 'address.aliases-set',
      subjectKind: 'ipAddress',
      subjectId: id,
      detail,
    });
  }
}

function checkAliases(aliases: readonly Fqdn[], dnsName: Fqdn | null): void {
  if (aliases.length > MAX_ALIASES) throw invalidValue('aliases', aliases.length, `at most ${MAX_ALIASES} names`);
  const twice = aliases.find((name, i) => aliases.indexOf(name) !== i);
  if (twice !== undefined) throw invalidValue('aliases', twice, 'each name once');
  if (aliases.length > 0 && dnsName === null) throw invalidValue('aliases', aliases[0], 'an address that has a dnsName, which has the PTR');
  if (dnsName !== null && aliases.includes(dnsName)) throw invalidValue('aliases', dnsName, 'names beside the dnsName of the address');
}
