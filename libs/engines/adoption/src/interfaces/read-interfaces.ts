import type { WrittenLine } from '../grammar/field.js';
import { interfacesConfig, type InterfacesConfig } from './interfaces-config.js';
import { beginsStanza, interfacesFacts } from './interfaces-facts.js';

/**
 * Never throws: what cannot be held stays in `kept`, with the reason.
 * @param text interfaces(5), of ifupdown2 or classic ifupdown; files that are sourced come behind, as ifupdown reads them
 */
export function readInterfaces(text: string): InterfacesConfig {
  const collector = interfacesConfig.collect();
  for (const fact of interfacesFacts(text).children.values()) collector.take(fact);
  return collector.value();
}

/** @param kept `without`: only what the model holds in its own values. @returns text for ifupdown2, each interface once. */
export function writeInterfaces(config: InterfacesConfig, kept: 'with' | 'without' = 'with'): string {
  const lines = interfacesConfig.write(config, kept === 'with');
  const lone = lines.filter(({ isSection }) => !isSection).map(({ text }) => text);
  return [
    ...lone.filter((text) => !beginsStanza(text)), // behind a stanza they would be options of it
    ...lone.filter(beginsStanza),
    ...lines.filter(({ isSection }) => isSection).flatMap(stanzas),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** A method stands in the header; each has a stanza of its own, and the options are in the first. */
function stanzas({ text, children }: WrittenLine): readonly string[] {
  if (!text.startsWith('iface ')) return ['', text, ...children.map((line) => `    ${line.text}`)];
  const methods = children.flatMap((line) => (line.text.startsWith('method ') ? [line.text.slice('method '.length)] : []));
  const options = children.filter((line) => !line.text.startsWith('method ')).map((line) => `    ${line.text}`);
  const [first, ...more] = methods;
  return ['', first === undefined ? text : `${text} ${first}`, ...options, ...more.flatMap((method) => ['', `${text} ${method}`])];
}
