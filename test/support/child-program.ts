import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Parts of the sources, compiled, in a directory that any user can read, with the packages they need: for tests that run
 * our code as another user or in a process that can be killed.
 */
export class ChildProgram {
  readonly directory = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-child-'));

  /**
   * @param entry a source file, from the root of the repository.
   * @param packages npm packages it needs; theirs come along.
   */
  constructor(
    private readonly entry: string,
    packages: readonly string[],
  ) {
    fs.chmodSync(this.directory, 0o755);
    const config = path.join(this.directory, 'tsconfig.json');
    const compilerOptions = {
      outDir: this.directory,
      rootDir: REPOSITORY,
      sourceMap: false,
      types: ['node'],
      typeRoots: [path.join(REPOSITORY, 'node_modules/@types')],
    };
    const files = [path.join(REPOSITORY, entry)];
    fs.writeFileSync(config, JSON.stringify({ extends: path.join(REPOSITORY, 'tsconfig.json'), compilerOptions, files, include: [] }));
    fs.writeFileSync(
      path.join(this.directory, 'package.json'),
      JSON.stringify({ type: 'module', imports: { '#*': './libs/*/src/index.js' } }),
    );
    const compiled = spawnSync(process.execPath, [path.join(REPOSITORY, 'node_modules/tsgo/bin/tsc'), '-p', config, '--noCheck'], {
      encoding: 'utf8',
    });
    if (compiled.status !== 0) throw new Error(`${entry} does not compile: ${compiled.stdout}`);
    this.copyPackages(packages);
  }

  /** Runs `body`, statements of a module in which `it` is the entry. Lines of its output arrive one by one. */
  run(body: string, options: { readonly uid?: number; readonly gid?: number } = {}): RunningChild {
    const source = `import * as it from './${this.entry.replace(/\.ts$/, '.js')}';\n${body}\n`;
    const script = path.join(this.directory, `run-${Math.random().toString(36).slice(2)}.mjs`);
    fs.writeFileSync(script, source);
    return new RunningChild(spawn(process.execPath, [script], { ...options, cwd: this.directory, stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  remove(): void {
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  private copyPackages(names: readonly string[], done = new Set<string>()): void {
    for (const name of names) {
      const from = path.join(REPOSITORY, 'node_modules', name);
      if (done.has(name) || !fs.existsSync(from)) continue; // An optional package of another platform.
      done.add(name);
      fs.cpSync(from, path.join(this.directory, 'node_modules', name), { recursive: true, verbatimSymlinks: true });
      const manifest = JSON.parse(fs.readFileSync(path.join(from, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
      this.copyPackages(Object.keys({ ...manifest['dependencies'], ...manifest['optionalDependencies'] }), done);
    }
  }
}

export class RunningChild {
  private readonly lines: AsyncIterator<string>;
  readonly exited: Promise<number | null>;

  constructor(readonly process: ChildProcess) {
    if (!process.stdout) throw new Error('the child has no stdout');
    this.lines = readline.createInterface({ input: process.stdout })[Symbol.asyncIterator]();
    this.exited = new Promise((resolve) => process.once('exit', resolve));
  }

  /** The next line it prints. Throws when it ends without one. */
  async line(): Promise<string> {
    const next = await this.lines.next();
    if (next.done) throw new Error(`the child ended with ${this.process.exitCode ?? this.process.signalCode} instead of a line`);
    return next.value;
  }
}
