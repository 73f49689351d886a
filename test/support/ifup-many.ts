/** ifupdown2 over many files with one start of Python: it takes three times as long to start as to read a file. Each is read by a process of its own. */
import type { LabNode } from '../../apps/lab/src/hosts/index.js';

const PROGRAM = '/run/ifup-many.py';
/** The program `ifup` itself, its modules read once; what a file does to them dies with the child that read it. */
const TEXT = String.raw`
import importlib.machinery, importlib.util, os, sys
program_path = os.path.realpath('/usr/sbin/ifup')
sys.path.insert(0, '/usr/share/ifupdown2')
sys.argv = ['/usr/sbin/ifup']
loader = importlib.machinery.SourceFileLoader('ifup_program', program_path)
program = importlib.util.module_from_spec(importlib.util.spec_from_loader('ifup_program', loader))
loader.exec_module(program)
import ifupdown.main, lib.nlcache
for file in os.environ['FILES'].split():
    child = os.fork()
    if child == 0:
        said = os.open(file + '.said', os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.argv = ['/usr/sbin/ifup', '-a', '-s', '-i', file]
        try:
            code = program.main()
        except SystemExit as end:
            code = end.code
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(f'@{code} {os.path.getsize(file + ".said")}', flush=True)
    with open(file + '.said', 'rb') as words:
        sys.stdout.buffer.write(words.read())
        sys.stdout.buffer.write(b'\n')
        sys.stdout.buffer.flush()
`;

export interface IfupVerdict {
  readonly code: number;
  readonly words: string;
}

/** What \`ifup -a -s\` says of each text. */
export async function ifupMany(node: LabNode, texts: readonly string[]): Promise<readonly IfupVerdict[]> {
  await node.writeFile(PROGRAM, TEXT);
  const files = texts.map((_text, at) => `/run/interfaces-${at}`);
  for (const [at, text] of texts.entries()) await node.writeFile(files[at] ?? '', text);
  const said = await node.run(['env', `FILES=${files.join(' ')}`, 'python3', PROGRAM]);
  const verdicts: IfupVerdict[] = [];
  for (let rest = said; rest !== ''; ) {
    const [head = '', code = '', size = ''] = /^@(-?\d+) (\d+)\n/.exec(rest) ?? [];
    if (head === '') throw new Error(`ifup-many said ${JSON.stringify(rest.slice(0, 200))}`);
    verdicts.push({ code: Number(code), words: rest.slice(head.length, head.length + Number(size)) });
    rest = rest.slice(head.length + Number(size) + 1);
  }
  if (verdicts.length !== texts.length) throw new Error(`${verdicts.length} of ${texts.length} files were read`);
  return verdicts;
}
