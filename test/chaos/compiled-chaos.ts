import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** `npm run chaos`, compiled from the sources as they are into a directory of its own: its processes are killed, and a runner of tests is not. */
export class CompiledChaos {
  private readonly directory = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-chaos-spec-'));

  constructor() {
    const compiler = [path.join(REPOSITORY, 'node_modules/tsgo/bin/tsc'), '-p', path.join(REPOSITORY, 'tsconfig.build.json')];
    const { status, stdout } = spawnSync(process.execPath, [...compiler, '--noCheck', '--outDir', this.directory], { encoding: 'utf8' });
    if (status !== 0) {
      this.remove();
      throw new Error(`the sources do not compile: ${stdout}`);
    }
    const { imports } = JSON.parse(fs.readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as {
      imports: Record<string, { default: string }>;
    };
    const here = Object.entries(imports).map(([name, { default: file }]) => [name, file.replace('./dist/', './')]);
    fs.writeFileSync(path.join(this.directory, 'package.json'), JSON.stringify({ type: 'module', imports: Object.fromEntries(here) }));
    fs.symlinkSync(path.join(REPOSITORY, 'node_modules'), path.join(this.directory, 'node_modules'));
  }

  /** @returns its one line of results, its exit code, and what it said. It ends what it started, even when it is told to end itself. */
  run(args: readonly string[], withinMs: number): Promise<{ result: Record<string, unknown>; code: number | null; said: string }> {
    const child = spawn(process.execPath, ['apps/lab/src/chaos.js', ...args, '--json'], {
      cwd: this.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const impatience = setTimeout(() => child.kill('SIGTERM'), withinMs);
    let [line, said] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (line += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    return new Promise((resolve, reject) => {
      child.once('close', (code) => {
        clearTimeout(impatience);
        if (line.startsWith('{')) resolve({ result: JSON.parse(line) as Record<string, unknown>, code, said });
        else reject(new Error(`no result, exit code ${code}: ${said}`));
      });
    });
  }

  remove(): void {
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}
