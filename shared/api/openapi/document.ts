import { createDocument, type oas31, type ZodOpenApiPathsObject } from 'zod-openapi';
import { Policy } from '../../policy/policy.ts';
import type { AnyHttpFunction } from '../http-function.ts';
import { ImageView } from '../views/image.ts';
import { RegistryView } from '../views/registry.ts';
import { ReportView } from '../views/report.ts';
import { stateConstraints } from './constraints.ts';
import { INFO } from './info.ts';
import { operationOf } from './operation.ts';
import { problemSchema } from './problems.ts';
import { SECURITY_SCHEMES } from './security.ts';
import { TAGS } from './tags.ts';

/** The OpenAPI document of these functions, generated from the schemas that check their input. */
export function openApiOf(functions: ReadonlyMap<string, AnyHttpFunction>): oas31.OpenAPIObject {
  const paths: ZodOpenApiPathsObject = {};
  for (const [name, spec] of functions) {
    const path = pathOf(spec.route);
    paths[path] = { ...paths[path], [spec.method.toLowerCase()]: operationOf(name, spec) };
  }
  // The document contains each of these schemas once, by name, and refers to it.
  const schemas = {
    ...{ Registry: RegistryView, Image: ImageView, Report: ReportView, Policy },
    Problem: problemSchema([...functions.values()]),
  };
  return createDocument(
    {
      openapi: '3.1.0',
      info: INFO,
      servers: [{ url: '/api' }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      paths,
      components: { securitySchemes: SECURITY_SCHEMES, schemas },
    },
    { override: stateConstraints },
  );
}

/** The path of a route template. Its parameters may have the stars of a catch-all, and constraints. */
function pathOf(route: string): string {
  return `/${route.replace(/\{\*{0,2}(\w+)[^}]*\}/g, '{$1}')}`;
}
