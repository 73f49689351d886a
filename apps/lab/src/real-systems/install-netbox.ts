import { existsSync } from 'node:fs';
import { rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { debianRoot, missingForDebianRoot } from './debian-root.js';
import { inside, run } from './inside.js';

/** That the simulator was compared with. */
export const NEWEST_NETBOX = '4.7.3';
/** A release as PyPI has it; from 4.7 on it has them. */
const RELEASE = /^4\.(?:[7-9]|\d{2})\.\d{1,3}$/;
const REDIS = '/usr/bin/redis-server';

/** The package `netbox` of its makers, and the Python that it runs on. */
export interface InstalledNetBox {
  /** `4.7.3` */
  readonly release: string;
  /** Folder in which its Debian is. */
  readonly root: string;
  /** Folder of its programs, within `root`. */
  readonly bin: string;
}

/** @returns why none can run here, each in a few words; empty: it can. */
const missingForNetBox = (): string[] => [
  ...missingForDebianRoot(),
  ...(existsSync(REDIS) ? [] : [`needs Debian package redis-server (${REDIS})`]),
];

/**
 * From Debian and PyPI; minutes the first time, nothing after.
 *
 * @throws NotToBeHad where a registry is not to be had; Error where it cannot run here, or the release is none.
 */
export async function installNetBox(release: string, say: (line: string) => void): Promise<InstalledNetBox> {
  if (!RELEASE.test(release)) throw new Error(`${release} is no release of NetBox on PyPI: 4.7.0 and later, as 4.7.3`);
  const missing = missingForNetBox();
  if (missing.length > 0) throw new Error(`no NetBox can run here: ${missing.join('; ')}`);
  const root = await debianRoot(say);
  const place = `/opt/netbox-${release}`;
  const installed = { release, root, bin: `${place}/bin` };
  if (existsSync(path.join(root, place, 'bin/netbox'))) return installed;
  say(`installing NetBox ${release} from PyPI`);
  const draft = `${place}.${process.pid}`; // Programs of it name the folder: it is not renamed, but linked.
  try {
    await run(inside(root, ['/usr/bin/python3', '-m', 'venv', draft]));
    await run(inside(root, [`${draft}/bin/pip`, 'install', '--quiet', '--disable-pip-version-check', `netbox==${release}`]));
  } catch (error) {
    await rm(path.join(root, draft), { recursive: true, force: true });
    throw error;
  }
  const link = path.join(root, `${draft}.link`);
  await symlink(path.basename(draft), link);
  await rename(link, path.join(root, place));
  return installed;
}
