/** Words for writing down the grammar. */
import type { Effect, ModeName, Rule } from './section.js';
import { Syntax } from './syntax.js';

type Options = Pick<Rule, 'unprinted' | 'effect' | 'isRemovalOnly'>;

export const setting = (source: string, options: Options = {}): Rule => ({ syntax: new Syntax(source), kind: 'setting', ...options });
export const on = (source: string): Rule => ({ syntax: new Syntax(source), kind: 'on' });
export const either = (source: string): Rule => ({ syntax: new Syntax(source), kind: 'either' });
export const section = (source: string, enters: ModeName, effect?: Effect): Rule => ({
  syntax: new Syntax(source),
  kind: 'section',
  enters,
  ...(effect ? { effect } : {}),
});
