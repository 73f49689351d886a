/** What is asked of the node while its files are made: all that is not in the configuration of the cluster. */
import type { WrittenIp } from '../model/written.js';
import type { BridgeFacts } from './bridge-facts.js';
import type { HostInterfaces } from './parse-interfaces.js';

export interface NodeFacts {
  /** Short host name, as zones and controllers name it. */
  readonly name: string;
  /** /etc/network/interfaces of the node, without what it includes. */
  readonly interfaces: HostInterfaces;
  /** `undefined`: the node has no such bridge. */
  bridge(name: string): BridgeFacts | undefined;
  /** What `ip route get` answers; `undefined` where there is no route, or none with a source address. */
  route(destination: string): RouteFacts | undefined;
  /** MAC of an interface; of its master where it has one. */
  mac(interfaceName: string): string | undefined;
  /** The kernel's name of an interface that may be given by an alternative one. */
  kernelName(interfaceName: string): string;
}

export interface RouteFacts {
  readonly source: WrittenIp;
  readonly device: string;
}
