import { Agent, request } from 'node:http';

interface Said {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Clients beside each other, each with a guest of its own in every request. @returns milliseconds of each allocation. */
export async function loadFacade(apiUrl: string, token: string, clients: number, each: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const ask = (method: string, path: string, body: object): Promise<Said> =>
    new Promise((resolve, reject) => {
      const text = JSON.stringify(body);
      const headers = { authorization: `token ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const sent = request(`${apiUrl}/netbox/api${path}`, { method, headers, agent }, (response) => {
        let said = '';
        response.setEncoding('utf8').on('data', (part: string) => (said += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(said) as Said['body'] }));
      });
      sent.once('error', reject).end(text);
    });
  try {
    const prefix = await ask('POST', '/ipam/prefixes/', { prefix: '10.240.0.0/16' });
    if (prefix.status !== 201) throw new Error(`the façade made no prefix: ${prefix.status} ${JSON.stringify(prefix.body)}`);
    const path = `/ipam/prefixes/${String(prefix.body['id'])}/available-ips/`;
    const times: number[] = [];
    const client = async (n: number): Promise<void> => {
      for (let round = 0; round < each; round++) {
        const octets = [n, round >> 8, round & 255].map((octet) => octet.toString(16).padStart(2, '0'));
        const since = performance.now();
        const { status, body } = await ask('POST', path, { description: `mac:02:00:00:${octets.join(':')}` });
        if (status !== 201) throw new Error(`the façade answered ${status} ${JSON.stringify(body)}`);
        // The first of each opens a connection.
        if (round > 0) times.push(performance.now() - since);
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, n) => client(n)));
    return times;
  } finally {
    agent.destroy();
  }
}
