import { useState } from 'preact/hooks';
import { ApiError, call } from '../api.ts';
import { rolledBack } from '../rolled-back.ts';
import type { Explanation, Image, Template, TemplateName } from '../types.ts';
import { type Action, useAction } from '../use-action.ts';

/** What a person can do about one image. */
export interface ImageActions {
  act: Action<[what: () => Promise<string>]>;
  explain: Action<[]>;
  /** What the last dry run said. */
  explanation: Explanation | undefined;
  replay(): void;
  bring(): void;
  reconcile(): void;
  promote(): void;
  rollBack(): void;
}

/** @param template that the image goes to @param reload called after each change */
export function useImageActions(
  { registry, repository, tag }: Pick<Image, 'registry' | 'repository' | 'tag'>,
  template: TemplateName | undefined,
  reload: () => void,
): ImageActions {
  const one = { registry, repository, tag };
  const [explanation, setExplanation] = useState<Explanation>();
  const explain = useAction(async () => {
    setExplanation((await call<Explanation>('POST', 'images?dryRun=true', one)).data);
    return undefined;
  });
  const act = useAction(async (what: () => Promise<string>) => {
    setExplanation(undefined);
    try {
      return await what();
    } finally {
      reload();
    }
  });
  const change = (what: string, said: (now: Template) => string) =>
    act.run(async () => {
      const path = `templates/${template?.organization}/${template?.template}`;
      return said((await call<Template>('POST', `${path}/${what}`)).data);
    });
  return {
    ...{ act, explain, explanation },
    replay: () => act.run(() => replayImage(one)),
    bring: () => act.run(() => importImage(one)),
    reconcile: () =>
      act.run(async () => {
        await call('POST', `registries/${registry}/reconcile`);
        return `The reconciliation of ${registry} has started.`;
      }),
    promote: () => change('promote', now => `\`${now.active?.version}\` is promoted.`),
    rollBack: () => change('rollback', rolledBack),
  };
}

interface ImageName {
  registry: string;
  repository: string;
  tag: string;
}

async function replayImage(one: ImageName): Promise<string> {
  const { state, reason } = (await call<Image>('POST', 'images/replay', one)).data;
  return `Tried again: it is ${state}, \`${reason}\`.`;
}

/** The record shows why an image did not arrive, so that it is no failure of the call. */
async function importImage(one: ImageName): Promise<string> {
  try {
    const { state, reason } = (await call<Image>('POST', 'images', one)).data;
    return `It is ${state}, \`${reason}\`.`;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 422 && error.problem?.image)) throw error;
    return `It did not arrive: \`${error.problem.reason}\`.`;
  }
}
