// `npm run check`: everything that can be said about the sources without running them, side by side.
import { spawn } from 'node:child_process';

const bin = (file, ...args) => [process.execPath, `node_modules/${file}`, ...args];

/** Name → commands, one after the other. */
const STEPS = {
  format: [bin('@biomejs/biome/bin/biome', 'format', '.')],
  lint: [bin('oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '--format=unix')],
  types: [bin('tsgo/bin/tsc', '--noEmit', '-p', 'tsconfig.json')],
  boundaries: [
    bin('dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'migrations', 'test'),
  ],
  'home rules': [[process.execPath, 'tools/home-rules.mjs']],
  'dead code': [bin('knip/bin/knip.js')],
  'lock file': [[process.execPath, 'tools/complete-lock.mjs', '--check']],
  generated: [
    [process.execPath, 'tools/write-module-map.mjs', '--check'],
    bin('tsgo/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck'), // `types` does.
    [process.execPath, 'dist/apps/cli/src/main.js', 'gen', '--check'],
  ],
};

/** @returns the exit code: 0 when every step is content. */
export async function check(root) {
  const started = performance.now();
  const width = Math.max(...Object.keys(STEPS).map((name) => name.length));
  const results = await Promise.all(
    Object.entries(STEPS).map(async ([name, commands]) => {
      const { ok, output, seconds } = await runStep(root, commands);
      const label = name.padEnd(width);
      if (!ok) for (const line of output.trimEnd().split('\n')) console.log(`${label} | ${line}`);
      console.log(`${label} ${ok ? 'ok    ' : 'FAILED'} ${seconds.toFixed(1)} s`);
      return ok;
    }),
  );
  const failed = results.filter((ok) => !ok).length;
  console.log(
    `${failed === 0 ? 'all checks passed' : `${failed} of ${results.length} checks failed`} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  return failed === 0 ? 0 : 1;
}

async function runStep(root, commands) {
  const started = performance.now();
  let output = '';
  let ok = true;
  for (const [program, ...args] of commands) {
    if (!ok) break;
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    ok = await new Promise((resolve) => {
      child.once('error', (error) => {
        output += error.message;
        resolve(false);
      });
      child.once('close', (code) => resolve(code === 0));
    });
  }
  return { ok, output, seconds: (performance.now() - started) / 1000 };
}
