import type { FastifyInstance } from 'fastify';

export type HealthOptions = {
  /** Throws when the server cannot do its work. */
  readonly check: () => Promise<void>;
  readonly version: string;
  /** Whether the server is about to end. */
  readonly isDraining: () => boolean;
};

/** Adds `/health` (the process answers), `/ready` (and can work; not while it drains) and `/version`. */
export function addHealth(app: FastifyInstance, { check, version, isDraining }: HealthOptions): void {
  const config = { role: 'anyone' } as const;
  app.get('/health', { config }, (_request, reply) => reply.type('text/html; charset=utf-8').send('OK'));
  app.get('/version', { config }, (_request, reply) => reply.type('text/html; charset=utf-8').send(version));
  app.get('/ready', { config }, async (_request, reply) => {
    if (isDraining()) return reply.code(503).send({ ready: false });
    await check();
    return { ready: true };
  });
}
