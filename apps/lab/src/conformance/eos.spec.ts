import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { eos } from './eos.js';
import { judgeMutants } from './eos-mutants.js';
import { NoCasesError } from './no-cases-error.js';

const SPINE = `hostname SPINE-3
!
interface Ethernet1
   no switchport
   ip address 192.0.2.0/31
!
interface Ethernet2
!
interface Ethernet3
   no shutdown
!
snmp-server location row 7
!
router bgp 65300
   router-id 10.3.0.3
   neighbor 192.0.2.1 remote-as 65301
   !
   address-family evpn
      neighbor 192.0.2.1 activate
!
end
`;

describe('conformance of EOS configurations', () => {
  let directory: string;
  beforeEach(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'eos-'));
  });
  afterEach(() => fs.rmSync(directory, { recursive: true }));

  const run = (seed = 1, samples = 20) => eos.run(directory, { seed, samples });

  it('counts what comes back, from values and as it was, in folders of any depth', async () => {
    fs.mkdirSync(path.join(directory, 'pod'));
    fs.writeFileSync(path.join(directory, 'spine.cfg'), SPINE);
    fs.writeFileSync(path.join(directory, 'pod', 'empty.txt'), '! nothing\n');
    fs.writeFileSync(path.join(directory, 'pod', 'facts.yml'), 'vlans: []\n');
    const { figures, holds, text } = await run();
    expect(figures).toEqual({
      files: 2,
      roundTripped: 2,
      factsOwned: 10,
      factsKept: 2,
      factsLost: 0,
      mutation: 1,
      mutants: 20,
      seed: 1,
    });
    expect(holds).toBe(true);
    expect(text).toContain('snmp-server location row');
  });

  it('changes digits of what we own only, and never the number of a port that says nothing', () => {
    const mutants = judgeMutants('spine.cfg', SPINE, { seed: 1, samples: 1000 });
    expect(new Set(mutants.map(({ before }) => before.replace(/\d.*/, '')))).toEqual(
      new Set(['interface Ethernet', 'ip address ', 'router bgp ', 'router-id ', 'neighbor ']),
    );
    expect(mutants.filter(({ before }) => /Ethernet[23]/.test(before))).toEqual([]);
    expect(mutants.every(({ before, after, isReported }) => isReported && before !== after)).toBe(true);
  });

  it('asks the same with the same seed, and something else with another', () => {
    const lines = (seed: number) => judgeMutants('spine.cfg', SPINE, { seed, samples: 5 }).map(({ after }) => after);
    expect(lines(4)).toEqual(lines(4));
    expect(lines(4)).not.toEqual(lines(5));
  });

  it('takes a folder without configurations for no success', () => {
    expect(() => run()).toThrow(NoCasesError);
  });
});
