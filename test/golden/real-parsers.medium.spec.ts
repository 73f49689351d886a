/** What the goldens are worth: the parsers of FRR and ifupdown2 read every file of every scenario. What daemons make of them: demo-daemons.medium.spec.ts. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFabric } from '#engines/intent';
import { scenarios } from '#engines/intent/testing';
import { type Artefact, FRR_PATH, INTERFACES_PATH, renderDevice } from '#engines/rendering';
import { Lab, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';
import { ifupMany } from '../support/ifup-many.js';

/** ifupdown2 says these of a file that it then puts in force exactly: an MTU on a bridge, no ports, and tools that it no longer needs. */
const HARMLESS = [
  /^warning: \S+: bridge inherits mtu from its ports\. There is no need to assign mtu on a bridge$/,
  /^warning: \S+: bridge-ports: invalid value "none": valid attribute values: /,
  /^warning: .*(?:brctl: missing|python-mako)/,
];

const files = (path: string): [string, Artefact][] =>
  Object.entries(scenarios).flatMap(([name, snapshot]) =>
    compileFabric(snapshot())
      .devices.flatMap(renderDevice)
      .filter((artefact) => artefact.path === path)
      .map((artefact): [string, Artefact] => [`${artefact.device} in ${name}`, artefact]),
  );

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trame-golden-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const spoken = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !HARMLESS.some((pattern) => pattern.test(line)));

describeWith({ missing: existsSync('/usr/bin/vtysh') ? [] : ['the Debian package frr'] }, 'vtysh', () => {
  async function judge(content: string) {
    const file = join(directory, 'frr.conf');
    await writeFile(file, content);
    const { status, stdout, stderr } = spawnSync('/usr/bin/vtysh', ['-C', '-f', file], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  }

  it.each(files(FRR_PATH))('reads frr.conf of %s', async (_name, { content }) => {
    expect(await judge(content)).toEqual({ status: 0, said: '' });
  });

  it('would have noticed a misspelt line', async () => {
    const [, artefact] = files(FRR_PATH).find(([, { content }]) => content.includes('advertise-all-vni')) ?? [];
    expect((await judge(artefact?.content.replace('advertise-all-vni', 'advertise-all-vnis') ?? '')).status).toBe(2);
  });
});

// In nodes, because ifup wants its lock below /run/network, which a machine without ifupdown2's service does not have.
describeWith({ missing: missingForRealHosts() }, 'ifupdown2', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await Lab.create(join(directory, 'lab'));
  });
  afterEach(() => lab.close());

  it('reads interfaces.d/trame of every host of every scenario', { timeout: 180_000 }, async () => {
    const all = [...new Map(files(INTERFACES_PATH).map(([name, { content }]) => [content, name]))];
    const half = Math.ceil(all.length / 2);
    const reader = async (name: string, own: typeof all): Promise<void> => {
      const verdicts = await ifupMany(
        await lab.node(name),
        own.map(([content]) => content),
      );
      for (const [at, { words }] of verdicts.entries()) expect(spoken(words), own[at]?.[1]).toEqual([]);
    };
    await Promise.all([reader('parser1', all.slice(0, half)), reader('parser2', all.slice(half))]);
  });

  it('would have noticed a value out of range', async () => {
    const [, artefact] = files(INTERFACES_PATH).find(([, { content }]) => content.includes('bridge-stp off')) ?? [];
    const wrong = artefact?.content.replace('bridge-stp off', 'bridge-stp maybe') ?? '';
    const [right, said, again] = await ifupMany(await lab.node('parser'), [artefact?.content ?? '', wrong, artefact?.content ?? '']);
    expect([right, again].map((verdict) => spoken(verdict?.words ?? 'nothing'))).toEqual([[], []]);
    expect(said?.code).toBe(1);
    expect(spoken(said?.words ?? '').join('\n')).toContain('bridge-stp');
  });
});
