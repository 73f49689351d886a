/** A running-config read into typed values, written from them, and compared with what it was. */
import { readEos, writeEos } from '#engines/adoption';
import { canonicalConfig, compareFacts, type ConfigDifference, configFacts, eosDialect, type FactNode } from '#engines/reconcile';

export interface RoundTrip {
  readonly differences: readonly ConfigDifference[];
  /** Facts that come back from typed values alone. */
  readonly owned: number;
  /** Facts that come back because they were kept as they are, as texts with their sections. */
  readonly kept: readonly string[];
  /** Facts that do not come back. */
  readonly lost: readonly string[];
}

export function roundTrip(text: string): RoundTrip {
  const config = readEos(text);
  const written = writeEos(config);
  const typed = factsOf(writeEos(config, 'without'));
  const all = factsOf(written);
  const facts = [...factsOf(text)];
  return {
    differences: compareFacts(eosDialect, canonical(text), canonical(written)),
    owned: facts.filter((fact) => typed.has(fact)).length,
    kept: facts.filter((fact) => !typed.has(fact) && all.has(fact)),
    lost: facts.filter((fact) => !all.has(fact)),
  };
}

export const canonical = (text: string): FactNode => canonicalConfig(eosDialect, text);

const factsOf = (text: string): ReadonlySet<string> =>
  new Set(configFacts(eosDialect, text).map((fact) => [...fact.path, fact.text].join(' / ')));
