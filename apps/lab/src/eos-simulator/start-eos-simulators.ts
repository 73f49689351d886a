/** Many switches in one process, of one fabric: for rollouts over a hundred devices. */
import { SimulatedFabric } from '../simulated-fabric.js';
import { type EosSimulator, type EosSimulatorOptions, startEosSimulator } from './start-eos-simulator.js';

export interface EosSimulators {
  /** By slug, in the order of their numbers. */
  readonly switches: ReadonlyMap<string, EosSimulator>;
  readonly fabric: SimulatedFabric;
  close(): Promise<void>;
}

/** @param options for all of them, or for each by its number from 1. Names are `leaf1`, `leaf2` … unless the options say otherwise. */
export async function startEosSimulators(
  count: number,
  options: Partial<EosSimulatorOptions> | ((number: number) => Partial<EosSimulatorOptions>) = {},
): Promise<EosSimulators> {
  const fabric = new SimulatedFabric();
  const started: [string, EosSimulator][] = [];
  for (let number = 1; number <= count; number += 1) {
    const own = typeof options === 'function' ? options(number) : options;
    const hostname = own.hostname ?? `leaf${number}`;
    const slug = own.slug ?? hostname;
    started.push([slug, await startEosSimulator({ users: [], fabric, ...own, hostname, slug })]);
  }
  const switches = new Map(started);
  return { switches, fabric, close: async () => void (await Promise.all([...switches.values()].map((device) => device.close()))) };
}
