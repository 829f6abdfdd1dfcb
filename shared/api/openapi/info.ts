import manifest from '../../../package.json' with { type: 'json' };

/** What the OpenAPI document says of the whole API. */
export const INFO = {
  title: 'Coder ACR Bridge',
  version: manifest.version,
  description:
    'Brings every image pushed to an Azure Container Registry into Coder. Errors are `application/problem+json` with a stable `reason`. To read the next page of a list, send its `continuationToken`.',
};
