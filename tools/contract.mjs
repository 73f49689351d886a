// `npm run contract -- netbox --url https://netbox.example --token …`: the suites that say what Trame relies on, against yours.
// Without an address they run against the simulator, or what is installed here.

/** Name → which specs, and which option is which variable of the environment. Run one file after the other against a real one. */
const CONTRACTS = {
  netbox: {
    specs: ['test/contract/netbox-'],
    settings: {
      url: 'TRAME_NETBOX_URL',
      token: 'TRAME_NETBOX_TOKEN',
      'hook-host': 'TRAME_NETBOX_HOOK_HOST',
      install: 'TRAME_NETBOX_INSTALL',
    },
  },
  phpipam: {
    specs: ['test/contract/phpipam-'],
    settings: { url: 'TRAME_PHPIPAM_URL', app: 'TRAME_PHPIPAM_APP', code: 'TRAME_PHPIPAM_CODE', spki: 'TRAME_PHPIPAM_SPKI' },
  },
  eos: {
    specs: ['test/contract/eos-'],
    settings: { url: 'TRAME_EOS_URL', user: 'TRAME_EOS_USER', password: 'TRAME_EOS_PASSWORD', spki: 'TRAME_EOS_SPKI' },
  },
  proxmox: { specs: ['test/contract/proxmox-'], settings: { url: 'TRAME_PVE_URL', token: 'TRAME_PVE_TOKEN', spki: 'TRAME_PVE_SPKI' } },
  openbsd: {
    specs: ['test/long/openbsd-gateway'],
    settings: { ssh: 'TRAME_OPENBSD_SSH', key: 'TRAME_OPENBSD_KEY', 'host-key': 'TRAME_OPENBSD_HOST_KEY' },
  },
  powerdns: { specs: ['test/contract/powerdns-'], settings: { server: 'TRAME_PDNS_SERVER', install: 'TRAME_PDNS_INSTALL' } },
  ssh: { specs: ['test/contract/ssh-'], settings: {} },
};

/** The projects of vitest that have them: what takes minutes is in `long`. */
const PROJECTS = ['medium', 'long'];

function usage() {
  const lines = Object.entries(CONTRACTS).map(([name, { settings }]) => {
    const options = Object.entries(settings).map(([option, variable]) => `--${option} (${variable})`);
    return `  ${name.padEnd(9)} ${options.join(' ') || 'only against what is installed here'}`;
  });
  return `usage: npm run contract -- NAME [options] [arguments of vitest]\n${lines.join('\n')}`;
}

/**
 * What to run for these arguments: arguments of tools/test.mjs and variables of the environment.
 *
 * @returns `{ error }` where that is not known.
 */
export function contractOf([name, ...rest]) {
  if (!Object.hasOwn(CONTRACTS, name ?? '')) return { error: name === undefined ? usage() : `there is no contract ${name}\n${usage()}` };
  const { specs, settings } = CONTRACTS[name];
  const environment = {};
  const others = [];
  for (let at = 0; at < rest.length; at += 1) {
    const [, option, given] = /^--([\w-]+)(?:=(.*))?$/.exec(rest[at]) ?? [];
    const variable = option !== undefined && Object.hasOwn(settings, option) ? settings[option] : null;
    const value = given ?? rest[at + 1];
    if (variable === null && ['url', 'token'].includes(option)) return { error: `${name} takes no --${option}\n${usage()}` };
    if (variable === null) others.push(rest[at]);
    else if (value === undefined || value === '') return { error: `--${option} needs a value\n${usage()}` };
    else {
      environment[variable] = value;
      at += given === undefined ? 1 : 0;
    }
  }
  const isReal = Object.values(settings).some((variable) => variable in environment || variable in process.env);
  const projects = PROJECTS.flatMap((project) => ['--project', project]);
  return { environment, arguments: [...projects, ...specs, ...(isReal ? ['--no-file-parallelism'] : []), ...others] };
}
