import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { addAlerts } from './alerts.ts';
import { addDrift } from './drift.ts';
import { addEvents } from './events.ts';
import { addExperiments } from './experiments.ts';
import { addIngest } from './ingest/routes.ts';
import { addModels } from './models.ts';
import { addOnline } from './online/online.ts';
import { addRollouts } from './rollouts.ts';
import type { NativeOptions } from './scope.ts';
import { addUpkeep } from './upkeep.ts';

const DESCRIPTION =
  'Models, their versions, files and life. Beside it this server speaks MLflow REST 2.0 (/api/2.0/mlflow) and the Open Inference Protocol 2 (/v2), which describe themselves.';

/** Adds `/openapi.json`; before the routes that are to be in it. */
export async function addDocument(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Pilotfish', version, description: DESCRIPTION },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
    hideUntagged: true,
    transform: jsonSchemaTransform,
  });
  app.get('/openapi.json', { config: { role: 'anyone' } }, () => app.swagger());
}

/** Adds `/api/v1`: what the registry can do beyond MLflow's interface. */
export function addNative(app: FastifyInstance, options: NativeOptions): void {
  void app.register(
    (plain, _options, done) => {
      const scope = plain.withTypeProvider<ZodTypeProvider>();
      scope.setValidatorCompiler(validatorCompiler);
      scope.setSerializerCompiler(serializerCompiler);
      scope.addContentTypeParser('application/octet-stream', (_request, payload, parsed) =>
        parsed(null, payload),
      );
      addModels(scope, options);
      addUpkeep(scope, options);
      addEvents(scope, options);
      addDrift(scope, options);
      addAlerts(scope, options);
      addIngest(scope, options);
      addExperiments(scope, options);
      addRollouts(scope, options);
      addOnline(scope, options);
      done();
    },
    { prefix: '/api/v1' },
  );
}
