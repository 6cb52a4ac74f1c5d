import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normaliseBaseUrl } from '../../../../src/providers/catalogue/base-url.ts';

describe('an address', () => {
  test.each([
    ['https://api.example.com/v1', 'https://api.example.com/v1'],
    [' https://api.example.com/v1\n', 'https://api.example.com/v1'],
    ['https://api.example.com/v1/', 'https://api.example.com/v1'],
    ['https://api.example.com/v1//', 'https://api.example.com/v1'],
    ['https://api.example.com/v1/v1', 'https://api.example.com/v1'],
    ['https://api.example.com/v1//v1/v1/', 'https://api.example.com/v1'],
    ['https://api.example.com/v1/embeddings', 'https://api.example.com/v1'],
    ['https://api.example.com/v1/v1/embeddings/', 'https://api.example.com/v1'],
    ['https://api.example.com/v1/embeddings/embeddings', 'https://api.example.com/v1'],
    ['https://api.example.com/', 'https://api.example.com'],
    ['https://api.example.com//', 'https://api.example.com'],
    ['https://api.example.com./v1', 'https://api.example.com/v1'],
    ['HTTPS://API.Example.COM:443/V1', 'https://api.example.com/V1'],
    ['https://api.example.com:8443/v1', 'https://api.example.com:8443/v1'],
    ['http://localhost:11434/v1?', 'http://localhost:11434/v1'],
    ['https://x.example/a/../v1', 'https://x.example/v1'],
    [
      'https://r.openai.azure.com/openai/deployments/d/embeddings?api-version=2024-10-21',
      'https://r.openai.azure.com/openai/deployments/d?api-version=2024-10-21',
    ],
    [
      'https://r.openai.azure.com/openai/deployments/embeddings?api-version=2024-10-21',
      'https://r.openai.azure.com/openai/deployments/embeddings?api-version=2024-10-21',
    ],
    ['http://2130706433/v1', 'http://127.0.0.1/v1'],
    ['http://0x7f.1/v1', 'http://127.0.0.1/v1'],
    ['http://0177.0.0.1/v1', 'http://127.0.0.1/v1'],
    ['http://127.1/v1', 'http://127.0.0.1/v1'],
    ['http://[::ffff:127.0.0.1]/v1', 'http://[::ffff:7f00:1]/v1'],
    ['https://bücher.example/v1', 'https://xn--bcher-kva.example/v1'],
    ['https://ａｐｉ．example。com/v1', 'https://api.example.com/v1'],
    ['https://日本語テスト.example/v1', 'https://xn--zckzah9945czlbtz6h.example/v1'],
  ])('%j is taken as %s', (given, baseUrl) => {
    expect(normaliseBaseUrl(given)).toMatchObject({ kind: 'ok', baseUrl });
  });

  test.each([
    ['', /must be an address/],
    ['   ', /must be an address/],
    ['api.example.com/v1', /begin with https/],
    ['localhost:11434/v1', /begin with https/],
    ['ftp://api.example.com/v1', /begin with https/],
    ['file:///etc/passwd', /begin with https/],
    ['javascript:alert(1)', /begin with https/],
    ['https://', /cannot be|can be read/],
    ['https://user:password@api.example.com/v1', /user name/],
    ['https://sk-key@api.example.com/v1', /user name/],
    ['https://@api.example.com/v1', /user name/],
    ['https:\\\\user@api.example.com/v1', /user name/],
    ['https://api.example.com/v1#embeddings', /fragment/],
    ['https://api.example.com/v1#', /fragment/],
    ['https://api.example.com/v1?key=secret', /query/],
    ['https://api.example.com/v1?api-version=1&key=secret', /query/],
    ['https://api.example.com/v1?api-version=1&api-version=2', /query/],
    ['https://api.example.com/v1?api-version=2024-10-21%2Fembeddings', /query/],
    ['https://api.example.com/v1?api-version=', /query/],
    ['https://api.exam\nple.com/v1', /a line break at character 17/],
    ['https://api.exam\tple.com/v1', /a tab at character 17/],
    ['https://api.exam ple.com/v1', /a blank at character 17/],
    ['https://api\u200b.example.com/v1', /a zero-width character at character 12/],
    ['https://api\u00ad.example.com/v1', /an invisible character at character 12/],
    ['https://api\u0000.example.com/v1', /a control character at character 12/],
    ['https://api..example.com/v1', /can be read/],
    ['https://example.com../v1', /can be read/],
    // A Cyrillic а, as it stands and in punycode.
    ['https://\u0430pi.example.com/v1', /scripts/],
    ['https://xn--pi-6kc.example.com/v1', /scripts/],
    ['https://{host}/v1', /can be read/],
    ['https://api.example.com:65536/v1', /can be read/],
    [`https://api.example.com/${'v'.repeat(2_000)}`, /at most 2000/],
  ])('%j is refused with a word', (given, message) => {
    expect(normaliseBaseUrl(given)).toEqual({ kind: 'refused', message: expect.stringMatching(message) });
  });

  test('that is refused is not repeated in the reason', () => {
    for (const given of [
      'https://canary:canary@x.example',
      'canary://x',
      'https://x.example/?canary=canary',
      'canary',
    ]) {
      expect(JSON.stringify(normaliseBaseUrl(given))).not.toContain('canary');
    }
  });

  test('says what was left out', () => {
    expect(normaliseBaseUrl('https://api.example.com/v1/v1/embeddings/')).toMatchObject({
      corrections: ['the slash at its end', '/embeddings', 'the second /v1'],
    });
  });
});

test('the normal form of any address is its own normal form', () => {
  const segment = fc.constantFrom(
    'v1',
    'embeddings',
    'deployments',
    '',
    'openai',
    'a b',
    '..',
    '%2e',
    'ü',
    'v1beta',
  );
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.constantFrom('Ünï.example.', 'a..b', '0x7f.1'),
  );
  const address = fc
    .tuple(
      fc.constantFrom('https://', 'http://', 'HTTPS:/', ' https:\\\\'),
      host,
      fc.constantFrom('', ':443', ':80', ':8080'),
      fc.array(segment, { maxLength: 8 }),
      fc.constantFrom('', '?', '?api-version=2024-10-21', '?a=b', '#', '/'),
    )
    .map(([scheme, name, port, path, end]) => `${scheme}${name}${port}/${path.join('/')}${end}`);
  fc.assert(
    fc.property(
      fc.oneof(address, fc.webUrl({ withQueryParameters: true }), fc.string({ unit: 'binary' })),
      (given) => {
        const once = normaliseBaseUrl(given);
        if (once.kind === 'refused') return;
        expect(normaliseBaseUrl(once.baseUrl)).toEqual({
          kind: 'ok',
          baseUrl: once.baseUrl,
          corrections: [],
        });
      },
    ),
    { numRuns: 3_000 },
  );
});
