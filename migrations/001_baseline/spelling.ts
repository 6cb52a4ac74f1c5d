/**
 * The characters that normalizing may reorder (canonical combining class above 0), as ranges of a regular expression. A range
 * may include a few other characters, because only long runs are of interest.
 */
const marks = [
  '0300-036f 0483-0487 0591-05c7 0610-061a 064b-0670 06d6-06ed 0711 0730-074a 07eb-07fd 0816-082d 0859-085b 0897-089f',
  '08ca-08ff 093c-0954 09bc-09cd 09fe 0a3c-0a4d 0abc-0acd 0b3c-0b4d 0bcd 0c3c-0c56 0cbc-0ccd 0d3b-0d4d 0dca 0e38-0e3a',
  '0e48-0e4b 0eb8-0eba 0ec8-0ecb 0f18-0f39 0f71-0f87 0fc6 1037-103a 108d 135d-135f 1714-1715 1734 17d2-17dd 18a9',
  '1939-193b 1a17-1a18 1a60-1aff 1b34-1b44 1b6b-1b73 1baa-1bab 1be6-1bf3 1c37 1cd0-1ce8 1ced 1cf4-1cf9 1dc0-1dff',
  '20d0-20f0 2cef-2cf1 2d7f 2de0-2dff 302a-302f 3099-309a a66f-a67d a69e-a69f a6f0-a6f1 a806 a82c a8c4-a8f1 a92b-a92d',
  'a953 a9b3-a9c0 aab0-aab8 aabe-aac1 aaf6 abed fb1e fe20-fe2f 101fd 102e0 10376-1037a 10a0d-10a0f 10a38-10a3f',
  '10ae5-10ae6 10d24-10d27 10d69-10d6d 10eab-10eac 10efa-10eff 10f46-10f50 10f82-10f85 11046-11070 1107f 110b9-110ba',
  '11100-11102 11133-11134 11173 111c0 111ca 11235-11236 112e9-112ea 1133b-1134d 11366-11374 113ce-113d0 11442-11446',
  '1145e 114c2-114c3 115bf-115c0 1163f 116b6-116b7 1172b 11839-1183a 1193d-11943 119e0 11a34-11a47 11a99 11c3f',
  '11d42-11d45 11d97 11f41-11f42 1612f 16af0-16af4 16b30-16b36 16ff0-16ff1 1bc9e 1d165-1d1ad 1d242-1d244 1e000-1e02a',
  '1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef 1e8d0-1e8d6 1e944-1e94a',
]
  .join(' ')
  .split(' ')
  .map((range) => range.split('-').map(escaped).join('-'))
  .join('');

function escaped(codePoint: string): string {
  return String.raw`\U${codePoint.padStart(8, '0')}`;
}

/** What is not seen: soft hyphens, joiners, marks of direction, variation selectors. */
const unseen = String.raw`\u00ad\u034f\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff`;

// Raw, because the backslashes are for Postgres; \? is knex's way to write a question mark.
export const create = String.raw`
  -- One spelling of a text, for comparing: NFKC without invisible characters. Postgres sorts a run of combining marks in
  -- quadratic time, so a run is broken after each 30, by a character that no text of a client holds.
  create function fold_spelling(given text) returns text language plpgsql immutable as $$
  declare
    folded text := given;
  begin
    if octet_length(folded) > length(folded) then
      folded := regexp_replace(folded, '[${unseen}]+', '', 'g');
      folded := regexp_replace(folded, '[${marks}]{30}', E'\\&\x1f', 'g');
      -- No longer than two of the longest bodies, whatever it holds.
      folded := left(normalize(folded, NFKC), 1000000);
    end if;
    return folded;
  end $$;

  -- Tags without their case. Upper case first, because two letters of lower case can have one of upper case (σ and ς).
  create function fold_tags(tags text[]) returns text[] language sql immutable as $$
    select array(
      select lower(upper(public.fold_spelling(tag) collate pg_catalog.pg_c_utf8))
        from unnest(tags) with ordinality as given (tag, position) order by position)
  $$;
`;

export const drop = 'drop function fold_tags(text[]); drop function fold_spelling(text);';
