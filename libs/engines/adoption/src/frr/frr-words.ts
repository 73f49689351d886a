/** Values of FRR's commands that other dialects do not have. */
import { type BgpPeer, peer } from '../eos/words.js';
import { type Part, word } from '../grammar/part.js';
import { ip, name } from '../grammar/words.js';

/** An address, or the name of an interface or a group. */
export const neighborName: Part<BgpPeer> = peer;

/** `update-source`: an address, or an interface. */
export const source: Part<string> = word((text) => ip.take([text], 0)?.value ?? name.take([text], 0)?.value);

/** Name of a kernel interface. */
export const interfaceName: Part<string> = word((text) => (/^[A-Za-z0-9_.:@-]{1,15}$/.test(text) ? text : undefined));

/** Import targets may leave the AS open: `*:1000`. */
export const openTarget: Part<string> = word((text) => (/^\*:(?:0|[1-9]\d{0,9})$/.test(text) ? text : undefined));
