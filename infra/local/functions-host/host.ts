import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { runByHand } from './by-hand.ts';
import { type ProgrammingModel, provideCoreModule } from './core-module.ts';
import { createDispatch, type Dispatch } from './dispatch.ts';
import { createFunctionApp, type FunctionApp, sameName } from './function-app.ts';
import { describeFunction, type FunctionInfo, readFunctions } from './functions.ts';
import { readRequest, sendResponse } from './http-message.ts';
import { createInvoke } from './invocation.ts';
import { type HostKeys, withFunctionKeys } from './keys.ts';
import { createLog, describeError, type Log } from './log.ts';
import { createTimers } from './timers.ts';

export interface FunctionsHostOptions {
  /** Path of a CommonJS bundle, or a function that loads the app. */
  app: string | (() => Promise<unknown>);
  /** 0 takes any free port. */
  port: number;
  keys: HostKeys;
  /** `extensions.http.routePrefix` of host.json; may be empty. */
  routePrefix: string;
  /** Clock of the log's time stamps. */
  now?: () => Date;
  /** Takes one finished line at a time. */
  log(line: string): void;
}

export interface FunctionsHost {
  /** Base URL without a trailing slash. */
  url: string;
  functions: FunctionInfo[];
  /**
   * Runs a timer or an Event Grid function once, `input` being the event, and waits for its end.
   * @throws what the function threw, or when it cannot be run this way
   */
  invoke(name: string, input?: unknown): Promise<void>;
  /** Stops listening, cuts open connections as a crash would, and runs the app's terminate hooks. */
  close(): Promise<void>;
}

/**
 * Runs a function app as the Azure Functions host does, with the settings that are in the environment.
 *
 * `@azure/functions` binds itself to the first host of a process, so an app can be started only once in each,
 * unless it is a bundle, which brings a copy of the library with it.
 * @throws when the app cannot be loaded, or the platform would refuse one of its functions
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { port, routePrefix } = options;
  const log = createLog(options.log, options.now ?? (() => new Date()));
  const app = createFunctionApp(log);
  const invoke = createInvoke(app, await loadApp(app, options.app), log);
  const functions = readFunctions(app, process.env);
  const keys = withFunctionKeys(
    options.keys,
    functions.map(({ name }) => name),
  );
  const timers = createTimers(functions, process.env, invoke);
  const server = createHttpServer(createDispatch({ functions, keys, routePrefix, invoke }), log);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  timers.start();

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    functions: functions.map(describeFunction),
    async invoke(name, input) {
      const fn = functions.find(candidate => sameName(candidate.name, name));
      const run = fn && runByHand(fn, input, invoke);
      if (!run) throw new Error(`function "${name}" cannot be invoked with this input`);
      await run;
    },
    async close() {
      timers.stop();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      await app.runHooks('appTerminate', { hookData: {}, appHookData: app.hookData });
    },
  };
}

/** In the order of the platform's worker: load, start hooks, then the capabilities, which end the setup. */
async function loadApp(app: FunctionApp, source: FunctionsHostOptions['app']): Promise<ProgrammingModel> {
  provideCoreModule(app.core);
  if (typeof source === 'string') createRequire(import.meta.url)(resolve(source));
  else await source();
  await app.runHooks('appStart', {
    hookData: {},
    appHookData: app.hookData,
    functionAppDirectory: process.cwd(),
  });
  if (!app.model) {
    throw new Error('the app registered no function; was @azure/functions in use before this host started?');
  }
  const capabilities = await app.model.getCapabilities({});
  if (capabilities.HttpUri) throw new Error('this host does not do enableHttpStream');
  return app.model;
}

function createHttpServer(dispatch: Dispatch, log: Log): Server {
  return createServer((incoming, outgoing) => {
    answer(incoming, outgoing, dispatch).catch((error: unknown) => {
      log('error', undefined, `the host failed: ${describeError(error)}`);
      sendResponse(outgoing, { status: 500 });
    });
  });
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  dispatch: Dispatch,
): Promise<void> {
  const request = await readRequest(incoming);
  sendResponse(outgoing, request ? await dispatch(request) : { status: 400 });
}
