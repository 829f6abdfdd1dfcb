import { partsOf } from '../azure/arm/resource-id.ts';
import { quote } from '../azure/az-commands.ts';
import { type Check, fine, wrong } from '../lib/check.ts';
import type { Diagnosis } from './diagnosis.ts';

/** Templates name digests; one that lost its tag is still named by older versions and by running workspaces. */
export const retentionCheck: Check<Diagnosis> = {
  name: 'digest-kept',
  truth: 'No retention policy of the registry deletes manifests that a template may still name by digest.',
  needs: ['azure-resource'],
  async run({ registry, askAzure }) {
    const { retentionDays } = await askAzure();
    if (retentionDays === undefined) return fine('The registry keeps manifests that have lost their tag.');
    const { registryName, subscriptionId } = partsOf(registry);
    return wrong(
      'retention-deletes-digests',
      `The registry deletes manifests ${retentionDays} days after they have lost their tag. Workspaces of templates that still name such a digest then do not start.`,
      `Run: az acr config retention update --subscription ${subscriptionId} --registry ${quote(registryName)} --status disabled --type UntaggedManifests\nOr push each image under a tag of its own that stays.`,
    );
  },
};
