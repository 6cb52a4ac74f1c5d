import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { articleReply } from '../articles/schemas.ts';
import { articleIndexReply } from '../knowledge/article-index-routes.ts';
import { maxContentTokens } from './answer-bound.ts';
import type { CallRoute, Refusal } from './call-route.ts';
import { pageOfText } from './text-page.ts';

/** Articles as resources, for hosts that let a person choose what a conversation begins with. */

const address = /^lorekeep:\/\/articles\/([\da-f-]{36})(?:\?offset=(\d{1,7}))?$/i;
const uuid = z.uuid();
const mimeType = 'text/markdown';
const pageSize = 50;
/** A resource is read at once, without arguments: longer pages than a tool's default. */
const maxCharacters = 80_000;

/** The addresses that `read` understands. */
export const resourceTemplates = [
  {
    name: 'article',
    title: 'Article',
    uriTemplate: 'lorekeep://articles/{id}',
    description: 'An article of any status as Markdown. A long one ends with the address of its next page.',
    mimeType,
  },
  {
    name: 'article-page',
    title: 'Page of an article',
    uriTemplate: 'lorekeep://articles/{id}{?offset}',
    description: 'The text of an article from a character on',
    mimeType,
  },
];

export interface Resources {
  /** A page of the published articles, newest first. */
  list(cursor: string | undefined): Promise<{
    resources: { uri: string; name: string; title: string; description: string; mimeType: string }[];
    nextCursor?: string;
  }>;
  /** The text of an article, as far as it fits. */
  read(uri: string): Promise<{ contents: { uri: string; mimeType: string; text: string }[] }>;
  /** The ids of the newest articles that begin so. */
  completeId(begun: string): Promise<string[]>;
}

/** The articles that the client's key may read. */
export function createResources(call: CallRoute): Resources {
  const readIndex = async (query: Readonly<Record<string, string | undefined>>) => {
    const answer = await call({ method: 'get', path: '/knowledge/index', query });
    if (answer.kind === 'refused') throw protocolError(answer);
    return articleIndexReply.parse(answer.body);
  };

  return {
    async list(cursor) {
      const { data, meta } = await readIndex({ limit: String(pageSize), cursor });
      return {
        resources: data.map(({ id, title, category, tags }) => ({
          uri: `lorekeep://articles/${id}`,
          name: id,
          title,
          description: tags.length === 0 ? category : `${category}: ${tags.slice(0, 5).join(', ')}`,
          mimeType,
        })),
        ...(meta.next_cursor === null ? {} : { nextCursor: meta.next_cursor }),
      };
    },

    async read(uri) {
      const [, id = '', offset = '0'] = address.exec(uri) ?? [];
      if (!uuid.safeParse(id).success) throw new ResourceNotFoundError(uri);
      const answer = await call({ method: 'get', path: '/articles/:id', params: { id } });
      if (answer.kind === 'refused') {
        throw answer.code === 'not_found' ? new ResourceNotFoundError(uri) : protocolError(answer);
      }
      const { data } = articleReply.parse(answer.body);
      const page = pageOfText(data.body, {
        ...{ offset: Number(offset), maxCharacters, maxTokens: maxContentTokens },
      });
      const title = page.offset === 0 ? `# ${data.title}\n\n` : '';
      const more =
        page.nextOffset === null
          ? ''
          : `\n\n(Goes on in lorekeep://articles/${id}?offset=${page.nextOffset})`;
      return { contents: [{ uri, mimeType, text: `${title}${page.text}${more}` }] };
    },

    async completeId(begun) {
      const { data } = await readIndex({ limit: '100' });
      return data.map(({ id }) => id).filter((id) => id.startsWith(begun.toLowerCase()));
    },
  };
}

/** A failure that is not of the address: the protocol knows no tool errors here. The code and the next step stand in `data`. */
function protocolError({ code, message, nextStep }: Refusal): ProtocolError {
  const isRequest = code === 'validation_failed';
  return new ProtocolError(
    isRequest ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError,
    message,
    { code, next_step: nextStep },
  );
}
