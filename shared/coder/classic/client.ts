import { HTTPError } from 'ky';
import * as z from 'zod';
import { ServiceError } from '../../errors.ts';
import { type CoderApi, type CoderConnection, createCoderHttp } from '../http.ts';
import {
  CoderError,
  CoderImage,
  CoderRegistry,
  CoderTag,
  type ImageChange,
  type NewImage,
} from './schema.ts';

/** The calls of Coder Classic's API that the bridge makes. All throw ServiceError. */
export interface ClassicClient {
  /** Host of Coder, with its port if the URL has one. */
  host: string;
  /** Whether Coder Classic answers, even if it refuses the token. */
  isThere(signal: AbortSignal): Promise<boolean>;
  getRegistry(id: string, signal: AbortSignal): Promise<CoderRegistry | undefined>;
  listRegistries(organizationId: string, signal: AbortSignal): Promise<CoderRegistry[]>;
  updateRegistry(
    id: string,
    change: { registry?: string; username?: string; password?: string },
    signal: AbortSignal,
  ): Promise<boolean>;
  getImage(id: string, signal: AbortSignal): Promise<CoderImage | undefined>;
  listImages(organizationId: string, signal: AbortSignal): Promise<CoderImage[]>;
  createImage(image: NewImage, signal: AbortSignal): Promise<CoderImage>;
  updateImage(id: string, change: ImageChange, signal: AbortSignal): Promise<void>;
  listTags(imageId: string, signal: AbortSignal): Promise<CoderTag[]>;
  /** @throws ServiceError `tag-in-use` when Coder refuses because workspaces use it */
  deleteTag(imageId: string, tag: string, signal: AbortSignal): Promise<void>;
  getTag(imageId: string, tag: string, signal: AbortSignal): Promise<CoderTag | undefined>;
  addTag(imageId: string, tag: string, isDefault: boolean, signal: AbortSignal): Promise<CoderTag>;
  /** Makes Coder read the digests of all tags of the image again. Coder does so some time after it answers. */
  refreshTags(imageId: string, signal: AbortSignal): Promise<void>;
}

const API: CoderApi = {
  prefix: '/api/v0',
  tokenHeader: 'session-token',
  messageOf: body => CoderError.safeParse(body).data?.error.msg,
};

/** A client of Coder Classic. */
export function createClassicClient(connection: CoderConnection): ClassicClient {
  const { host, send, call, find } = createCoderHttp(connection, API);

  return {
    host,
    async isThere(signal) {
      const answer = await send('get', 'registries', { signal, throwHttpErrors: false });
      const body: unknown = await answer.json().catch(() => undefined);
      return CoderError.safeParse(body).success || z.array(CoderRegistry).safeParse(body).success;
    },
    getRegistry: (id, signal) => find(CoderRegistry, `registries/${encodeURIComponent(id)}`, signal),
    getImage: (id, signal) => find(CoderImage, `images/${encodeURIComponent(id)}`, signal),
    getTag: (imageId, tag, signal) =>
      find(CoderTag, `images/${encodeURIComponent(imageId)}/tags/${encodeURIComponent(tag)}`, signal),

    async listRegistries(org, signal) {
      return call(z.array(CoderRegistry), 'get', 'registries', { searchParams: { org }, signal });
    },
    async listImages(org, signal) {
      // Without `workspaces=false` the answer carries every workspace of every image.
      const searchParams = { org, workspaces: 'false' };
      return call(z.array(CoderImage), 'get', 'images', { searchParams, signal });
    },
    async createImage(image, signal) {
      return call(CoderImage, 'post', 'images', { json: image, signal });
    },
    async addTag(imageId, tag, isDefault, signal) {
      const path = `images/${encodeURIComponent(imageId)}/tags`;
      return call(CoderTag, 'post', path, { json: { tag, default: isDefault }, signal });
    },
    async listTags(imageId, signal) {
      const path = `images/${encodeURIComponent(imageId)}/tags`;
      return call(z.array(CoderTag), 'get', path, { signal });
    },
    async deleteTag(imageId, tag, signal) {
      const path = `images/${encodeURIComponent(imageId)}/tags/${encodeURIComponent(tag)}`;
      try {
        await send('delete', path, { signal, throwHttpErrors: status => status !== 404 });
      } catch (error) {
        // The bridge never deletes a default tag here, so workspaces are the only reason to refuse.
        if (
          !(error instanceof ServiceError) ||
          !(error.cause instanceof HTTPError) ||
          error.reason === 'coder-unauthorized'
        )
          throw error;
        if (error.cause.response.status >= 500 || error.cause.response.status === 429) throw error;
        throw new ServiceError('tag-in-use', error.message, { cause: error });
      }
    },
    async updateImage(id, change, signal) {
      await send('patch', `images/${encodeURIComponent(id)}`, { json: change, signal });
    },
    async updateRegistry(id, change, signal) {
      const throwHttpErrors = (status: number) => status !== 404;
      const path = `registries/${encodeURIComponent(id)}`;
      return (await send('patch', path, { json: change, signal, throwHttpErrors })).ok;
    },
    async refreshTags(imageId, signal) {
      await send('post', `images/${encodeURIComponent(imageId)}/tags/update`, { signal });
    },
  };
}
