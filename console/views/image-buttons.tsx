import { useState } from 'preact/hooks';
import { Outcome } from '../parts/outcome.tsx';
import { whereIs } from '../reasons.ts';
import { linkTo } from '../route.ts';
import type { Image, TemplateName } from '../types.ts';
import { Explained } from './explained.tsx';
import { type ImageActions, useImageActions } from './use-image-actions.ts';

interface ButtonsProps {
  image: Image;
  template: TemplateName | undefined;
  reload(): void;
}

/** What helps: the button of the remedy first. */
export function ImageButtons({ image, template, reload }: ButtonsProps) {
  const actions = useImageActions(image, template, reload);
  const [asks, setAsks] = useState(false);
  const { act, explain, explanation } = actions;
  const policy = policyLink(image);
  const isIn = image.state === 'imported' && image.reason !== 'version-ready';
  return (
    <section aria-label="Actions">
      <div class="buttons">
        {policy && (
          <a class="button primary" href={policy.href}>
            {policy.label}
          </a>
        )}
        {helping(image, template, actions).map(({ label, run }, i) => (
          <button
            key={label}
            type="button"
            class={i === 0 && !policy ? 'primary' : ''}
            disabled={act.busy}
            onClick={run}
          >
            {label}
          </button>
        ))}
        <button type="button" disabled={explain.busy} onClick={() => explain.run()}>
          Explain
        </button>
        {isIn && template && !asks && (
          <button type="button" disabled={act.busy} onClick={() => setAsks(true)}>
            Roll back …
          </button>
        )}
        {act.busy && (
          <span class="quiet" role="status">
            Working …
          </span>
        )}
      </div>
      {asks && template && (
        <RollBack
          template={template.template}
          onGo={() => {
            setAsks(false);
            actions.rollBack();
          }}
          onCancel={() => setAsks(false)}
        />
      )}
      <Outcome of={act} />
      <Outcome of={explain} />
      {explanation && <Explained explanation={explanation} />}
    </section>
  );
}

/** Where a rule decides it, the policy is what helps. */
function policyLink({ registry, repository, reference, reason, rule }: Image) {
  if (whereIs(reason)[1] !== 'policy' || isRuleThereNow({ reason, rule })) return undefined;
  const query = { try: reference, ...(reason === 'no-rule' && { add: repository }) };
  const label = reason === 'no-rule' ? 'Add a rule' : 'Change the policy';
  return { label, href: linkTo('policy', registry, query) };
}

/** Since it was left out, for want of a rule. */
function isRuleThereNow({ reason, rule }: Pick<Image, 'reason' | 'rule'>): boolean {
  return reason === 'no-rule' && rule !== undefined;
}

interface Button {
  label: string;
  run(): void;
}

function helping(
  { state, reason, rule }: Image,
  template: TemplateName | undefined,
  actions: ImageActions,
): Button[] {
  // Without a rule an import by hand ends where the push did.
  const isImportable = reason === 'no-rule' ? isRuleThereNow({ reason, rule }) : state === 'skipped';
  const [, ...help] = whereIs(reason);
  const { promote, replay, bring, reconcile } = actions;
  return [
    ...(help.includes('promote') && template ? [{ label: 'Promote', run: promote }] : []),
    ...(help.includes('replay') && state !== 'imported' ? [{ label: 'Replay', run: replay }] : []),
    ...(help.includes('import') || isImportable ? [{ label: 'Import', run: bring }] : []),
    ...(help.includes('reconcile') ? [{ label: 'Reconcile the registry', run: reconcile }] : []),
  ];
}

function RollBack({ template, onGo, onCancel }: { template: string; onGo(): void; onCancel(): void }) {
  return (
    <section class="note wait" aria-label="Roll back">
      <p>
        {template} goes back to the version that was active before. This image stays away until another digest
        is pushed, or it is replayed.
      </p>
      <div class="buttons">
        <button type="button" class="primary" onClick={onGo}>
          Roll {template} back
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </section>
  );
}
