/**
 * Reads `ifquery -a --check -o json` (ifupdown2 3.0.0): which interfaces of our file do not look as the file says.
 * Interfaces of other files (management) are none of our business, drifted or not.
 */
import { asRecord } from './json-shape.js';

export interface InterfaceDrift {
  readonly name: string;
  /** `mtu is 1500`; or that the interface is missing. */
  readonly message: string;
}

/** Ports that guests bring and take; ifreload leaves them alone, so their presence in a bridge is no drift. */
const GUEST_PORT = /^\(?(tap|veth|fwpr|fwln|vnet)[^\s]*\)?$/;

/**
 * @param json what ifquery printed.
 * @param text the interfaces file that should be live.
 * @throws Error when it is not such a report.
 */
export function interfaceDrift(json: string, text: string): InterfaceDrift[] {
  const report: unknown = JSON.parse(json);
  if (!Array.isArray(report)) throw new Error('ifquery did not print a list');
  const ours = bridgePortsByInterface(text);
  const seen = new Set<string>();
  const drift = report.flatMap((entry): InterfaceDrift[] => {
    const { name, status, config, config_status: attributes } = asRecord(entry);
    if (typeof name !== 'string' || !ours.has(name)) return [];
    seen.add(name);
    if (status !== 'fail') return [];
    const wrong = Object.entries(asRecord(attributes)).filter(([key, verdict]) => {
      return failed(verdict) && !(key === 'bridge-ports' && onlyGuestsMore(asRecord(config)[key], ours.get(name) ?? ''));
    });
    const nothingSaid = Object.keys(asRecord(attributes)).length === 0;
    if (nothingSaid) return [{ name, message: 'does not exist' }];
    return wrong.map(([key]) => ({ name, message: `${key} is ${JSON.stringify(asRecord(config)[key] ?? null)}` }));
  });
  const unseen = [...ours.keys()]
    .filter((name) => !seen.has(name))
    .map((name) => ({ name, message: 'is not in the configuration that ifquery reads' }));
  return [...drift, ...unseen];
}

/** Attributes that occur several times have a list of verdicts. */
const failed = (verdict: unknown): boolean => (Array.isArray(verdict) ? verdict.includes('fail') : verdict === 'fail');

function onlyGuestsMore(running: unknown, wanted: string): boolean {
  const ports = (text: string): string =>
    text
      .split(/\s+/)
      .filter((port) => port !== '' && !GUEST_PORT.test(port))
      .sort()
      .join(' ');
  return typeof running === 'string' && ports(running) === ports(wanted === 'none' ? '' : wanted);
}

/** Interfaces of an interfaces(5) text; the value is what stands behind `bridge-ports`, '' without it. */
function bridgePortsByInterface(text: string): Map<string, string> {
  const ports = new Map<string, string>();
  let current = '';
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line.trim().split(/\s+/);
    if (word === 'iface') {
      current = rest[0] ?? '';
      if (!ports.has(current)) ports.set(current, '');
    } else if (word === 'bridge-ports') ports.set(current, rest.join(' '));
  }
  return ports;
}
