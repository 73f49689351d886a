import { canonicalConfig, frrDialect } from '#engines/reconcile';
import type { WrittenLine } from '../grammar/field.js';
import { frrConfig, type FrrConfig } from './frr-config.js';
import { indentedFrr } from './frr-text.js';

/** Never throws: what cannot be held stays in `kept`, with the reason. @param text frr.conf, or `show running-config` of vtysh. */
export function readFrr(text: string): FrrConfig {
  const collector = frrConfig.collect();
  for (const fact of canonicalConfig(frrDialect, indentedFrr(text)).children.values()) collector.take(fact);
  return collector.value();
}

/** @param kept `without`: only what the model holds in its own values. @returns frr.conf with the words that leave each mode. */
export function writeFrr(config: FrrConfig, kept: 'with' | 'without' = 'with'): string {
  return [...frrConfig.write(config, kept === 'with').flatMap((line) => written(line, [])), ''].join('\n');
}

/** A mode is left by its own word where it has lines or is one in FRR's eyes. */
function written({ text, children, isSection }: WrittenLine, path: readonly string[]): readonly string[] {
  const indent = ' '.repeat(path.length);
  if (!isSection) return [indent + text];
  return [
    indent + text,
    ...children.flatMap((line) => written(line, [...path, text])),
    indent + frrDialect.leave([...path, text]),
    ...(path.length === 0 ? ['!'] : []),
  ];
}
