import type { Act, Answer } from './act.js';
import { detail } from './refusal.js';

export const PYTHON = '3.12.3';

export function statusOf({ shared: { release }, method }: Act): Answer {
  if (method !== 'GET') throw detail(405, `Method "${method}" not allowed.`);
  return {
    status: 200,
    body: {
      'django-version': '5.2.8',
      ...(release.isAtLeast('4.4') && { hostname: 'netbox' }),
      installed_apps: { django_filters: '25.1', rest_framework: '3.16.1' },
      'netbox-version': release.full,
      'netbox-full-version': release.full,
      plugins: {},
      'python-version': PYTHON,
      'rq-workers-running': 1,
    },
  };
}
