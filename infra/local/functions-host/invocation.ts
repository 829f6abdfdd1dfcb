import type { CoreInvocationContext, ProgrammingModel, RpcTypedData } from './core-module.ts';
import type { FunctionApp } from './function-app.ts';
import type { HostedFunction } from './functions.ts';
import { describeError, type Log } from './log.ts';

/**
 * Runs a function once.
 * @returns what it returned, as the library converts it for the host
 * @throws what the function, a hook or the conversion threw, after it was logged
 */
export type Invoke = (
  fn: HostedFunction,
  input: RpcTypedData,
  triggerMetadata?: Record<string, RpcTypedData>,
) => Promise<RpcTypedData | undefined>;

export function createInvoke(app: FunctionApp, model: ProgrammingModel, log: Log): Invoke {
  return async (fn, input, triggerMetadata = {}) => {
    try {
      return await invoke(app, model, fn, input, triggerMetadata);
    } catch (error) {
      log('error', fn.name, `failed: ${describeError(error)}`);
      throw error;
    }
  };
}

/** The steps, and what hooks may change at each of them, are those of the platform's Node.js worker. */
async function invoke(
  app: FunctionApp,
  model: ProgrammingModel,
  fn: HostedFunction,
  input: RpcTypedData,
  triggerMetadata: Record<string, RpcTypedData>,
): Promise<RpcTypedData | undefined> {
  let invocationContext: unknown;
  const core: CoreInvocationContext = {
    invocationId: crypto.randomUUID(),
    request: { inputData: [{ name: fn.binding, data: input }], triggerMetadata },
    metadata: fn.metadata,
    log: (level, category, message) =>
      app.log(level, category, message, { functionName: fn.name, invocationContext }),
  };
  const invocation = model.getInvocationModel(core);
  const { context, inputs } = await invocation.getArguments();
  invocationContext = context;

  const shared = { hookData: {}, appHookData: app.hookData, invocationContext };
  const before = { ...shared, inputs, functionCallback: fn.callback };
  core.state = 'preInvocationHooks';
  await app.runHooks('preInvocation', before);

  const after = {
    ...shared,
    inputs: before.inputs,
    result: undefined as unknown,
    error: undefined as unknown,
  };
  core.state = 'invocation';
  try {
    after.result = await invocation.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error ?? new Error('the function threw nothing');
  }
  core.state = 'postInvocationHooks';
  await app.runHooks('postInvocation', after);
  core.state = undefined;

  if (after.error) throw after.error;
  return (await invocation.getResponse(context, after.result)).returnValue ?? undefined;
}
