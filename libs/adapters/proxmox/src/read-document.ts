import { z } from 'zod';
import { type Artefact, SDN_PATH, type SdnDocument } from '#engines/rendering';
import { pushFailure } from './push-failure.js';

const objects = z.record(z.string(), z.record(z.string(), z.string()));
const shape: z.ZodType<SdnDocument> = z.strictObject({
  cluster: z.string(),
  needs: z.record(z.string(), z.string()),
  controllers: objects,
  zones: objects,
  vnets: objects,
  subnets: objects,
});

/** @throws TransportError CONFIG_REFUSED: it is not the one document that a cluster takes. */
export function readSdnDocument(device: string, artefacts: readonly Artefact[]): SdnDocument {
  const [first, second] = artefacts;
  const document = first && first.path === SDN_PATH && first.format === 'pve-sdn' && !second ? parse(first.content) : undefined;
  if (document) return document;
  const given = artefacts.map(({ path, format }) => `${path} (${format})`).join(', ') || 'nothing';
  throw pushFailure(device, 'CONFIG_REFUSED', `a cluster takes one ${SDN_PATH} in the format pve-sdn, and was given ${given}`);
}

function parse(text: string): SdnDocument | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON at all
  }
}
