import { invalidValue } from '#engines/kernel';
import { writtenIp } from '../model/written.js';
import { INTERFACE_NAME, NODE_NAME } from '../parsing/forms.js';
import type { Form } from '../parsing/section-reader.js';
import type { NodeFacts } from './node-facts.js';

/** The same facts, each answer checked when it is given: a node is asked by a program, and what it says ends up in files. */
export function checkedFacts(facts: NodeFacts): NodeFacts {
  return {
    name: formed('node', facts.name, NODE_NAME),
    interfaces: facts.interfaces,
    bridge: (name) => {
      const bridge = facts.bridge(name);
      return bridge && { ...bridge, ports: bridge.ports.map((port) => formed(`port of ${name}`, port, INTERFACE_NAME)) };
    },
    route: (destination) => {
      const route = facts.route(destination);
      if (route === undefined) return undefined;
      const device = formed(`device of the route to ${destination}`, route.device, INTERFACE_NAME);
      return { source: writtenIp(`source of the route to ${destination}`, route.source), device };
    },
    mac: (name) => facts.mac(name),
    kernelName: (name) => formed(`name of ${name}`, facts.kernelName(name), INTERFACE_NAME),
  };
}

function formed(what: string, value: string, { pattern, accepted }: Form): string {
  if (!pattern.test(value)) throw invalidValue(what, value, accepted);
  return value;
}
