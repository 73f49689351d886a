import type { RenderSizes } from './render-bench.js';

export const FULL_RENDER: RenderSizes = {
  rounds: 5,
  fabrics: [
    { devices: 50, networks: 250 },
    { devices: 100, networks: 500 },
    { devices: 202, networks: 1000 },
  ],
  incremental: { devices: 100, networks: 1000 },
};

/** The same in a few seconds; growth is of little worth then. */
export const QUICK_RENDER: RenderSizes = {
  rounds: 2,
  fabrics: [
    { devices: 10, networks: 100 },
    { devices: 20, networks: 200 },
  ],
  incremental: { devices: 20, networks: 200 },
};
