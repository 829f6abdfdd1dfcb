import { Command } from '../parts/command.tsx';
import { inline } from '../parts/prose.tsx';
import { LIGHT_OF, type Light, State } from '../parts/state.tsx';
import { linkTo } from '../route.ts';
import type { Image } from '../types.ts';

const OK = new Set(['template-updated', 'already-in-template']);

/** Where it went, and how it is named exactly. */
export function ImageFacts({ image }: { image: Image }) {
  const { digest, pinnedReference, coder, coderImageId, requested } = image;
  if (!digest && !pinnedReference && !coder?.templates.length && !coderImageId && !requested) return null;
  return (
    <section aria-labelledby="facts">
      <h3 id="facts">Details</h3>
      <dl class="facts long">
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

function lightOf(reason: string, { state }: Image): Light {
  if (OK.has(reason)) return 'good';
  return reason === 'version-ready' ? 'wait' : (LIGHT_OF[state] ?? 'none');
}

type Memo = NonNullable<Image['coder']>['templates'][number];

function TemplateFact({
  of: { organization, template, variable, reason, message, version },
  image,
}: {
  of: Memo;
  image: Image;
}) {
  const light = lightOf(reason, image);
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
