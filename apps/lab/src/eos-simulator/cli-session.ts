/** The commands of one eAPI request: a new terminal each time, unprivileged, outside every mode. */
import { applyCommand, CommandRefused, completeLine, InvalidCommand, type ModeStack } from './config/apply-command.js';
import { AmbiguousWord, completeWords } from './config/complete-words.js';
import { emptyConfig } from './config/load-config.js';
import type { Section } from './config/section.js';
import { CliError, invalidInput } from './cli-error.js';
import { execCommands } from './exec-commands.js';
import type { EosSwitch } from './eos-switch.js';
import { showCommands } from './show-commands.js';

export interface CliCommand {
  readonly cmd: string;
  /** What the command reads from the terminal: a password, a banner. */
  readonly input?: string;
}

export interface SwitchUser {
  readonly username: string;
  readonly password: string;
  /** `network-operator` may look, not configure. Default `network-admin`. */
  readonly role?: 'network-admin' | 'network-operator';
}

type Format = 'json' | 'text';
type Answer = Readonly<Record<string, unknown>>;

/** In configuration mode: of a session, or of the running-config itself where `session` is null. */
interface ConfigMode {
  readonly session: string | null;
  readonly stack: ModeStack;
}

export class CliSession {
  private isPrivileged = false;
  private mode: ConfigMode | null = null;

  constructor(
    private readonly device: EosSwitch,
    private readonly user: SwitchUser,
    private readonly enableSecret: string | null,
  ) {}

  /** @throws CliError */
  async run(command: CliCommand, format: Format, autoComplete = false): Promise<Answer> {
    const typed = command.cmd.trim().replace(/\s+/g, ' ');
    try {
      const text = autoComplete ? this.complete(typed) : typed;
      if (/^show(?: |$)/.test(text)) return await this.show(text, format);
      if (this.mode !== null) return await this.configure(this.mode, text, command);
      return await this.execute(text, command);
    } catch (error) {
      if (error instanceof CommandRefused) throw new CliError(1000, [error.message]);
      if (error instanceof InvalidCommand || error instanceof AmbiguousWord) throw new CliError(1002, [error.message]);
      throw error;
    }
  }

  /** The request is over: whatever mode it was in, it is in none any more. */
  end(): void {
    this.leave();
  }

  private complete(text: string): string {
    if (this.mode !== null && !/^sho?w? /.test(text)) return completeLine(this.mode.stack, text);
    return completeWords(execCommands, text.split(' '))?.join(' ') ?? text;
  }

  private leave(): void {
    if (this.mode === null) return;
    const { session } = this.mode;
    if (session === null) this.device.syslog.configured(this.user.username);
    else this.device.syslog.exited(this.user.username, session);
    this.mode = null;
  }

  private async show(text: string, format: Format): Promise<Answer> {
    const command = showCommands.find(({ syntax }) => syntax.test(text));
    if (command === undefined) throw invalidInput(text, Math.min(1, text.split(' ').length - 1));
    if (command.isPrivileged) this.requirePrivilege();
    const shown = await command.show(this.device, command.syntax.exec(text)?.groups ?? {});
    if (format === 'text') return { output: shown.text };
    if (shown.json === undefined)
      throw new CliError(1003, [
        `Command cannot be used over the API at this time. To see ASCII output, set format='text' in your request`,
      ]);
    return shown.json;
  }

  private async execute(text: string, { input }: CliCommand): Promise<Answer> {
    if (text === 'enable') return this.enable(input);
    if (text === 'disable' || text === 'exit') {
      this.isPrivileged = false;
      return {};
    }
    this.requirePrivilege();
    if (/^(?:write(?: memory)?|copy running-config startup-config)$/.test(text)) {
      this.requireAdmin(text);
      this.device.save();
      this.device.syslog.saved(this.user.username);
      return { messages: ['Copy completed successfully.'] };
    }
    if (/^configure(?: |$)/.test(text)) return this.enterConfiguration(text);
    if (/^ping /.test(text)) return this.ping(text);
    if (text === 'reload') throw new CliError(1000, ['Command requires confirmation: Proceed with reload? [confirm]']);
    throw invalidInput(text, 0);
  }

  /** A packet leaves whole, or not at all: that is what `df-bit` says. */
  private async ping(text: string): Promise<Answer> {
    const { to, octets, source } =
      /^ping (?<to>\S+)(?: source (?<source>\S+))? size (?<octets>\d+) df-bit repeat \d+$/.exec(text)?.groups ?? {};
    if (to === undefined) throw invalidInput(text, 1);
    const { ports, loopbackAddresses } = this.device.current;
    const addresses = [...loopbackAddresses, ...ports.flatMap((port) => port.addresses)].map((prefix) => prefix.split('/')[0]);
    if (source !== undefined && /^\d/.test(source) && !addresses.includes(source))
      throw new CliError(1000, [`bind: Cannot assign requested address`]);
    const mtu = Math.min(...ports.filter(({ isRouted, isShutdown }) => isRouted && !isShutdown).map((port) => port.mtu ?? 1500));
    const isAnswered = Number(octets) <= mtu && (await this.device.controlPlane.isReachable?.(to, source, Number(octets))) === true;
    const head = `PING ${to} (${to}) ${Number(octets) - 28}(${octets}) bytes of data.`;
    return {
      messages: [
        `${head}\n\n--- ${to} ping statistics ---\n1 packets transmitted, ${isAnswered ? 1 : 0} received, ${isAnswered ? 0 : 100}% packet loss\n`,
      ],
    };
  }

  private enable(secret: string | undefined): Answer {
    if (this.enableSecret !== null && secret !== this.enableSecret) throw new CliError(1000, ['Bad secret']);
    this.isPrivileged = true;
    return {};
  }

  private async enterConfiguration(text: string): Promise<Answer> {
    this.requireAdmin(text);
    if (text === 'configure' || text === 'configure terminal') {
      this.mode = { session: null, stack: [[this.device.running]] };
      return {};
    }
    const match = /^configure session (?<name>\S+)(?: (?<verb>commit|abort|description)(?: (?<rest>.+))?)?$/.exec(text);
    const { name, verb, rest } = match?.groups ?? {};
    if (name === undefined) throw invalidInput(text, 1);
    const { sessions } = this.device;
    if (verb === 'abort') await sessions.abort(name);
    else if (verb === 'commit') await this.commit(name, `commit${rest === undefined ? '' : ` ${rest}`}`);
    else if (verb === 'description') sessions.find(name).description = rest ?? '';
    else {
      this.mode = { session: name, stack: [[sessions.enter(name, this.user.username).config]] };
      this.device.syslog.entered(this.user.username, name);
    }
    return {};
  }

  private async configure(mode: ConfigMode, text: string, command: CliCommand): Promise<Answer> {
    const { session, stack } = mode;
    if (text === 'exit') {
      if (stack.length > 1) this.mode = { session, stack: stack.slice(0, -1) };
      else this.leave();
      return {};
    }
    if (text === 'end') {
      this.leave();
      return {};
    }
    if (session !== null && /^(?:commit|abort|rollback)(?: |$)/.test(text)) return this.control(session, text);
    if (command.input !== undefined) this.typeBlock(stack, text, command.input);
    else this.mode = { session, stack: applyCommand(stack, text) };
    if (session === null) await this.device.runningEdited();
    return /^spanning-tree portfast/.test(text) ? { warnings: [PORTFAST] } : {};
  }

  private async control(session: string, text: string): Promise<Answer> {
    if (text === 'rollback clean-config') {
      const { config } = this.device.sessions.find(session);
      replaceContents(config, emptyConfig({ ethernetPorts: config.sectionsOf('ethernet').length }));
      this.mode = { session, stack: [[config]] };
      return {};
    }
    this.leave();
    if (text === 'abort') await this.device.sessions.abort(session);
    else await this.commit(session, text);
    return {};
  }

  private async commit(session: string, text: string): Promise<void> {
    if (text === 'commit') return this.device.sessions.commit(session);
    const [, hours, minutes, seconds] = /^commit timer (\d+):([0-5]\d):([0-5]\d)$/.exec(text) ?? [];
    if (seconds === undefined) throw invalidInput(text, text.split(' ').length - 1);
    await this.device.sessions.commitWithTimer(session, Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  }

  /** Banners and mode comments: what follows on the terminal, up to `EOF`. */
  private typeBlock(stack: ModeStack, text: string, input: string): void {
    const lines = input.replace(/\n?(?:EOF\n?)?$/, '').split('\n');
    const sections = stack.at(-1) as readonly Section[];
    if (text === 'comment') for (const section of sections) section.comments = lines;
    else if (/^banner (?:motd|login)$/.test(text))
      stack[0]?.[0]?.settings.set(text, { text: [text, ...lines, 'EOF'].join('\n'), rule: null });
    else throw invalidInput(text, 0);
  }

  private requirePrivilege(): void {
    if (!this.isPrivileged) throw new CliError(1002, ['Invalid input (privileged mode required)']);
  }

  private requireAdmin(text: string): void {
    if (this.user.role === 'network-operator') throw new CliError(1005, [`Authorization denied for command '${text}'`]);
  }
}

/** A warning is no failure: the line is in force. */
const PORTFAST =
  'portfast should only be enabled on ports connected to a single host. Connecting hubs, concentrators, switches, bridges, etc. to this interface when portfast is enabled can cause temporary bridging loops. Use with CAUTION.';

function replaceContents(section: Section, by: Section): void {
  section.settings.clear();
  section.sections.clear();
  for (const [header, below] of by.sections) section.sections.set(header, below);
}
