import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { refuseTakenPorts } from '../../../infra/local/free-ports.ts';

test.each(['127.0.0.1', '0.0.0.0'])(
  'a port that another program has at %s is refused with the hint',
  async host => {
    const other = net.createServer().listen(0, host);
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;

    const refused = refuseTakenPorts({ FUNCTIONS_PORT: 0, REGISTRY_PORT: port });

    await expect(refused).rejects.toThrow(
      `Port ${port} is in use, perhaps by another npm start. Set REGISTRY_PORT to another one; 0 takes any free one.`,
    );
    other.close();
    await once(other, 'close');
    await expect(refuseTakenPorts({ FUNCTIONS_PORT: 0, REGISTRY_PORT: port })).resolves.toBeUndefined();
  },
);
