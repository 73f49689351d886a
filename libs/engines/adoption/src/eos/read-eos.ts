import { canonicalConfig, eosDialect } from '#engines/reconcile';
import { eosConfig, type EosConfig } from './eos-config.js';
import type { WrittenLine } from '../grammar/field.js';

/** Never throws: what cannot be held stays in `kept`, with the reason. @param text `show running-config`, of any release. */
export function readEos(text: string): EosConfig {
  const collector = eosConfig.collect();
  for (const fact of canonicalConfig(eosDialect, text).children.values()) collector.take(fact);
  return collector.value();
}

/** @param kept `without`: only what the model holds in its own values. @returns text as EOS prints it, with `end`. */
export function writeEos(config: EosConfig, kept: 'with' | 'without' = 'with'): string {
  return [...inOrder(eosConfig.write(config, kept === 'with'), 0), '!', 'end', ''].join('\n');
}

const STEP = 3;

function inOrder(lines: readonly WrittenLine[], depth: number): readonly string[] {
  const indent = ' '.repeat(depth * STEP);
  const written: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] as WrittenLine;
    if (line.isSection) {
      written.push(`${indent}!`, indent + line.text, ...inOrder(line.children, depth + 1));
      at += 1;
    } else {
      const end = lines.findIndex((other, i) => i > at && other.isSection);
      const run = lines.slice(at, end < 0 ? lines.length : end).map(({ text }) => text);
      written.push(...(depth === 0 ? ['!'] : []), ...eosDialect.joinFacts(run).map((text) => indent + asPrinted(text)));
      at += run.length;
    }
  }
  return written;
}

/** EOS prints this one MAC in dots, in all releases; in facts all MACs have colons. */
const asPrinted = (text: string): string =>
  text.replace(/^lacp system-id (\S\S):(\S\S):(\S\S):(\S\S):(\S\S):(\S\S)$/, 'lacp system-id $1$2.$3$4.$5$6');
