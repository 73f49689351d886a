import { DomainError } from '#engines/kernel';
import { violatedConstraint, violationHint } from '#platform';

/**
 * ALREADY_EXISTS of a name that an address, or another tenant on name servers, has already: of the index of names, or of the claims of migration 0041; undefined
 * for any other error. Whose it is is not told. @param asked as it would be kept; what it would be called may be another.
 */
export function nameTaken(error: unknown, asked: string | null): DomainError | undefined {
  if (violatedConstraint(error) !== 'ip_address_dns_name_unique') return undefined;
  const name = violationHint(error) ?? asked;
  const words =
    asked === null || name === asked ? `the name ${name} is in use` : `the name ${name} is in use, and ${asked} would be published as it`;
  return new DomainError('ALREADY_EXISTS', words, { name }, { cause: error });
}
