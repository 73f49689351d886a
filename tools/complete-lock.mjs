// Adds to package-lock.json the optional platform packages that a registry mirror does not hold.
// `npm install` leaves such a package out of the lock without a word; `npm ci` then refuses the lock ("Missing: …@ from lock file").
// The exact versions stand in the lock already, as optionalDependencies of the packages that want them; on another platform
// npm never fetches them. Run it after every `npm install`: `node tools/complete-lock.mjs [--check] [lock file]`; `--check` only
// reports.
import fs from 'node:fs';

const OPERATING_SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];
const LIBC = { musl: 'musl', musleabihf: 'musl', gnu: 'glibc', gnueabihf: 'glibc' };

/** Platform fields of a package that is named after its platform: `@oxlint/binding-linux-arm-musleabihf`. */
function platformOf(name) {
  const words = name.split('/').pop().split(/[-.]/);
  const os = words.find((word) => OPERATING_SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  const libc = words.map((word) => LIBC[word]).find(Boolean);
  if (!os || !cpu) return undefined;
  return { os, cpu, libc: os === 'linux' ? libc : undefined };
}

// In the order of keys in which npm writes them, so that a later `npm install` leaves the file alone.
const lockEntry = (version, { os, cpu, libc }, dev) => ({
  version,
  cpu: [cpu],
  ...(dev ? { dev: true } : {}),
  ...(libc ? { libc: [libc] } : {}),
  optional: true,
  os: [os],
});

/** Optional dependencies with an exact version that the lock names but does not hold: `[place, entry]` pairs. */
function missingPlatformPackages(lock) {
  const missing = new Map();
  for (const [place, owner] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      if (!platform || !/^\d+\.\d+\.\d+/.test(version)) continue;
      if (lock.packages[`node_modules/${name}`] || lock.packages[`${place}/node_modules/${name}`]) continue;
      missing.set(`node_modules/${name}`, lockEntry(version, platform, owner.dev));
    }
  }
  return [...missing];
}

const isCheck = process.argv.includes('--check');
const file = process.argv.slice(2).find((argument) => argument !== '--check') ?? new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
const missing = missingPlatformPackages(lock);
if (isCheck) {
  for (const [place, { version }] of missing) console.error(`package-lock.json lacks ${place} ${version}: node tools/complete-lock.mjs`);
  process.exitCode = missing.length > 0 ? 1 : 0;
} else {
  for (const [place, entry] of missing) lock.packages[place] = entry;
  const [root, ...rest] = Object.entries(lock.packages);
  rest.sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries([root, ...rest]);
  fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${missing.length} platform packages added to package-lock.json`);
}
