/** How names and other words look that end up in configuration files. None of them can hold a blank or a line break. */
import type { Form } from './section-reader.js';

export const SHORT_ID: Form = {
  pattern: /^[a-zA-Z][a-zA-Z0-9]{0,6}[a-zA-Z0-9]$/,
  accepted: '2 to 8 letters and digits, a letter first',
};
export const PLUGIN_ID: Form = { pattern: /^[a-zA-Z][a-zA-Z0-9]{1,63}$/, accepted: '2 to 64 letters and digits, a letter first' };
export const CONTROLLER_ID: Form = {
  pattern: /^[a-zA-Z][a-zA-Z0-9_-]{0,62}[a-zA-Z0-9]$/,
  accepted: '2 to 64 letters, digits, dashes and underscores, a letter first, no dash or underscore last',
};
export const FABRIC_ID: Form = {
  pattern: /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,6}[a-zA-Z0-9])?$/,
  accepted: '1 to 8 letters, digits and inner dashes',
};
/** Also route maps and peer groups: a word of FRR. */
export const LIST_ID: Form = {
  pattern: /^[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,30}[a-zA-Z0-9])?$/,
  accepted: '1 to 32 letters, digits, inner dashes and underscores',
};
export const NODE_NAME: Form = {
  pattern: /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/,
  accepted: 'the name of a node: 1 to 63 letters, digits and inner dashes',
};
export const INTERFACE_NAME: Form = {
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/,
  accepted: '1 to 15 letters, digits, dots, dashes and underscores',
};
export const ALIAS: Form = {
  pattern: /^[a-zA-Z0-9()_. -]{1,256}$/,
  accepted: '1 to 256 letters, digits, blanks and ()-_.',
};
export const MAC: Form = {
  pattern: /^(?!(?:00:){5}00)[0-9a-fA-F][02468aceACE](?::[0-9a-fA-F]{2}){5}$/,
  accepted: 'a unicast MAC address, e.g. BC:24:11:00:00:01',
};
export const DNS_NAME: Form = {
  pattern: /^(?=.{1,253}$)[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,62})(?:\.[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62})*$/,
  accepted: 'labels of letters, digits and dashes with dots between',
};
export const ISIS_NET: Form = {
  pattern: /^[a-fA-F0-9]{2}(?:\.[a-fA-F0-9]{4}){3,9}\.[a-fA-F0-9]{2}$/,
  accepted: 'a NET such as 49.0001.0102.5500.0021.00',
};
export const OSPF_AREA: Form = { pattern: /^(?:\d{1,10}|\d{1,3}(?:\.\d{1,3}){3})$/, accepted: 'a number or a dotted quad' };
