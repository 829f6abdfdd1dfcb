import { Command } from '../parts/command.tsx';
import { inline } from '../parts/prose.tsx';
import { LIGHT_OF, type Light, State } from '../parts/state.tsx';
import { Time } from '../parts/time.tsx';
import { linkTo } from '../route.ts';
import { ruleText } from '../timeline.ts';
import type { Image, Registry } from '../types.ts';

const OK = new Set(['template-updated', 'already-in-template']);

/** What else the record says. */
export function ImageFacts({ image, registry }: { image: Image; registry: Registry | undefined }) {
  const { digest, pinnedReference, coder, coderImageId, requested } = image;
  return (
    <section aria-labelledby="facts">
      <h3 id="facts">Facts</h3>
      <dl class="facts">
        <dt>Rule</dt>
        <dd>
          {registry && ruleText(registry, image.rule)}{' '}
          <a href={linkTo('policy', image.registry, { try: image.reference })}>policy</a>
        </dd>
        <dt>Pushed</dt>
        <dd>
          <Time of={image.pushedOn} none="never, as far as the bridge knows" />
        </dd>
        {image.importedOn && (
          <>
            <dt>In Coder since</dt>
            <dd>
              <Time of={image.importedOn} />
            </dd>
          </>
        )}
        {coderImageId && (
          <>
            <dt>Image in Coder</dt>
            <dd>
              <code>{coderImageId}</code>
            </dd>
          </>
        )}
        {requested && (
          <>
            <dt>By hand</dt>
            <dd>
              <code>{JSON.stringify(requested)}</code>
            </dd>
          </>
        )}
        {coder?.templates.map(one => (
          <TemplateFact key={`${one.organization}/${one.template}/${one.variable}`} of={one} image={image} />
        ))}
      </dl>
      {digest && (
        <>
          <h4>Digest in the registry</h4>
          <Command text={digest} label="Copy the digest" />
        </>
      )}
      {pinnedReference && (
        <>
          <h4>Pinned reference</h4>
          <Command text={pinnedReference} label="Copy the pinned reference" />
        </>
      )}
    </section>
  );
}

type Memo = NonNullable<Image['coder']>['templates'][number];

function TemplateFact({
  of: { organization, template, variable, reason, message, version },
  image,
}: {
  of: Memo;
  image: Image;
}) {
  const light: Light = OK.has(reason) ? 'good' : (LIGHT_OF[image.state] ?? 'none');
  return (
    <>
      <dt>
        Template <a href={linkTo('templates', `${organization}/${template}`)}>{template}</a>
      </dt>
      <dd>
        <State light={light}>{reason}</State>
        <div class="quiet">
          variable <code>{variable}</code>
          {version && (
            <>
              , version <code>{version}</code>
            </>
          )}
        </div>
        {message && <div>{inline(message)}</div>}
      </dd>
    </>
  );
}
