import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The resident memory of a process, over its life. */
export interface MemoryWatch {
  /** The most that was seen, in MB. */
  peakMb(): number;
  stop(): void;
}

const EVERY_MS = 200;

/** @param pid of the process that is to be looked at now */
export function watchMemory(pid: () => number): MemoryWatch {
  let peak = 0;
  const timer = setInterval(async () => {
    // Between two processes there is none to look at.
    const kib = await residentKib(pid()).catch(() => 0);
    peak = Math.max(peak, kib / 1024);
  }, EVERY_MS);
  return { peakMb: () => Math.round(peak), stop: () => clearInterval(timer) };
}

async function residentKib(pid: number): Promise<number> {
  if (process.platform !== 'linux') {
    return Number((await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])).stdout);
  }
  // A process that has ended and was not waited for yet is there, and has no such line.
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}
