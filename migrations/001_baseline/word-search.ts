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
    foreach query in array queries loop
      wanted := query;
      select count(*) into counted
        from (select from article_words w
               where w.tenant_id = tenant and w.status = 'published' and w.version = served and w.words @@ wanted
               limit at_most) matching;
      if counted = at_most and cardinality(sample) > 0 then
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
    set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_custom_plan as $$
  declare
    tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    served smallint := serving_words();
    wanted tsquery[] := array(select q::tsquery from unnest(terms) with ordinality as given (q, i) order by i);
    form tsquery[] := array(select q::tsquery from unnest(forms) with ordinality as given (q, i) order by i);
    exact tsquery[] := array(select q::tsquery from unnest(exacts) with ordinality as given (q, i) order by i);
    title tsquery[] := array(select q::tsquery from unnest(titles) with ordinality as given (q, i) order by i);
    last integer := cardinality(terms);
    every tsquery := wanted[1];
    several tsquery;
    -- The statement is put together from numbers; all else are its parameters.
    counted text := '';
    evidence text := '';
    summed text := '0';
    shared text := '0';
    statement text;
    first integer := 0;
    expected bigint := 0;
    total float8 := 0;
    scale float8 := case when all_first then 2 else 1 end;
    rest float8;
    found integer := 0;
    ids uuid[];
    scores float8[];
    shares float8[];
  begin
    for i in 1 .. cardinality(forms) loop
      counted := counted || format(', ts_rank(''{1,1,1,1}'', w.words, $3[%1$s])::float8 as r%1$s, ts_rank($8, w.words, $3[%1$s])::float8 as g%1$s', i);
    end loop;
    for i in 1 .. last loop
      total := total + weights[i];
      if i > 1 then
        every := every && wanted[i];
      end if;
      counted := counted || format(', w.words @@ $2[%1$s] as m%1$s, w.words @@ $4[%1$s] as x%1$s, w.words @@ $9[%1$s] as t%1$s', i);
      -- A name that is found by its parts alone is counted once.
      evidence := evidence || format(
        ', case when m%1$s then (1 - norm / (norm + greatest(case when t%1$s then $8[4] / $8[1] else 1 end %2$s)))
             * case when x%1$s then 1 else $10 end else 0 end as e%1$s',
        i,
        (select string_agg(format(
                  ', case when r%1$s > 0 then greatest(1, ceil(%2$s * r%1$s - 0.001))
                       * (0.608 / (1.0006 - %2$s * r%1$s / greatest(1, ceil(%2$s * r%1$s - 0.001))) - 0.5) * g%1$s / r%1$s / $8[1] end',
                  at, size), '')
           from unnest(form_terms, form_sizes) with ordinality as given (term, size, at) where term = i));
      summed := summed || format(' + $5[%1$s] * e%1$s', i);
      shared := shared || format(' + case when e%1$s > 0 then $5[%1$s] else 0 end', i);
    end loop;
    statement := format(
      'select article_id, score, share
         from (select article_id, $1 + (%1$s) / $6 as score, (%2$s) / $6 * $21 as share
                 from (select article_id %3$s
                         from (select w.article_id, $11 + $12 * w.length as norm %4$s
                                 from article_words w
                                where w.tenant_id = $13 and w.version = $14 and w.status = ''published'' and w.words @@ $7
                                  %5$s %6$s %7$s %8$s
                               offset 0) counted
                       offset 0) each
              ) of_all
        where $18 is null or score < $18 or (score = $18 and article_id > $19)
        order by score desc, article_id
        limit $20',
      summed, shared, evidence, counted,
      case when needed is null then '' else 'and w.words @@ $15' end,
      case when excluded is null then '' else 'and not w.words @@ $16' end,
      case when of_category is null then '' else 'and w.category = $17' end,
      case when of_tags is null then '' when any_tag then 'and w.tag_keys && $22' else 'and w.tag_keys @> $22' end);

    -- Those with all of the terms. After an article with some of them there are no more of these.
    if last > 0 and (all_first or not some_suffice) and (not all_first or after_score is null or after_score >= 0.5) then
      return query execute statement
        using 1 - 1 / scale, wanted, form, exact, weights, total * scale, every, field_worth, title, inexact_worth, length_base,
          length_each, tenant, served, needed::tsquery, excluded::tsquery, of_category, after_score, after_id, at_most, scale,
          of_tags;
      get diagnostics found = row_count;
    end if;
    if not some_suffice or (all_first and last < 2) or found >= at_most then
      return;
    end if;

    -- Those with some: of the first terms, as many as find a few thousand articles, and of more until the others cannot matter.
    loop
      loop
        first := first + 1;
        several := case when first = 1 then wanted[1] else several || wanted[first] end;
        expected := expected + counts[first];
        exit when first = last or expected + counts[first + 1] > greatest(2000, 2 * (expected - counts[first]));
      end loop;
      execute 'select array_agg(article_id order by score desc, article_id), array_agg(score order by score desc, article_id),
                      array_agg(share order by score desc, article_id)
                 from (' || statement || ') page'
         into ids, scores, shares
        using 0::float8, wanted, form, exact, weights, total * scale, case when all_first then several && !!every else several end,
          field_worth, title, inexact_worth, length_base, length_each, tenant, served, needed::tsquery, excluded::tsquery,
          of_category, after_score, after_id, at_most - found, scale, of_tags;
      exit when first = last;
      select sum(w) / total / scale into rest from unnest(weights) with ordinality as given (w, i) where i > first;
      exit when cardinality(ids) = at_most - found and scores[at_most - found] >= rest;
    end loop;
    return query select * from unnest(ids, scores, shares);
  end $$;
  do $$ begin execute format('revoke execute on function %s from public', 'rank_by_words'::regproc::regprocedure); end $$;
`;

export const drop = `
  drop index article_words_by_language;
  drop function rank_by_words;
  drop function count_words;
  drop function serving_words;
`;
