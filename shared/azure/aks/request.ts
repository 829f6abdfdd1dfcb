import https from 'node:https';
import { readText } from '../sdk/limits.ts';

export interface ClusterRequest {
  method: 'GET' | 'PATCH';
  url: URL;
  headers: Record<string, string>;
  body?: string;
  /** The only authorities that are trusted, in PEM; the usual ones when absent. */
  certificateAuthority?: string | undefined;
}

export interface ClusterAnswer {
  status: number;
  body: string;
}

/**
 * One request to the API server of a cluster. AKS signs its certificate with an authority of the cluster's own, which
 * `fetch` has no option for. Redirects are not followed, since the token would go along.
 *
 * @throws Error when there is no answer; its `code` says why
 */
export function sendToCluster(request: ClusterRequest, signal: AbortSignal): Promise<ClusterAnswer> {
  const { method, url, headers, body, certificateAuthority: ca } = request;
  return new Promise((resolve, reject) => {
    const options: https.RequestOptions = {
      ...{ method, headers, signal, host: url.hostname, port: url.port || 443 },
      ...{ path: `${url.pathname}${url.search}`, ...(ca && { ca }) },
    };
    const sent = https.request(options, response => {
      readText(response, LARGEST_ANSWER).then(
        said => resolve({ status: response.statusCode ?? 0, body: said }),
        reject,
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A Secret has a megabyte at most, and metadata besides. */
const LARGEST_ANSWER = 4 * 1024 * 1024;
