import { once } from 'node:events';
import net from 'node:net';

/**
 * Refuses ports that another program has, before anything is started.
 * @param ports by the variable that chooses them; 0 takes any free one
 * @throws Error that names the port, and the variable to set
 */
export async function refuseTakenPorts(ports: Readonly<Record<string, number>>): Promise<void> {
  for (const [variable, port] of Object.entries(ports)) {
    if (port !== 0 && (await isTaken(port))) throw new Error(describeTaken(port, variable));
  }
}

/** What to do about a port that is in use. */
export function describeTaken(port: number | undefined, variable: string): string {
  return `Port ${port} is in use, perhaps by another npm start. Set ${variable} to another one; 0 takes any free one.`;
}

async function isTaken(port: number): Promise<boolean> {
  const server = net.createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return true;
    throw error;
  } finally {
    server.close();
  }
}
