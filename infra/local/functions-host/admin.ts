import * as z from 'zod';
import { runByHand } from './by-hand.ts';
import { sameName } from './function-app.ts';
import { describeFunction, type HostedFunction } from './functions.ts';
import { type HostRequest, type HostResponse, jsonResponse, parseJson } from './http-message.ts';
import type { Invoke } from './invocation.ts';
import { type HostKeys, isMasterKey, presentedKey } from './keys.ts';

export interface AdminOptions {
  functions: HostedFunction[];
  keys: HostKeys;
  invoke: Invoke;
}

const TriggerBody = z.object({ input: z.string().default('') });

/** The part of the host's admin API that people and scripts use; `ping` is all that is open. */
export function createAdmin({ functions, keys, invoke }: AdminOptions) {
  return function handleAdmin(request: HostRequest): HostResponse {
    const path = request.url.pathname.toLowerCase().replace(/\/$/, '');
    const route = `${request.method} ${path}`;
    if (/^(GET|POST) \/admin\/host\/ping$/.test(route)) return { status: 200 };
    if (!isMasterKey(keys, presentedKey(request))) return { status: 401 };

    if (route === 'GET /admin/host/status') return status();
    if (route === 'GET /admin/functions') return jsonResponse(200, functions.map(describeFunction));
    if (route === 'GET /admin/host/systemkeys/eventgrid_extension') {
      return jsonResponse(200, { name: 'eventgrid_extension', value: keys.eventGrid });
    }
    const [, method, name = '', of] = /^(GET|POST) \/admin\/functions\/([^/]+)(\/keys)?$/.exec(route) ?? [];
    const fn = functions.find(candidate => sameName(candidate.name, name));
    if (fn && method === 'POST' && !of) return start(fn, request.body);
    if (fn && method === 'GET' && of) return functionKeys(fn);
    return { status: 404 };
  };

  function functionKeys({ name }: HostedFunction): HostResponse {
    const value = keys.functions?.[name];
    return jsonResponse(200, { keys: value === undefined ? [] : [{ name: 'default', value }] });
  }

  function start(fn: HostedFunction, body: Buffer): HostResponse {
    const parsed = TriggerBody.safeParse(parseJson(body.toString() || '{}'));
    if (!parsed.success) return { status: 400, body: z.prettifyError(parsed.error) };
    const run = runByHand(fn, parseJson(parsed.data.input), invoke);
    if (!run) return { status: 400, body: `this input cannot trigger ${fn.name}` };
    // The platform answers before the function has ended; how it ended is in the log.
    run.catch(() => {});
    return { status: 202 };
  }
}

function status(): HostResponse {
  return jsonResponse(200, {
    id: 'local',
    state: 'Running',
    version: 'local',
    processUptime: Math.round(process.uptime() * 1_000),
  });
}
