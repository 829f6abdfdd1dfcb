import type {
  CoreModule,
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogLevel,
  ProgrammingModel,
} from './core-module.ts';
import type { Log } from './log.ts';

/** What an app registered while it was loaded. */
export interface FunctionApp {
  /** Given to the library, which fills the rest of this object through it. */
  core: CoreModule;
  functions: { metadata: FunctionMetadata; callback: FunctionCallback }[];
  model?: ProgrammingModel;
  /** Shared by all hooks, as `appHookData` is on the platform. */
  hookData: Record<string, unknown>;
  /** Runs the hooks of this name one after the other, in the order of their registration. */
  runHooks(name: string, context: Record<string, unknown>): Promise<void>;
  /** Logs what the library or a function says, after the app's log hooks had their say. */
  log(level: LogLevel, category: string, message: string, invocation?: LoggedInvocation): void;
}

export interface LoggedInvocation {
  functionName: string;
  invocationContext: unknown;
}

export function createFunctionApp(log: Log): FunctionApp {
  const hooks = new Set<{ name: string; callback: HookCallback }>();
  const hooksOf = (name: string) => [...hooks].filter(hook => hook.name === name);

  const app: FunctionApp = {
    functions: [],
    hookData: {},
    async runHooks(name, context) {
      for (const hook of hooksOf(name)) await hook.callback(context);
    },
    log(level, category, message, invocation) {
      const { functionName, invocationContext } = invocation ?? {};
      const entry = { level, message, category, invocationContext, hookData: {}, appHookData: app.hookData };
      for (const hook of hooksOf('log')) hook.callback(entry);
      log(entry.level, functionName, entry.message);
    },
    core: {
      setProgrammingModel(model) {
        app.model = model;
      },
      registerFunction(metadata, callback) {
        if (app.functions.some(other => sameName(other.metadata.name, metadata.name))) {
          throw new Error(`a function named "${metadata.name}" is already registered`);
        }
        const registration = { metadata, callback };
        app.functions.push(registration);
        return { dispose: () => void app.functions.splice(app.functions.indexOf(registration), 1) };
      },
      registerHook(name, callback) {
        const hook = { name, callback };
        hooks.add(hook);
        return { dispose: () => void hooks.delete(hook) };
      },
      log: (level, category, message) => app.log(level, category, message),
    },
  };
  return app;
}

/** Names of functions are compared without regard to case, in URLs too. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
