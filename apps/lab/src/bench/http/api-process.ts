import type { Product } from '../product.js';
import { freePort } from '../../powerdns/free-port.js';
import { Child } from './child.js';

const READY_WITHIN_MS = 30_000;

export interface ApiProcess {
  readonly port: number;
  close(): Promise<void>;
}

/** The API as it runs anywhere, with its log lines. @param log the file they go to. */
export async function startApi(product: Product, log: string): Promise<ApiProcess> {
  const port = await freePort();
  const env = { ...product.environment, HTTP_PORT: String(port), LOG_LEVEL: 'info' };
  const child = new Child('../../../../api/src/main.js', { env, log });
  for (
    const deadline = performance.now() + READY_WITHIN_MS;
    !(await isReady(port));
    await new Promise((resolve) => setTimeout(resolve, 50))
  ) {
    if (performance.now() < deadline) continue;
    await child.close();
    throw new Error(`the API is not ready after ${READY_WITHIN_MS / 1000} s; its log is ${log}`);
  }
  return { port, close: () => child.close() };
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false, // Not listening yet.
  );
