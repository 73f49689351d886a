import { spawnSync } from 'node:child_process';
import { installScript } from './install-script.js';
import { INSTALLED_PROGRAM_PATH, PUSH_PROGRAM, PUSH_PROGRAM_SHA256 } from './push-program.js';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKeyOfAFabric';

describe('the script that installs a host', () => {
  it('is what a POSIX shell reads, with the whole program in it', () => {
    expect(spawnSync('sh', ['-n'], { input: installScript([KEY]), encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    expect(installScript([KEY])).toContain(PUSH_PROGRAM);
    for (const mark of ['END_OF_PUSH_PROGRAM', 'END_OF_LOGIN']) expect(PUSH_PROGRAM).not.toContain(mark);
  });

  it('lets a user run one program with these bytes and without arguments, and no other', () => {
    const rules = installScript([KEY]).match(/^(?:Cmnd_Alias|trame ALL).*$/gm);
    const alias = `TRAME_${PUSH_PROGRAM_SHA256.slice(0, 16).toUpperCase()}`;
    expect(rules).toEqual([
      `Cmnd_Alias ${alias} = sha256:${PUSH_PROGRAM_SHA256} ${INSTALLED_PROGRAM_PATH} ""`,
      `trame ALL = (root) NOPASSWD: ${alias}`,
    ]);
  });

  it.each(['', 'ssh-dss AAAA', `${KEY} someone@example`, `${KEY}\nssh-ed25519 BBBB`, `command="sh" ${KEY}`])(
    'refuses %j as a key',
    (key) => {
      expect(() => installScript([key])).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }) as Error);
    },
  );
});
