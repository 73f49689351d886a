/**
 * What an installation without settings keeps for itself, in `.trame/`: keys that were made once, and where the running service is.
 * Settings in the environment always win.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { inheritedEnvironment } from '#platform/ports';

export const LOCAL_DIRECTORY = path.resolve('.trame');
const KEYS = ['TRAME_KEK', 'TRAME_TOKEN_PEPPER'] as const;
const KEYS_FILE = 'keys.json';
const SERVICE_FILE = 'service.json';

type Settings = Readonly<Record<string, string>>;

/** For commands beside a running `npm start`: its keys and its database, where the environment names none. */
export function localEnvironment(directory = LOCAL_DIRECTORY): NodeJS.ProcessEnv {
  return { ...read(directory, KEYS_FILE), ...read(directory, SERVICE_FILE), ...given() };
}

/** Keys of the environment, or those of this installation; made when there are none. Losing the file loses every stored secret. */
export function keysOf(directory = LOCAL_DIRECTORY): Settings {
  const env = given();
  if (KEYS.every((name) => env[name])) return {};
  const known = read(directory, KEYS_FILE);
  const keys = Object.fromEntries(KEYS.map((name) => [name, known[name] ?? randomBytes(32).toString('base64')]));
  if (KEYS.some((name) => !known[name])) write(directory, KEYS_FILE, keys);
  return keys;
}

/** So that `trame token create` finds the embedded database, whose password is made up. */
export function rememberService(settings: Settings, directory = LOCAL_DIRECTORY): void {
  write(directory, SERVICE_FILE, settings);
}

export function forgetService(directory = LOCAL_DIRECTORY): void {
  fs.rmSync(path.join(directory, SERVICE_FILE), { force: true });
}

function given(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(inheritedEnvironment()).filter(([, value]) => value !== ''));
}

function read(directory: string, name: string): Settings {
  const file = path.join(directory, name);
  if (!fs.existsSync(file)) return {};
  const value: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (value === null || typeof value !== 'object') throw new Error(`${file} is not a JSON object; restore it from a backup`);
  return value as Settings;
}

/** Beside and then over it: a crash leaves the old file or the new one. */
function write(directory: string, name: string, settings: Settings): void {
  fs.mkdirSync(directory, { recursive: true, mode: 0o711 });
  const [file, temporary] = [path.join(directory, name), path.join(directory, `${name}.${process.pid}`)];
  fs.writeFileSync(temporary, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  fs.renameSync(temporary, file);
}
