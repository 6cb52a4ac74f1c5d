/** How much the form `n` of a term counts: how often the article has it, by the fields in which it stands. */
const frequency = (n: number): string => {
  const words = `greatest(1, ceil(size_${n} * plain_${n} - 0.001))`;
  return `case when plain_${n} > 0 then ${words} * (0.608 / (1.0006 - size_${n} * plain_${n} / ${words}) - 0.5)
                               * fields_${n} / plain_${n} / field_worth[1] end`;
};

/** For each of the three forms that a term may have. */
const eachForm = (sql: (n: number) => string): string => [1, 2, 3].map(sql).join(', ');

/**
 * Functions that search the words of the tenant that the transaction has named. They run with the owner's rights, which no
 * policy binds, because under a policy no index serves @@. So they name the tenant themselves, and answer ids and numbers only.
 * pg_temp is searched last: where it is not named it comes first, and a login's own view would run with the owner's rights.
 */
export const create = `
  -- The version of the analyzer whose words serve the tenant's searches.
  create function serving_words() returns smallint language sql stable set search_path = pg_catalog, public, pg_temp as $$
    select coalesce((select serving from word_versions
                      where tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid), 1::smallint)
  $$;

  -- For the languages and the lengths of a tenant's articles, which an index-only scan finds.
  create index article_words_by_language on article_words (tenant_id, version, language) include (length)
    where status = 'published';

  -- For the articles with a common word in their title.
  create index article_words_by_title on article_words using gin (tenant_id, ts_filter(words, '{a}'))
    where status = 'published';

  -- For each query the number of published articles that match it. Where they are at_most or more, the number is estimated from
  -- a sample of the tenant's articles: to count the articles of a common word takes as long as to rank them.
  create function count_words(queries text[], at_most integer, sample uuid[], articles integer) returns integer[]
    language plpgsql stable security definer
    set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan as $$
  declare
    tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    served smallint := serving_words();
    query text;
    wanted tsquery;
    counted integer;
    counts integer[] := '{}';
  begin
    -- Of a small tenant all are counted by one statement, which is planned once.
    if cardinality(sample) = 0 then
      return array(
        select (select count(*)
                  from (select from article_words w
                         where w.tenant_id = tenant and w.status = 'published' and w.version = served and w.words @@ given.query::tsquery
                         limit at_most) matching)
          from unnest(queries) with ordinality as given (query, number)
         order by number);
    end if;
    foreach query in array queries loop
      wanted := query;
      select count(*) into counted
        from (select from article_words w
               where w.tenant_id = tenant and w.status = 'published' and w.version = served and w.words @@ wanted
               limit at_most) matching;
      if counted = at_most then
        select greatest(at_most, round(count(*) filter (where w.words @@ wanted)::float8 * articles / nullif(count(*), 0)))
          into counted
          from article_words w
         where w.tenant_id = tenant and w.version = served and w.article_id = any(sample) and w.status = 'published';
      end if;
      counts := counts || counted;
    end loop;
    return counts;
  end $$;
  revoke execute on function count_words(text[], integer, uuid[], integer) from public;

  -- The published articles that match the terms, best first.
  --
  -- A term adds its weight times its evidence, which is below 1: BM25's saturation of the number of times that the article has
  -- the term, by the length of the article and the fields in which it stands. The number comes from ts_rank, the only function
  -- that counts without unfolding the vector: of n equal occurrences of a word it makes the sum of 1/j² up to n by 1.645, which
  -- is 1 - 0.608 / (n + 0.5) but for some thousandths; of several words it makes the mean.
  --
  -- Where all_first is set, articles with all of the terms score 0.5 and more, and those with some less. The terms come with
  -- falling weights: those with one of the first terms are ranked, of as many terms as needed, because an article that has the
  -- others alone scores below the last one found.
  --
  -- Of more than 5,000 articles 5,000 are ranked: those with a term in the title, and then those that are found first. So the time
  -- of a search does not grow with the tenant.
  create function rank_by_words(
    -- What an article with the term matches, its weight, and the number of articles that have it.
    terms text[], weights float8[], counts integer[],
    -- The forms of a term, of which the most frequent counts: each one's words by |, their number, and the number of the term.
    forms text[], form_sizes integer[], form_terms integer[],
    -- What an article with the very form of the term matches, and what one with the term in its title does.
    exacts text[], titles text[],
    -- What the evidence of another form is worth beside the very one; what an occurrence is worth in D, C, B and A.
    inexact_worth float8, field_worth real[],
    -- The part of the length in the saturation: length_base + length_each * length.
    length_base float8, length_each float8,
    -- What every article has to match, and what none may match, or null; the filters, or null.
    needed text, excluded text, of_category text, of_tags text[], any_tag boolean,
    all_first boolean, some_suffice boolean, after_score float8, after_id uuid, at_most integer
  ) returns table (article_id uuid, score float8, share float8)
    language plpgsql stable security definer rows 100
    set search_path = pg_catalog, public, pg_temp set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
  declare
    tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    served smallint := serving_words();
    -- To rank so many takes some 20 ms.
    most_ranked constant integer := 5000;
    last integer := cardinality(terms);
    every tsquery := case when cardinality(terms) > 0 then '(' || array_to_string(terms, ') & (') || ')' end;
    -- The planner has to know the tenant and the words, so it plans the choice of articles each time, and the ranking once.
    choice text := 'select array(select w.ctid from article_words w
                                  where w.tenant_id = $1 and w.version = $2 and w.status = ''published'' and w.words @@ $3'
      || case when needed is null then '' else ' and w.words @@ $4' end
      || case when excluded is null then '' else ' and not w.words @@ $5' end
      || case when of_category is null then '' else ' and w.category = $6' end
      || case when of_tags is null then '' when any_tag then ' and w.tag_keys && $7' else ' and w.tag_keys @> $7' end;
    chosen tid[];
    titled tid[];
    several tsquery;
    first integer := 0;
    expected bigint := 0;
    total float8 := 0;
    scale float8 := case when all_first then 2 else 1 end;
    -- After an article with some of the terms there are no more with all of them.
    all_terms boolean := last > 0 and (all_first or not some_suffice) and (not all_first or after_score is null or after_score >= 0.5);
    some_terms boolean := last > 0 and some_suffice and (last > 1 or not all_first);
    all_at_once boolean;
    rest float8;
    found integer := 0;
    ids uuid[];
    scores float8[];
    shares float8[];
  begin
    for i in 1 .. last loop
      total := total + weights[i];
      expected := expected + counts[i];
    end loop;
    -- A few articles are ranked in one go.
    all_at_once := some_terms and expected <= 2000;
    all_terms := all_terms and not all_at_once;
    expected := 0;
    while all_terms or some_terms loop
      if not all_terms then
        -- Those with some: of the first terms, as many as find a few thousand articles, and of more until the others cannot matter.
        loop
          first := first + 1;
          expected := expected + counts[first];
          exit when first = last or expected + counts[first + 1] > greatest(2000, 2 * (expected - counts[first]));
        end loop;
        several := '(' || array_to_string(terms[1:first], ') | (') || ')';
        if all_first and not all_at_once then
          several := several && !!every;
        end if;
      end if;

      execute choice || ' limit $8)' into chosen
        using tenant, served, case when all_terms then every else several end, needed::tsquery, excluded::tsquery, of_category,
          of_tags, most_ranked + 1;
      if cardinality(chosen) > most_ranked then
        execute choice || ' and ts_filter(w.words, ''{a}'') @@ $9 limit $8)' into titled
          using tenant, served, case when all_terms then every else several end, needed::tsquery, excluded::tsquery, of_category,
            of_tags, most_ranked, ('(' || array_to_string(terms, ') | (') || ')')::tsquery;
        chosen := titled || chosen[1 : most_ranked - cardinality(titled)];
      end if;

      with term as materialized (
        select given.weight, given.wanted::tsquery, nullif(given.exact, given.wanted)::tsquery as exact, given.title::tsquery,
               ${eachForm((n) => `form[${n}]::tsquery as form_${n}, size[${n}] as size_${n}`)}
          from unnest(weights, terms, exacts, titles) with ordinality as given (weight, wanted, exact, title, number)
         cross join lateral (
           select array_agg(form order by place) as form, array_agg(size order by place) as size
             from unnest(forms, form_sizes, form_terms) with ordinality as each (form, size, term, place)
            where each.term = given.number) of_term
      )
      select array_agg(page.id order by page.score desc, page.id), array_agg(page.score order by page.score desc, page.id),
             array_agg(page.share order by page.score desc, page.id)
        into ids, scores, shares
        from (
          select *
            from (
              select w.article_id as id, summed.evidence / (total * scale) + case when summed.terms = last then 1 - 1 / scale else 0 end as score,
                     summed.weight / (total * scale) * scale as share
                from article_words w
               cross join lateral (
                 select sum(weight * evidence) as evidence, sum(case when evidence > 0 then weight else 0 end) as weight,
                        count(*) as terms
                   from (
                     select weight,
                            -- A name that is found by its parts alone is counted once.
                            (1 - norm / (norm + greatest(case when in_title then field_worth[4] / field_worth[1] else 1 end,
                               ${eachForm(frequency)})))
                            * case when is_exact then 1 else inexact_worth end as evidence
                       from (
                         select weight, length_base + length_each * w.length as norm,
                                exact is null or w.words @@ exact as is_exact, w.words @@ title as in_title,
                                ${eachForm(
                                  (
                                    n,
                                  ) => `size_${n}, ts_rank('{1,1,1,1}', w.words, form_${n})::float8 as plain_${n},
                                ts_rank(field_worth, w.words, form_${n})::float8 as fields_${n}`,
                                )}
                           from term
                          where w.words @@ wanted
                         offset 0) counted
                     offset 0) each) summed
               where w.ctid = any(chosen) and w.tenant_id = tenant
              offset 0) ranked
           where after_score is null or ranked.score < after_score or (ranked.score = after_score and ranked.id > after_id)
           order by ranked.score desc, ranked.id
           limit at_most - found) page;

      if all_terms then
        return query select * from unnest(ids, scores, shares);
        found := coalesce(cardinality(ids), 0);
        all_terms := false;
        some_terms := some_terms and found < at_most;
      else
        select sum(w) / total / scale into rest from unnest(weights) with ordinality as given (w, i) where i > first;
        some_terms := first < last and (cardinality(ids) = at_most - found and scores[at_most - found] >= rest) is not true;
        if not some_terms then
          return query select * from unnest(ids, scores, shares);
        end if;
      end if;
    end loop;
  end $$;
  do $$ begin execute format('revoke execute on function %s from public', 'rank_by_words'::regproc::regprocedure); end $$;
`;

export const drop = `
  drop index article_words_by_language;
  drop index article_words_by_title;
  drop function rank_by_words;
  drop function count_words;
  drop function serving_words;
`;
