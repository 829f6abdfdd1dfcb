import { Module } from 'node:module';

/** A trigger, an input or an output of a function, with the settings of its kind. */
export interface Binding {
  type: string;
  direction: 'in' | 'out';
  [setting: string]: unknown;
}

export interface FunctionMetadata {
  name: string;
  /** By binding name. */
  bindings: Record<string, Binding>;
}

export type FunctionCallback = (...inputs: unknown[]) => unknown;
export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';

/** What the host and the library send each other: the protobuf messages of the real host, as plain objects. */
export interface RpcTypedData {
  string?: string;
  json?: string;
  bytes?: Uint8Array;
  http?: RpcHttp;
}

export interface RpcHttp {
  method?: string;
  url?: string;
  nullableHeaders?: Record<string, { value: string }>;
  nullableQuery?: Record<string, { value: string }>;
  nullableParams?: Record<string, { value: string }>;
  /** Of responses. */
  statusCode?: string;
  headers?: Record<string, string>;
  cookies?: RpcCookie[];
  body?: RpcTypedData;
}

export interface RpcCookie {
  name: string;
  value: string;
  domain?: { value: string };
  path?: { value: string };
  expires?: { value: { seconds: number } };
  maxAge?: { value: number };
  secure?: { value: boolean };
  httpOnly?: { value: boolean };
  sameSite: 'none' | 'lax' | 'strict' | 'explicitNone';
}

export interface InvocationRequest {
  inputData: { name: string; data: RpcTypedData }[];
  triggerMetadata: Record<string, RpcTypedData>;
}

export interface CoreInvocationContext {
  invocationId: string;
  request: InvocationRequest;
  metadata: FunctionMetadata;
  state?: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined;
  log(level: LogLevel, category: string, message: string): void;
}

/** The library's own conversion between RPC messages and what handlers take and return, for one invocation. */
export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ returnValue?: RpcTypedData | null }>;
}

export interface ProgrammingModel {
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

export type HookCallback = (context: Record<string, unknown>) => unknown;

/** The members of `@azure/functions-core` that `@azure/functions` 4.16 calls. */
export interface CoreModule {
  setProgrammingModel(model: ProgrammingModel): void;
  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): { dispose(): void };
  registerHook(name: string, callback: HookCallback): { dispose(): void };
  log(level: LogLevel, category: string, message: string): void;
}

const CORE_MODULE = '@azure/functions-core';
let provided: CoreModule | undefined;

/**
 * Makes `core` the answer to `require('@azure/functions-core')` in this process.
 *
 * That module is no package: the worker of the platform answers the name from inside `require`, and so do we.
 * The library asks once, at its first use, and keeps what it got; so this has to come before the app is loaded.
 */
export function provideCoreModule(core: CoreModule): void {
  if (!provided) interceptRequire();
  provided = core;
}

function interceptRequire(): void {
  Module.prototype.require = new Proxy(Module.prototype.require, {
    apply: (require, self, args) => (args[0] === CORE_MODULE ? provided : Reflect.apply(require, self, args)),
  });
}
