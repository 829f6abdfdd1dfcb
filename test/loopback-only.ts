import { Socket } from 'node:net';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

type Connect = (this: Socket, ...parameters: unknown[]) => Socket;
const connect = Socket.prototype.connect as Connect;

/** Any connection that would leave this machine fails the test that made it. */
Socket.prototype.connect = function connectOnLoopback(this: Socket, ...parameters: unknown[]): Socket {
  const host = hostOf(parameters);
  if (host !== undefined && !LOOPBACK.has(host)) {
    throw new Error(`A test tried to reach ${host}. Tests talk to stand-ins on loopback only.`);
  }
  return connect.apply(this, parameters);
} as Socket['connect'];

/** `connect` takes options, or a port and a host, and Node itself passes these as one normalised array. */
function hostOf([first, second]: unknown[]): string | undefined {
  if (Array.isArray(first)) return hostOf(first);
  if (typeof first === 'object' && first !== null) return (first as { host?: string }).host;
  return typeof second === 'string' ? second : undefined;
}
