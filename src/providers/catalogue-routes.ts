import { z } from 'zod';
import { type Route, reply, route } from '../platform/http/route.ts';
import type { Catalogue } from './catalogue/create-catalogue.ts';
import { rateHeaders } from './catalogue/vendor.ts';
import { presentVendor } from './catalogue/vendor-view.ts';

const vendorView = z
  .object({
    name: z.string().describe('The value of `embedding_provider`'),
    title: z.string(),
    address_kind: z
      .enum(['fixed', 'template', 'own'])
      .describe('`own`: a server of your own, whose whole address is the `embedding_base_url`'),
    base_url: z.string().optional().describe('Where the provider is reached'),
    base_url_template: z
      .string()
      .optional()
      .describe(
        'Instead of `base_url`: the form of an address, whose parts in braces are for `embedding_base_url`; of an `own` one an example',
      ),
    other_base_urls: z.array(z.string()).describe('Further addresses or forms, such as one for each region'),
    parameters: z
      .array(z.object({ name: z.string(), example: z.string(), default: z.string().nullable() }))
      .describe('The parts of `base_url_template` that can be given as `name=value`'),
    keys_optional: z
      .boolean()
      .describe('Whether it also answers without a key, so that any text may stand for one'),
    default_model: z.string().nullable().describe('Null where `embedding_model` has to be set'),
    models: z.array(
      z.object({
        name: z.string(),
        dimensions: z.number().int().nullable(),
        other_dimensions: z
          .union([z.array(z.number().int()), z.object({ min: z.number().int(), max: z.number().int() })])
          .nullable()
          .describe('What `embedding_dimensions` may be instead; null where there are no others'),
        max_input_tokens: z.number().int().nullable(),
      }),
    ),
    rerank: z
      .object({ default_model: z.string(), models: z.array(z.string()) })
      .nullable()
      .describe('Its reranking, for `rerank=true` of a search and `rerank_model`; null where it has none'),
    rate_headers: z
      .enum(rateHeaders)
      .nullable()
      .describe('The form in which it tells what is left of the rate; null where it is not known'),
    notes: z.string(),
  })
  .meta({ id: 'EmbeddingProvider' });

/** The route of the catalogue of embedding providers. */
export function catalogueRoutes(deps: { readonly catalogue: Catalogue }): Route[] {
  return [
    route({
      method: 'get',
      path: '/providers',
      role: 'agent',
      tag: 'Provider settings',
      summary: 'List the embedding providers that are known',
      description:
        'The first one, `default`, is that of this installation; it serves tenants that choose none. A provider that is not ' +
        'listed is used as `custom`. The operator decides which addresses may be chosen.',
      replies: {
        200: { description: 'The providers', schema: z.object({ data: z.array(vendorView) }) },
      },
      problems: [],
      handle: async () => reply(200, { data: deps.catalogue.vendors.map(presentVendor) }),
    }),
  ];
}
