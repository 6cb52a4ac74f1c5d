/**
 * The ranking of rank_by_words (word-search.ts) for searches with few matching articles: the same rows and the same numbers, in one
 * stage and without a bound. With thousands of articles the loops over terms and forms take longer than those of rank_by_words.
 */
export const create = `
  create function rank_few_by_words(
    terms text[], weights float8[], counts integer[], forms text[], form_sizes integer[], form_terms integer[],
    exacts text[], titles text[], inexact_worth float8, field_worth real[], length_base float8, length_each float8,
    needed text, excluded text, of_category text, of_tags text[], any_tag boolean,
    all_first boolean, some_suffice boolean, after_score float8, after_id uuid, at_most integer
  ) returns table (article_id uuid, score float8, share float8)
    language plpgsql stable security definer rows 20
    set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan as $$
  declare
    tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    served smallint := serving_words();
    wanted tsquery[] := terms::tsquery[];
    form tsquery[] := forms::tsquery[];
    exact tsquery[] := exacts::tsquery[];
    title tsquery[] := titles::tsquery[];
    need tsquery := needed::tsquery;
    exclude tsquery := excluded::tsquery;
    every tsquery := wanted[1];
    sought tsquery := wanted[1];
    total float8 := 0;
    scale float8 := case when all_first then 2 else 1 end;
    matching uuid[];
  begin
    for i in 1 .. cardinality(wanted) loop
      total := total + weights[i];
      if i > 1 then
        every := every && wanted[i];
        sought := sought || wanted[i];
      end if;
    end loop;
    if not some_suffice then
      sought := every;
    end if;
    -- Planned each time: a plan that is kept does not know the words, and reads all articles of the tenant rather than the index.
    execute 'select array_agg(w.article_id) from article_words w
              where w.tenant_id = $1 and w.version = $2 and w.status = ''published'' and w.words @@ $3'
      into matching using tenant, served, sought;
    return query
      select ranked.article_id, ranked.score, ranked.share
        from (select c.article_id,
                     case when all_first and c.whole then 1 - 1 / scale else 0 end + each.summed / (total * scale) as score,
                     each.shared / (total * scale) * scale as share
                from (select w.article_id, w.words, length_base + length_each * w.length as norm, w.words @@ every as whole
                        from unnest(matching) as matched (id)
                       cross join lateral (
                         select * from article_words
                          where tenant_id = tenant and article_words.article_id = matched.id and version = served
                            and status = 'published' offset 0) w
                       where w.words @@ sought
                         and (need is null or w.words @@ need)
                         and (exclude is null or not w.words @@ exclude)
                         and (of_category is null or w.category = of_category)
                         and (of_tags is null or case when any_tag then w.tag_keys && of_tags else w.tag_keys @> of_tags end)
                      offset 0) c
               cross join lateral (
                 select sum(t.weight * e.evidence) as summed,
                        sum(case when e.evidence > 0 then t.weight else 0 end) as shared
                   from unnest(wanted, exact, title, weights) with ordinality as t (wanted, exact, title, weight, i)
                  cross join lateral (
                    select case when c.words @@ t.wanted then (1 - c.norm / (c.norm + greatest(
                             case when c.words @@ t.title then field_worth[4] / field_worth[1] else 1 end,
                             (select max(case when o.r > 0 then greatest(1, ceil(f.size * o.r - 0.001))
                                       * (0.608 / (1.0006 - f.size * o.r / greatest(1, ceil(f.size * o.r - 0.001))) - 0.5)
                                       * o.g / o.r / field_worth[1] end)
                                from unnest(form, form_sizes, form_terms) as f (form, size, term)
                               cross join lateral (select ts_rank('{1,1,1,1}', c.words, f.form)::float8 as r,
                                                          ts_rank(field_worth, c.words, f.form)::float8 as g offset 0) o
                               where f.term = t.i))))
                             * case when c.words @@ t.exact then 1 else inexact_worth end else 0 end as evidence
                    offset 0) e
               ) each
             ) ranked
       where after_score is null or ranked.score < after_score or (ranked.score = after_score and ranked.article_id > after_id)
       order by ranked.score desc, ranked.article_id
       limit at_most;
  end $$;
  do $$ begin execute format('revoke execute on function %s from public', 'rank_few_by_words'::regproc::regprocedure); end $$;
`;

export const drop = 'drop function rank_few_by_words;';
