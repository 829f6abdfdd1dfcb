import { STATIONS, type Station, whereIs } from './reasons.ts';
import type { Image, Registry } from './types.ts';

/** One station of an image on its way into Coder. */
export interface Stop {
  station: Station;
  title: string;
  /** ISO time, where the record has one. */
  on?: string | undefined;
  state: 'done' | 'now' | 'stopped' | 'open';
  text?: string | undefined;
}

const TITLES: Readonly<Record<Station, string>> = {
  pushed: 'Pushed to the registry',
  heard: 'The bridge knows of it',
  decided: 'The policy decides',
  read: 'Read from the registry',
  built: 'Coder builds a version',
  verified: 'Verified',
  promoted: 'Promoted',
};

/** With Coder Classic there is one station in place of three. */
const CLASSIC = { promoted: 'Coder has it' };

/** What an image has behind it, where it is, and what is still ahead. @param rule place of the rule that matches */
export function timelineOf(image: Image, registry: Registry | undefined, rule: number | undefined): Stop[] {
  const [station] = whereIs(image.reason);
  const isV2 = image.coder !== undefined || registry?.policy.rules.some(({ templates }) => templates);
  const stations: readonly Station[] = isV2
    ? STATIONS
    : STATIONS.filter(name => name !== 'built' && name !== 'verified');
  const at = stations.indexOf(stations.includes(station) ? station : 'promoted');
  return stations.map((name, i) => ({
    station: name,
    title: (isV2 ? undefined : CLASSIC[name as keyof typeof CLASSIC]) ?? TITLES[name],
    state: i < at ? 'done' : i > at ? 'open' : stateAt(image),
    on: timeAt(name, image),
    text: textAt(name, image, registry, rule),
  }));
}

function stateAt({ state, reason }: Image): Stop['state'] {
  if (reason === 'version-ready') return 'done';
  if (state === 'imported') return 'done';
  return state === 'pending' ? 'now' : 'stopped';
}

function timeAt(station: Station, { pushedOn, importedOn, state, reason }: Image): string | undefined {
  if (station === 'pushed') return pushedOn;
  return station === 'promoted' && state === 'imported' && reason !== 'version-ready'
    ? importedOn
    : undefined;
}

function textAt(
  station: Station,
  { digest, coder }: Image,
  registry: Registry | undefined,
  rule: number | undefined,
): string | undefined {
  if (station === 'decided') return registry && ruleText(registry, rule);
  if (station === 'read') return digest?.replace(/^(sha256:.{12}).*/, '$1…');
  if (station !== 'built') return undefined;
  return coder?.templates.map(({ template, version }) => `${template} ${version ?? ''}`.trim()).join(', ');
}

/** `Rule 2 of 3: team/* semver >=1.0.0 → template kubernetes`. */
export function ruleText({ policy: { rules } }: Registry, at: number | undefined): string {
  const rule = at === undefined ? undefined : rules[at];
  if (rule === undefined) {
    return rules.length === 0 ? 'No rules: every tagged image goes to Coder.' : 'No rule matches.';
  }
  const [[kind, pattern] = []] = Object.entries(rule.tag ?? {});
  const tag = pattern === undefined ? '' : kind === 'glob' ? `:${pattern}` : ` ${kind} ${pattern}`;
  const templates = rule.templates?.map(({ template }) => template).join(', ');
  const action = rule.action === 'exclude' ? 'exclude' : templates ? `template ${templates}` : 'import';
  return `Rule ${(at as number) + 1} of ${rules.length}: ${rule.repository}${tag} → ${action}`;
}
