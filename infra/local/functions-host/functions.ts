import * as z from 'zod';
import type { FunctionCallback, FunctionMetadata } from './core-module.ts';
import type { FunctionApp } from './function-app.ts';
import type { AuthLevel } from './keys.ts';

const Trigger = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('httpTrigger'),
    /** Without the route prefix; the function's name when the app gives none. */
    route: z.string().default(''),
    /** Every method when empty. */
    methods: z.array(z.string().toUpperCase()).default([]),
    authLevel: z.enum(['anonymous', 'function', 'admin']).default('anonymous'),
  }),
  z.object({
    type: z.literal('timerTrigger'),
    schedule: z.string(),
    runOnStartup: z.boolean().default(false),
  }),
  z.object({
    type: z.literal('eventGridTrigger'),
    /** `many` hands all the events of one POST to one invocation. */
    cardinality: z.enum(['one', 'many']).default('one'),
  }),
]);
export type Trigger = z.infer<typeof Trigger>;
export type TriggerOf<Type extends Trigger['type']> = Extract<Trigger, { type: Type }>;

/** A function of the app as the host runs it. */
export interface HostedFunction<T extends Trigger = Trigger> {
  name: string;
  trigger: T;
  /** Name of the trigger's binding, under which the library expects the input. */
  binding: string;
  disabled: boolean;
  metadata: FunctionMetadata;
  callback: FunctionCallback;
}

/** What `GET /admin/functions` says of one function: its trigger's type and settings. */
export interface FunctionInfo {
  name: string;
  trigger: Trigger['type'];
  disabled: boolean;
  route?: string;
  methods?: string[];
  authLevel?: AuthLevel;
  schedule?: string;
}

/**
 * The registered functions in the order of their names, which is the order in which their routes are tried.
 * @throws when a function has a trigger that this host does not know
 */
export function readFunctions(app: FunctionApp, settings: NodeJS.ProcessEnv): HostedFunction[] {
  return app.functions
    .map(({ metadata, callback }) => readFunction(metadata, callback, settings))
    .sort((one, other) => (one.name.toLowerCase() < other.name.toLowerCase() ? -1 : 1));
}

function readFunction(
  metadata: FunctionMetadata,
  callback: FunctionCallback,
  settings: NodeJS.ProcessEnv,
): HostedFunction {
  const { name, bindings } = metadata;
  const [binding = '', options] =
    Object.entries(bindings).find(([, { type }]) => type.endsWith('Trigger')) ?? [];
  const parsed = Trigger.safeParse(options);
  if (!parsed.success) {
    throw new Error(
      `the trigger of function "${name}" cannot be run locally: ${z.prettifyError(parsed.error)}`,
    );
  }
  const trigger = parsed.data;
  if (trigger.type === 'httpTrigger') trigger.route = (trigger.route || name).replace(/^\/+|\/+$/g, '');
  const disabled = /^(true|1)$/i.test(settings[`AzureWebJobs.${name}.Disabled`] ?? '');
  return { name, trigger, binding, disabled, metadata, callback };
}

export function hasTrigger<Type extends Trigger['type']>(
  fn: HostedFunction,
  type: Type,
): fn is HostedFunction<TriggerOf<Type>> {
  return fn.trigger.type === type;
}

/** The functions with this type of trigger. */
export function withTrigger<Type extends Trigger['type']>(
  functions: HostedFunction[],
  type: Type,
): HostedFunction<TriggerOf<Type>>[] {
  return functions.filter(fn => hasTrigger(fn, type));
}

export function describeFunction({ name, disabled, trigger }: HostedFunction): FunctionInfo {
  const { type, ...settings } = trigger;
  return { name, trigger: type, disabled, ...settings };
}
