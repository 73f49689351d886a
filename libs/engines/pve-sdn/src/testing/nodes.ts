/** A node for tests: what a test is about is given, all else is plain. */
import type { WrittenIp } from '../model/written.js';
import type { BridgeFacts } from '../node/bridge-facts.js';
import type { NodeFacts } from '../node/node-facts.js';
import { parseInterfaces } from '../node/parse-interfaces.js';

export interface NodeParts {
  readonly name?: string;
  /** Text of /etc/network/interfaces. */
  readonly interfaces?: string;
  readonly bridges?: Readonly<Record<string, BridgeFacts>>;
  /** Source address and device of every route; none by default. */
  readonly route?: readonly [source: string, device: string];
  readonly mac?: string;
  readonly alternativeNames?: Readonly<Record<string, string>>;
}

export function node({ name = 'ash', interfaces = '', bridges = {}, route, mac, alternativeNames = {} }: NodeParts = {}): NodeFacts {
  const hostInterfaces = parseInterfaces(interfaces);
  return {
    name,
    interfaces: hostInterfaces,
    bridge: (bridge) => bridges[bridge] ?? hostInterfaces.get(bridge)?.bridge ?? undefined,
    route: () => route && { source: route[0] as WrittenIp, device: route[1] },
    mac: () => mac,
    kernelName: (given) => alternativeNames[given] ?? given,
  };
}
