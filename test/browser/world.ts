import { image, type OciManifest } from '../../infra/local/oci-image.ts';
import { type App, startSampleApp, until } from '../support/app.ts';
import { activeVersion, coderOf } from '../support/coder-v2.ts';

/** The laptop's own run, with whatever goes wrong in it made by the stand-ins. */
export interface World {
  app: App;
  coder: ReturnType<typeof coderOf>;
  /** A person pushes a template, and waits until the version is active. */
  pushTemplate(name: string, source?: string): Promise<void>;
  /** Pushes an image, and waits until the bridge says this of it. */
  pushed(reference: string, reason: string, manifest?: OciManifest): Promise<void>;
  /** Waits until the bridge says this of an image. */
  reasonIs(reference: string, reason: string): Promise<void>;
  close(): Promise<void>;
}

export const SOURCE = 'variable "image" {\n  type    = string\n  default = "ubuntu:24.04"\n}\n';

const TEMPLATES = [{ template: '{name}' }];
export const POLICY = {
  rules: [
    { repository: 'samples/workspace', templates: [{ template: 'kubernetes' }] },
    { repository: 'scratch/**', action: 'exclude' },
    { repository: 'frozen/*', suspended: true, templates: TEMPLATES },
    { repository: 'manual/*', templates: [{ template: '{name}', promote: 'manual' }] },
    { repository: 'team/*', templates: TEMPLATES },
    { repository: 'nowhere/*' },
  ],
};

/** @param registries names of further ones */
export async function startWorld(registries: string[] = []): Promise<World> {
  const app = await startSampleApp({ coderGeneration: 'v2', registries });
  const { cloud } = app.environment;
  const coder = coderOf(cloud);
  const { resourceId, puller } = cloud.registry;
  const credential = { kind: 'static', username: puller.username };
  const put = await app.api('PUT', 'registries/contoso', { resourceId, credential, policy: POLICY });
  if (put.status !== 200) throw new Error(put.text);

  const world: World = {
    app,
    coder,
    async pushTemplate(template, source = SOURCE) {
      const before = activeVersion(cloud, template)?.name;
      coder.controls.pushTemplate({ template, files: { 'main.tf': source } });
      await until(() => {
        const name = activeVersion(cloud, template)?.name;
        return name !== undefined && name !== before;
      });
    },
    async pushed(reference, reason, manifest = image()) {
      await app.push(reference, manifest);
      await world.reasonIs(reference, reason);
    },
    async reasonIs(reference, reason) {
      await until(async () => (await app.record(reference))?.reason === reason);
    },
    close: () => app.close(),
  };
  return world;
}
