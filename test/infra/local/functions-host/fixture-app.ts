import { app, type HttpRequest, type InvocationContext } from '@azure/functions';

const arrivals = new Map<string, () => void>();

app.http('echo', {
  route: 'echo/{id:int?}',
  methods: ['GET', 'POST'],
  handler: async request => ({
    status: 200,
    jsonBody: {
      params: request.params,
      q: request.query.getAll('q'),
      principal: request.headers.get('x-ms-client-principal-id'),
      body: await request.text(),
    },
  }),
});
app.http('files', {
  route: 'files/{*rest}',
  handler: request => ({ status: 200, jsonBody: request.params }),
});
app.http('guarded', {
  methods: ['GET'],
  authLevel: 'function',
  handler: () => ({ status: 200, body: 'in' }),
});
app.http('private', { methods: ['GET'], authLevel: 'admin', handler: () => ({ status: 200, body: 'in' }) });
app.http('off', { methods: ['GET'], handler: () => ({ status: 200, body: 'in' }) });
app.http('silent', { methods: ['GET'], handler: () => undefined as never });
app.http('broken', {
  methods: ['GET'],
  handler() {
    throw new Error('boom');
  },
});
app.http('cookies', {
  methods: ['GET'],
  handler: () => ({
    status: 201,
    headers: { 'x-kept': 'yes' },
    cookies: [
      { name: 'a', value: '1 2' },
      { name: 'b', value: '3', path: '/x', maxAge: 60, secure: true, httpOnly: true, sameSite: 'Lax' },
    ],
  }),
});
app.http('settings', {
  methods: ['GET'],
  handler: () => ({
    status: 200,
    jsonBody: {
      own: process.env.OWN_SETTING,
      host: Object.keys(process.env).filter(name => name.startsWith('HOST_')),
    },
  }),
});

app.eventGrid('onEvent', {
  async handler(event: unknown, context: InvocationContext) {
    const { id, data } = event as { id: string; data?: { fail?: boolean; waitsFor?: string } };
    context.log(`got ${JSON.stringify(event)} with ${JSON.stringify(context.triggerMetadata)}`);
    if (data?.waitsFor) await meet(id, data.waitsFor);
    if (data?.fail) throw new Error(`cannot take ${id}`);
  },
});

app.timer('tick', {
  schedule: '%TICK%',
  handler(timer, context) {
    context.log(`tick ${JSON.stringify(timer)}`);
  },
});

app.hook.appStart(() => console.log('app start hook ran'));
app.hook.appTerminate(() => console.log('app terminate hook ran'));
app.hook.preInvocation(context => {
  const [request] = context.inputs as [Partial<HttpRequest>];
  if (!request.headers?.has('x-replace')) return;
  context.functionHandler = () => ({ status: 200, body: 'replaced' });
});
app.hook.postInvocation(context => {
  const [request] = context.inputs as [Partial<HttpRequest>];
  if (request.headers?.has('x-forgive')) {
    context.error = undefined;
    context.result = { status: 200, body: 'forgiven' };
  }
});
app.hook.log(context => {
  context.message = context.message.replace('sesame', '***');
});

/** Ends only when the handler of the other event runs at the same time. */
async function meet(id: string, other: string): Promise<void> {
  arrivals.get(id)?.();
  if (arrivals.has(id)) return;
  await new Promise<void>(resolve => arrivals.set(other, resolve));
}
