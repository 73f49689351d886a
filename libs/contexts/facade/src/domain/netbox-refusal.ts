/** A refusal in NetBox's words: DRF's field errors (400) or its `detail`. */
export class NetBoxRefusal extends Error {
  constructor(
    readonly status: 400 | 403 | 404 | 409,
    readonly body: Readonly<Record<string, unknown>>,
    options?: ErrorOptions,
  ) {
    super(JSON.stringify(body), options);
    this.name = 'NetBoxRefusal';
  }
}

export const wrongField = (field: string, message: string, options?: ErrorOptions): NetBoxRefusal =>
  new NetBoxRefusal(400, { [field]: [message] }, options);

/** @param model as NetBox calls it: `IPAddress`, `Prefix`. */
export const noSuch = (model: string): NetBoxRefusal => new NetBoxRefusal(404, { detail: `No ${model} matches the given query.` });

export const conflict = (detail: string, options?: ErrorOptions): NetBoxRefusal => new NetBoxRefusal(409, { detail }, options);
