import { type Verdict, wrong } from '../lib/check.ts';

/** The place that workspaces read does not have the current credential. */
export function notDelivered(message: string, { name }: { name: string }): Verdict {
  const remedy = `The bridge writes it within a few minutes. If the error stays, see rotation.lastResult of GET /api/registries/${name}.`;
  return wrong('not-delivered', message, remedy);
}
