import type { CatalogFact, VersionFact } from '../facts.ts';
import { textOf } from '../facts.ts';
import type { Rollout } from '../rollout.ts';
import type { Round } from '../round.ts';
import { isSameImage } from '../value.ts';
import { composeCatalog, leavingEntries, offerOf } from './compose.ts';
import { findUses } from './usage.ts';
import { type CatalogEntry, formatCatalog, parseCatalog, stampOf } from './value.ts';

/** Composes what each catalog is to hold in the next version, by what is in use in the active one. @throws ServiceError */
export async function composeCatalogs(round: Round): Promise<void> {
  const { facts, rollout } = round;
  const catalogs: Record<string, CatalogFact> = {};
  for (const variable of Object.keys(rollout.catalogs)) {
    catalogs[variable] = await compose(round, facts.active as VersionFact, variable);
  }
  facts.catalogs = catalogs;
  const stamps = Object.entries(catalogs).map(([variable, { text }]) => [variable, stampOf(text)]);
  facts.wanted = { ...facts.wanted, ...Object.fromEntries(stamps) };
}

async function compose(round: Round, active: VersionFact, variable: string): Promise<CatalogFact> {
  const { rollout } = round;
  const catalog = rollout.catalogs[variable] ?? {};
  const shown = parseCatalog(textOf(active, variable)) ?? [];
  noteShown(rollout, variable, shown);
  const known = { catalog, held: rollout.held[variable] ?? [], shown };
  const leaving = leavingEntries(known);
  const uses = leaving.length > 0 ? await usesOf(round, active, leaving) : {};
  const entries = composeCatalog(known, id => id in uses);
  return { entries, text: formatCatalog(entries), offer: offerOf(known), uses };
}

async function usesOf(
  { options: { coder }, name, signal }: Round,
  { id, tags = {} }: VersionFact,
  leaving: readonly CatalogEntry[],
): Promise<Record<string, string>> {
  const [parameters, presets] = await Promise.all([
    coder.listParameters(id, signal),
    coder.listPresets(id, signal),
  ]);
  const search = { coder, organizationId: name.organization.id, template: name.template };
  return findUses({ ...search, parameters, presets, tags }, leaving, signal);
}

/** A person has promoted again what was held. */
function noteShown({ held }: Rollout, variable: string, shown: readonly CatalogEntry[]): void {
  const values = held[variable]?.filter(value => !shown.some(({ image }) => isSameImage(image, value)));
  if (values) held[variable] = values;
  if (values?.length === 0) delete held[variable];
}
