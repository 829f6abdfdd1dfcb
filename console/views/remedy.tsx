import { Advice } from '../parts/advice.tsx';
import { whereIs } from '../reasons.ts';
import { remedyParts } from '../remedy-of.ts';
import { linkTo } from '../route.ts';
import type { Image, TemplateName } from '../types.ts';

/** What a person does about it. */
export function Remedy({ image, template }: { image: Image; template: TemplateName | undefined }) {
  const { remedy, registry, state, reason } = image;
  if (state === 'imported' && reason !== 'version-ready') return null;
  const parts = remedyParts(image, template);
  const [, ...help] = whereIs(reason);
  if (parts.length === 0) return null;
  return (
    <section class="remedy" aria-label="What to do">
      <h3>What to do</h3>
      {!remedy && <p>Nothing, unless it lasts. To try at once:</p>}
      <Advice of={parts} />
      <p>
        {help.includes('policy') && help[0] !== 'policy' && (
          <a href={linkTo('policy', registry)}>Change the policy</a>
        )}
        {template && (
          <a href={linkTo('templates', `${template.organization}/${template.template}`)}>Open the template</a>
        )}
        {help.includes('health') && <a href={linkTo('health', registry)}>Check the registry’s health</a>}
        {help.includes('credentials') && <a href={linkTo('credentials', registry)}>See the credential</a>}
        {help.includes('setup') && <a href={linkTo('setup', registry)}>Open the setup guide</a>}
      </p>
    </section>
  );
}
