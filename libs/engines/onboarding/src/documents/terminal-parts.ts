/** A text pasted from a terminal, taken apart at its prompts. */
export interface TerminalPart {
  /** Command behind the prompt; null for what stands before the first one, and for a file. */
  readonly command: string | null;
  /** Host name in the prompt. */
  readonly host: string | null;
  /** Line of the prompt, from 1. */
  readonly line: number;
  /** Line that the text begins with. */
  readonly firstLine: number;
  readonly text: string;
}

/** Only in front of these is `NAME#` a prompt: elsewhere it may be a value. */
const COMMANDS =
  '(?:sh|sho|show|cat|more|less|write|wr|vtysh|virsh|ovs-vsctl|ovs-appctl|ip|bridge|ping|pvesh|exit|end|conf\\S*|en|enable|\\S*ctl)';
const SWITCH_PROMPT = new RegExp(`^([A-Za-z0-9][\\w.-]*)(?:\\([\\w./-]+\\))?[#>] ?(${COMMANDS}(?: .*)?|)$`);
const SHELL_PROMPT = /^(?:[\w.-]+@)?([A-Za-z0-9][\w.-]*):(?:[~/]\S*)?[#$](?: +(.*)|)$/;
/** What terminals and vtysh say before a configuration. */
const NOISE = /^(?:Building configuration\.\.\.|Current configuration:|\s*--More--\s*)$/;

export function terminalParts(text: string): readonly TerminalPart[] {
  const parts: { command: string | null; host: string | null; line: number; firstLine: number; lines: string[] }[] = [];
  let open: (typeof parts)[number] = { command: null, host: null, line: 1, firstLine: 1, lines: [] };
  parts.push(open);
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    const [, host, command] = SWITCH_PROMPT.exec(line.trim()) ?? SHELL_PROMPT.exec(line.trim()) ?? [];
    if (host !== undefined) {
      open = { command: (command ?? '').trim(), host, line: at + 1, firstLine: at + 2, lines: [] };
      parts.push(open);
    } else {
      open.lines.push(NOISE.test(line) ? '' : line); // lines keep their numbers
    }
  }
  return parts
    .map(({ lines, ...part }) => ({ ...part, text: lines.join('\n') }))
    .filter((part) => part.text.trim() !== '' && !(part.command === null && isRemark(part.text)));
}

const isRemark = (text: string): boolean => text.split('\n').every((line) => /^\s*(?:!|#|$)/.test(line));
