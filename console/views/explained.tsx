import { inline } from '../parts/prose.tsx';
import type { Explanation } from '../types.ts';

/** The bridge asks the registry only about what the policy imports. */
function whyNotFound({ policy, wasAsked }: Explanation): string {
  if (wasAsked) return 'shows no such tag';
  return policy.action === 'skip'
    ? 'was not asked, as the policy leaves the tag out'
    : 'did not answer: see the result';
}

/** What an import would do at this moment, and why. */
export function Explained({ explanation }: { explanation: Explanation }) {
  const { policy, found, calls, reason, message, image } = explanation;
  return (
    <section class="note" aria-label="Dry run">
      <h3>What an import would do now</h3>
      <dl class="facts">
        <dt>Policy</dt>
        <dd>
          {policy.action === 'import' ? 'imports it' : 'leaves it out'}
          {policy.rule === undefined ? ', as no rule matches' : `, by rule ${policy.rule + 1}`}
        </dd>
        <dt>Registry</dt>
        <dd>
          {found ? (
            <>
              {found.what ?? found.kind} <code>{found.digest}</code> {found.platforms?.join(', ')}
            </>
          ) : (
            whyNotFound(explanation)
          )}
        </dd>
        <dt>Calls to Coder</dt>
        <dd>
          {calls.length === 0
            ? 'none that changes something'
            : calls.map(({ method, path }) => (
                <div key={method + path}>
                  <code>
                    {method} {path}
                  </code>
                </div>
              ))}
        </dd>
        <dt>Result</dt>
        <dd>
          {reason ? (
            <>
              {image?.state} <code>{reason}</code>
              {message && <p>{inline(message)}</p>}
            </>
          ) : (
            'nothing changes'
          )}
        </dd>
      </dl>
    </section>
  );
}
