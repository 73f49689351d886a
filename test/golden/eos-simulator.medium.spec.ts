/**
 * Every EOS text that a scenario renders, judged by a switch that takes commands one by one and prints its own text, by a reader that shares
 * nothing with the renderer, and by the merge that brings one text to another.
 */
import { CliSession } from '../../apps/lab/src/eos-simulator/cli-session.js';
import { VirtualClock } from '../../apps/lab/src/eos-simulator/clock.js';
import { typeCommands } from '../../apps/lab/src/eos-simulator/config/type-commands.js';
import { emptyConfig, loadConfig } from '../../apps/lab/src/eos-simulator/config/load-config.js';
import { printConfig } from '../../apps/lab/src/eos-simulator/config/print-config.js';
import { EosSwitch } from '../../apps/lab/src/eos-simulator/eos-switch.js';
import { factoryConfig } from '../../apps/lab/src/eos-simulator/factory-config.js';
import { SimulatedFabric } from '../../apps/lab/src/simulated-fabric.js';
import { compileFabric } from '#engines/intent';
import { scenarios } from '#engines/intent/testing';
import { type ConfigNode, compareConfigs, eosDialect, parseConfig, remediate } from '#engines/reconcile';
import { readEos, writeEos } from '#engines/adoption';
import { renderDevice } from '#engines/rendering';

const HARDWARE = { ethernetPorts: 48 };
/** Before and after mappings were printed as lists. */
const RELEASES = ['4.34.0F', '4.36.0F'] as const;

interface Rendered {
  readonly name: string;
  readonly text: string;
}

/** Each text once: many scenarios have the same leaf. */
const rendered: readonly Rendered[] = [...new Map(everyText().map((one) => [one.text, one])).values()];

function everyText(): readonly Rendered[] {
  return Object.entries(scenarios)
    .map(([scenario, make]) => ({ scenario, snapshot: make() }))
    .filter(({ snapshot }) => snapshot.devices.some(({ platform }) => platform === 'ARISTA_EOS'))
    .flatMap(({ scenario, snapshot }) =>
      compileFabric(snapshot)
        .devices.flatMap(renderDevice)
        .filter(({ format }) => format === 'eos')
        .map(({ device, content }) => ({ name: `${scenario}/${device}`, text: content })),
    );
}

/** As a person would type the file: into each mode, and out of it again. */
function typed(nodes: readonly ConfigNode[], path: readonly string[] = []): string[] {
  return nodes
    .filter(({ kind }) => kind === 'command')
    .flatMap((node) => {
      const line = node.text.trim();
      const isMode = eosDialect.opensMode(path, line) || node.children.length > 0;
      return [line, ...typed(node.children, [...path, line]), ...(isMode ? ['exit'] : [])];
    });
}

const printed = (text: string, release: string): string => printConfig(loadConfig(text, HARDWARE), release);

describe.each(RELEASES)('a switch with EOS %s', (release) => {
  it.each(rendered)('takes every line of $name in a session, and prints the same configuration', async ({ text }) => {
    const device = new EosSwitch({
      slug: 'leaf',
      release,
      startupConfig: factoryConfig({ hostname: 'LEAF' }),
      hardware: HARDWARE,
      clock: new VirtualClock(),
      fabric: new SimulatedFabric(),
    });
    const before = device.runningConfig();
    const terminal = new CliSession(device, { username: 'admin', password: 'x' }, null);
    for (const cmd of ['enable', 'configure session trame-1-1', ...typed(parseConfig(text)), 'commit']) await terminal.run({ cmd }, 'json');
    const after = device.runningConfig();
    expect(after).not.toBe(before);
    const wanted = `${before.replace(/^end$/m, '')}${text}`;
    expect(compareConfigs(eosDialect, wanted, after)).toEqual([]);
  });
});

describe('what is rendered', () => {
  it.each(rendered)('for $name is read back into values, nothing kept aside', ({ text }) => {
    const config = readEos(text);
    expect(keptIn(config)).toEqual([]);
    expect(compareConfigs(eosDialect, text, writeEos(config, 'without'))).toEqual([]);
  });
});

/** Every `kept` of every section. */
function keptIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(keptIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => (key === 'kept' ? (below as unknown[]) : keptIn(below)));
}

/** One text of each scenario of switches, and nothing; a switch goes from any of them to any other. */
const kinds: readonly Rendered[] = [
  { name: 'nothing', text: '' },
  ...rendered.filter(({ name }) => /^eos-.*\/(?:leaf1|gw1|test)$|^(?:eos-many-clients|eos-route-server)\/spine$|^vrf-/.test(name)),
];

describe('the merge', () => {
  it.each(kinds)('brings a switch from $name to every other configuration', ({ text: from }) => {
    const running = printed(from, '4.34.0F');
    const before = loadConfig(running, HARDWARE);
    for (const { text: to } of kinds) {
      const root = before.clone();
      typeCommands(root, remediate({ running, previous: from, desired: to }));
      expect(compareConfigs(eosDialect, to, printConfig(root, '4.34.0F'))).toEqual([]);
    }
  });

  it('has nothing to do where everything is there', () => {
    for (const { text } of kinds) expect(remediate({ running: printed(text, '4.36.0F'), previous: text, desired: text })).toEqual([]);
  });

  it('finds the switch empty after everything was taken away', () => {
    for (const { text } of kinds) {
      const running = printed(text, '4.34.0F');
      const root = loadConfig(running, HARDWARE);
      typeCommands(root, remediate({ running, previous: text, desired: '' }));
      expect(printConfig(root, '4.34.0F')).toBe(printConfig(emptyConfig(HARDWARE), '4.34.0F'));
    }
  });
});
