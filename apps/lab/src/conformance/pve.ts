/** Cases of Proxmox SDN: a configuration, a node, and the files that Proxmox writes on it. */
import {
  compareFrr,
  compareInterfaces,
  oldestRelease,
  parseRunningConfig,
  PVE_FRR_PATH,
  PVE_INTERFACES_PATH,
  type PveRelease,
  renderPveNode,
  type SdnConfig,
} from '#engines/pve-sdn';
import { type CaseFolder, caseFolders } from './case-folder.js';
import { reportOf, verdictOf } from './case-verdict.js';
import type { ConformanceKind } from './conformance-kind.js';
import { environment } from './pve-environment.js';

const EXPECTED = [
  { file: 'expected_sdn_interfaces', path: PVE_INTERFACES_PATH, compare: compareInterfaces },
  { file: 'expected_controller_config', path: PVE_FRR_PATH, compare: compareFrr },
] as const;

const EXPECTS = 'folders with sdn.typed.json, env.json, interfaces and expected_sdn_interfaces or expected_controller_config';

export const pve = {
  expects: EXPECTS,
  run(directory: string) {
    const folders = caseFolders(
      directory,
      EXPECTED.map(({ file }) => file),
      EXPECTS,
    );
    return reportOf(folders.map((folder) => verdictOf(folder.name, () => judge(folder))));
  },
} satisfies ConformanceKind;

function judge(folder: CaseFolder) {
  const config = parseRunningConfig(folder.read('sdn.typed.json') ?? '{}');
  const facts = environment(folder.read('env.json') ?? '{}', folder.read('interfaces'));
  const { files, droppedLocalLines } = renderPveNode(config, facts, releaseOf(folder, config), folder.read('frr.conf.local'));
  const compared = EXPECTED.flatMap(({ file, path, compare }) => {
    const expected = folder.read(file);
    const actual = files.get(path) ?? '';
    return expected === null
      ? []
      : [{ isByteEqual: expected === actual, differences: compare(expected, actual).map((one) => ({ ...one, file: path })) }];
  });
  return {
    differences: compared.flatMap(({ differences }) => differences),
    isByteEqual: compared.every(({ isByteEqual }) => isByteEqual),
    note: droppedLocalLines.length === 0 ? null : `${droppedLocalLines.length} lines of frr.conf.local have no place`,
  };
}

/**
 * No file of a case names the release, but the first line of frr.conf says which FRR came with it: 9.2 has 10.6. Without that
 * line it is the oldest release that can do what is configured.
 */
function releaseOf(folder: CaseFolder, config: SdnConfig): PveRelease {
  const version = /^frr version (\d+)\.(\d+)/m.exec(folder.read('expected_controller_config') ?? '');
  if (version === null) return oldestRelease(config);
  return Number(version[1]) * 100 + Number(version[2]) >= 1006 ? '9.2' : '9.1';
}
