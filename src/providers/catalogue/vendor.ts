import type { FailureCode } from '../../domain/failures.ts';
import type { InputStyle } from '../../domain/provider-target.ts';

/** A part of an address that the tenant fills in. */
export interface AddressParameter {
  readonly name: string;
  /** What a value looks like, as the source of a regular expression without anchors and groups. */
  readonly pattern: string;
  readonly example: string;
  /** The value where the tenant gives none. */
  readonly defaultValue?: string;
}

/** Where a vendor is reached. */
export type VendorAddress =
  /** One address for everybody, and perhaps others of the same vendor, such as one for each region. */
  | { readonly kind: 'fixed'; readonly baseUrl: string; readonly alsoAt?: readonly string[] }
  /** An address with a part of the tenant's own, in braces: `https://{resource}.example.com/v1`. */
  | {
      readonly kind: 'template';
      readonly template: string;
      readonly alsoAt?: readonly string[];
      readonly parameters: readonly AddressParameter[];
    }
  /** A server that the tenant runs. `example` is such an address, whole. */
  | { readonly kind: 'own'; readonly example: string };

/** A model as the vendor documents it. */
export interface VendorModel {
  readonly name: string;
  /** Of its vectors, unless others are asked for; null where it is not known. */
  readonly dimensions: number | null;
  /** The dimensions that a request may ask for; absent where the model has only its own. */
  readonly dimensionsSettable?: readonly number[] | { readonly min: number; readonly max: number };
  readonly maxInputTokens: number | null;
  /** Where it differs from the vendor's. */
  readonly inputStyle?: InputStyle;
}

/** How a vendor orders texts for a query, on the key of its embeddings and at the same host. */
export interface VendorRerank {
  /** The path of the API at the end of the vendor's address, and what stands there for reranking. */
  readonly path: { readonly ofEmbeddings: string; readonly ofReranking: string };
  readonly defaultModel: string;
  readonly models: readonly string[];
  /** The most texts of one request. */
  readonly maxDocuments: number;
  /** The most tokens of a request: those of the query for each text, and those of the texts. */
  readonly maxRequestTokens: number;
  /** The beginning of a text that is read, in tokens, where a request can say so; null: the whole. */
  readonly maxDocumentTokens: number | null;
  /** Fields of a request beside model, query and documents, which have the same names everywhere. */
  readonly fields: Readonly<Record<string, boolean>>;
  /** The field of an answer that holds the scores. */
  readonly scoresIn: 'results' | 'data';
}

/** What is known of a vendor of embeddings. Null is not known, and is found out by the first calls. */
export interface Vendor {
  /** Short, in lower case, and never changed: tenants' settings hold it. */
  readonly name: string;
  readonly title: string;
  readonly address: VendorAddress;
  readonly auth: { readonly kind: 'bearer' } | { readonly kind: 'header'; readonly name: string };
  /** Whether it also answers requests without a key, so that any text may stand for one. */
  readonly keysOptional: boolean;
  readonly defaultModel: string | null;
  readonly models: readonly VendorModel[];
  /** The `encoding_format` that a request names; `unnamed` where a request must not name one. */
  readonly encoding: 'float' | 'base64' | 'unnamed' | null;
  /** The field of a request that asks for dimensions; `none` where there is no such field. */
  readonly dimensionsParameter: 'dimensions' | 'output_dimension' | 'none' | null;
  /** How queries and passages differ in a request; null where the model's family decides (see `prefixesByModel`). */
  readonly inputStyle: InputStyle | null;
  /** Whether the prefixes of the model's family are put before the texts here, because the server puts none. */
  readonly prefixesByModel: boolean;
  readonly maxInputs: number | null;
  readonly maxRequestTokens: number | null;
  readonly maxInputTokens: number | null;
  /** Codes, types and other fixed words of its refusals, in lower case, with what they mean. */
  readonly errorWords: Readonly<Record<string, FailureCode>>;
  /** Its reranking; null where it has none. */
  readonly rerank: VendorRerank | null;
  /** The form of the headers that tell what is left of the rate; null where it is not known. */
  readonly rateHeaders: RateHeaders | null;
  /** For people, in plain English. */
  readonly notes: string;
}

/** The forms in which vendors tell what is left of the rate. They are read by what is there, not by vendor. */
export const rateHeaders = ['openai', 'azure', 'mistral', 'ratelimit', 'none'] as const;
export type RateHeaders = (typeof rateHeaders)[number];

/** What most vendors have in common. An entry begins with it and says what differs. */
export const compatible = {
  auth: { kind: 'bearer' },
  keysOptional: false,
  defaultModel: null,
  models: [],
  encoding: null,
  dimensionsParameter: null,
  inputStyle: null,
  prefixesByModel: false,
  maxInputs: null,
  maxRequestTokens: null,
  maxInputTokens: null,
  errorWords: {},
  rerank: null,
  rateHeaders: null,
} as const satisfies Partial<Vendor>;

/** What servers have in common that tenants run themselves. */
export const ownServer = {
  ...compatible,
  keysOptional: true,
  prefixesByModel: true,
} as const satisfies Partial<Vendor>;
