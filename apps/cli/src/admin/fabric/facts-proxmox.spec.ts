import fs from 'node:fs';
import path from 'node:path';
import { fabricDocument } from './fabric-document.js';

/** The entry that the page shows: what people copy is what is tested. */
function shown(): Record<string, unknown> & { proxmox: Record<string, unknown> } {
  const page = fs.readFileSync(path.resolve('docs/operations/install-a-proxmox-cluster.md'), 'utf8');
  return JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '') as ReturnType<typeof shown>;
}
const problems = (device: object): readonly string[] =>
  fabricDocument
    .safeParse({
      fabric: {
        slug: 'par',
        name: 'Paris',
        asnScheme: 'IBGP',
        rtAdministrator: 65_051,
        vtepPool: '172.16.1.0/24',
        anycastGatewayMac: '00:1c:73:00:00:01',
      },
      sites: [],
      devices: [device],
    })
    .error?.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`) ?? [];

describe('a cluster of Proxmox in a document', () => {
  it('is taken as the page shows it', () => {
    expect(problems(shown())).toEqual([]);
  });

  it.each([
    ['a zone that is not ours by its name', { zone: 'prod' }, 'devices.0.proxmox.zone: trame, and up to three letters or digits behind it'],
    ['no nodes', { nodes: [] }, 'devices.0.proxmox.nodes: '],
    ['a node with a comma', { nodes: [{ name: 'a,b', vtep: '172.16.1.61' }] }, 'devices.0.proxmox.nodes.0.name: a name as Proxmox has it'],
    ['a key that is not known', { fence: 1 }, 'devices.0.proxmox: Unrecognized key: "fence"'],
  ])('with %s is refused by its path', (_what, facts, problem) => {
    const device = shown();
    expect(problems({ ...device, proxmox: { ...device.proxmox, ...facts } })).toEqual([expect.stringContaining(problem)]);
  });
});
