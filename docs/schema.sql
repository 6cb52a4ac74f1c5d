-- The schema as the migrations leave it, for reading. Generated: npm run schema writes it.
-- The reasons stand beside the statements in migrations/.

CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;

CREATE FUNCTION public.announce_api_key_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
  begin
    perform pg_notify('api_key_changed', old.id::text);
    return null;
  end $$;

CREATE FUNCTION public.count_words(queries text[], at_most integer, sample uuid[], articles integer) RETURNS integer[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
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

CREATE FUNCTION public.end_audit_rows(before timestamp with time zone, max_rows integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
  declare
    ended integer;
  begin
    perform set_config('app.audit_end', before::text, true);
    delete from audit_log a using (
      select tenant_id, id from audit_log
       where tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid and at < before
       order by at limit max_rows
    ) old where a.tenant_id = old.tenant_id and a.id = old.id;
    get diagnostics ended = row_count;
    perform set_config('app.audit_end', '', true);
    return ended;
  end $$;

CREATE FUNCTION public.fold_spelling(given text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
  declare
    folded text := given;
  begin
    if octet_length(folded) > length(folded) then
      folded := regexp_replace(folded, '[\u00ad\u034f\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+', '', 'g');
      folded := regexp_replace(folded, '[\U00000300-\U0000036f\U00000483-\U00000487\U00000591-\U000005c7\U00000610-\U0000061a\U0000064b-\U00000670\U000006d6-\U000006ed\U00000711\U00000730-\U0000074a\U000007eb-\U000007fd\U00000816-\U0000082d\U00000859-\U0000085b\U00000897-\U0000089f\U000008ca-\U000008ff\U0000093c-\U00000954\U000009bc-\U000009cd\U000009fe\U00000a3c-\U00000a4d\U00000abc-\U00000acd\U00000b3c-\U00000b4d\U00000bcd\U00000c3c-\U00000c56\U00000cbc-\U00000ccd\U00000d3b-\U00000d4d\U00000dca\U00000e38-\U00000e3a\U00000e48-\U00000e4b\U00000eb8-\U00000eba\U00000ec8-\U00000ecb\U00000f18-\U00000f39\U00000f71-\U00000f87\U00000fc6\U00001037-\U0000103a\U0000108d\U0000135d-\U0000135f\U00001714-\U00001715\U00001734\U000017d2-\U000017dd\U000018a9\U00001939-\U0000193b\U00001a17-\U00001a18\U00001a60-\U00001aff\U00001b34-\U00001b44\U00001b6b-\U00001b73\U00001baa-\U00001bab\U00001be6-\U00001bf3\U00001c37\U00001cd0-\U00001ce8\U00001ced\U00001cf4-\U00001cf9\U00001dc0-\U00001dff\U000020d0-\U000020f0\U00002cef-\U00002cf1\U00002d7f\U00002de0-\U00002dff\U0000302a-\U0000302f\U00003099-\U0000309a\U0000a66f-\U0000a67d\U0000a69e-\U0000a69f\U0000a6f0-\U0000a6f1\U0000a806\U0000a82c\U0000a8c4-\U0000a8f1\U0000a92b-\U0000a92d\U0000a953\U0000a9b3-\U0000a9c0\U0000aab0-\U0000aab8\U0000aabe-\U0000aac1\U0000aaf6\U0000abed\U0000fb1e\U0000fe20-\U0000fe2f\U000101fd\U000102e0\U00010376-\U0001037a\U00010a0d-\U00010a0f\U00010a38-\U00010a3f\U00010ae5-\U00010ae6\U00010d24-\U00010d27\U00010d69-\U00010d6d\U00010eab-\U00010eac\U00010efa-\U00010eff\U00010f46-\U00010f50\U00010f82-\U00010f85\U00011046-\U00011070\U0001107f\U000110b9-\U000110ba\U00011100-\U00011102\U00011133-\U00011134\U00011173\U000111c0\U000111ca\U00011235-\U00011236\U000112e9-\U000112ea\U0001133b-\U0001134d\U00011366-\U00011374\U000113ce-\U000113d0\U00011442-\U00011446\U0001145e\U000114c2-\U000114c3\U000115bf-\U000115c0\U0001163f\U000116b6-\U000116b7\U0001172b\U00011839-\U0001183a\U0001193d-\U00011943\U000119e0\U00011a34-\U00011a47\U00011a99\U00011c3f\U00011d42-\U00011d45\U00011d97\U00011f41-\U00011f42\U0001612f\U00016af0-\U00016af4\U00016b30-\U00016b36\U00016ff0-\U00016ff1\U0001bc9e\U0001d165-\U0001d1ad\U0001d242-\U0001d244\U0001e000-\U0001e02a\U0001e08f\U0001e130-\U0001e136\U0001e2ae\U0001e2ec-\U0001e2ef\U0001e4ec-\U0001e4ef\U0001e5ee-\U0001e5ef\U0001e8d0-\U0001e8d6\U0001e944-\U0001e94a]{30}', E'\\&\x1f', 'g');
      -- No longer than two of the longest bodies, whatever it holds.
      folded := left(normalize(folded, NFKC), 1000000);
    end if;
    return folded;
  end $$;

CREATE FUNCTION public.fold_tags(tags text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
    select array(
      select lower(upper(public.fold_spelling(tag) collate pg_catalog.pg_c_utf8))
        from unnest(tags) with ordinality as given (tag, position) order by position)
  $$;

CREATE FUNCTION public.rank_by_words(terms text[], weights double precision[], counts integer[], forms text[], form_sizes integer[], form_terms integer[], exacts text[], titles text[], inexact_worth double precision, field_worth real[], length_base double precision, length_each double precision, needed text, excluded text, of_category text, of_tags text[], any_tag boolean, all_first boolean, some_suffice boolean, after_score double precision, after_id uuid, at_most integer) RETURNS TABLE(article_id uuid, score double precision, share double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
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
               form[1]::tsquery as form_1, size[1] as size_1, form[2]::tsquery as form_2, size[2] as size_2, form[3]::tsquery as form_3, size[3] as size_3
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
                               case when plain_1 > 0 then greatest(1, ceil(size_1 * plain_1 - 0.001)) * (0.608 / (1.0006 - size_1 * plain_1 / greatest(1, ceil(size_1 * plain_1 - 0.001))) - 0.5)
                               * fields_1 / plain_1 / field_worth[1] end, case when plain_2 > 0 then greatest(1, ceil(size_2 * plain_2 - 0.001)) * (0.608 / (1.0006 - size_2 * plain_2 / greatest(1, ceil(size_2 * plain_2 - 0.001))) - 0.5)
                               * fields_2 / plain_2 / field_worth[1] end, case when plain_3 > 0 then greatest(1, ceil(size_3 * plain_3 - 0.001)) * (0.608 / (1.0006 - size_3 * plain_3 / greatest(1, ceil(size_3 * plain_3 - 0.001))) - 0.5)
                               * fields_3 / plain_3 / field_worth[1] end)))
                            * case when is_exact then 1 else inexact_worth end as evidence
                       from (
                         select weight, length_base + length_each * w.length as norm,
                                exact is null or w.words @@ exact as is_exact, w.words @@ title as in_title,
                                size_1, ts_rank('{1,1,1,1}', w.words, form_1)::float8 as plain_1,
                                ts_rank(field_worth, w.words, form_1)::float8 as fields_1, size_2, ts_rank('{1,1,1,1}', w.words, form_2)::float8 as plain_2,
                                ts_rank(field_worth, w.words, form_2)::float8 as fields_2, size_3, ts_rank('{1,1,1,1}', w.words, form_3)::float8 as plain_3,
                                ts_rank(field_worth, w.words, form_3)::float8 as fields_3
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
  end $_$;

CREATE FUNCTION public.rank_few_by_words(terms text[], weights double precision[], counts integer[], forms text[], form_sizes integer[], form_terms integer[], exacts text[], titles text[], inexact_worth double precision, field_worth real[], length_base double precision, length_each double precision, needed text, excluded text, of_category text, of_tags text[], any_tag boolean, all_first boolean, some_suffice boolean, after_score double precision, after_id uuid, at_most integer) RETURNS TABLE(article_id uuid, score double precision, share double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
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
  end $_$;

CREATE FUNCTION public.refuse_audit_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
  begin
    -- end_audit_rows names the point in time before which the operator keeps no rows. Rows of the last 30 days stay
    -- whatever it names.
    if tg_op = 'DELETE' and old.at < now() - interval '30 days'
       and old.at < nullif(current_setting('app.audit_end', true), '')::timestamptz then
      return old;
    end if;
    raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
  end $$;

CREATE FUNCTION public.serving_words() RETURNS smallint
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    select coalesce((select serving from word_versions
                      where tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid), 1::smallint)
  $$;

CREATE TABLE public.api_keys (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    label text NOT NULL,
    role text NOT NULL,
    key_hash bytea NOT NULL,
    key_hint text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    daily_token_budget bigint,
    CONSTRAINT api_keys_daily_token_budget_check CHECK ((daily_token_budget > 0)),
    CONSTRAINT api_keys_key_hash_check CHECK ((length(key_hash) = 32)),
    CONSTRAINT api_keys_label_check CHECK (((length(label) >= 1) AND (length(label) <= 200))),
    CONSTRAINT api_keys_role_check CHECK ((role = ANY (ARRAY['agent'::text, 'orchestrator'::text, 'user'::text])))
);

ALTER TABLE ONLY public.api_keys FORCE ROW LEVEL SECURITY;

CREATE TABLE public.article_classifications (
    tenant_id uuid NOT NULL,
    article_id uuid NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    reason text,
    confidence double precision,
    classified_at timestamp with time zone,
    round integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    api_key_id uuid,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT article_classifications_check CHECK (((status = 'classified'::text) = (classified_at IS NOT NULL))),
    CONSTRAINT article_classifications_confidence_check CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
    CONSTRAINT article_classifications_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'classified'::text, 'blocked'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.article_classifications FORCE ROW LEVEL SECURITY;

CREATE TABLE public.article_cuts (
    tenant_id uuid NOT NULL,
    article_id uuid NOT NULL,
    content_hash text NOT NULL,
    chunker_version integer NOT NULL,
    starts integer[] NOT NULL,
    ends integer[] NOT NULL,
    hashes text[] NOT NULL,
    tokens integer[] NOT NULL,
    paths text[] NOT NULL,
    head_starts integer[] NOT NULL,
    head_ends integer[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.article_cuts FORCE ROW LEVEL SECURITY;

CREATE TABLE public.article_embeddings (
    tenant_id uuid NOT NULL,
    article_id uuid NOT NULL,
    status text NOT NULL,
    reason text,
    space_id uuid,
    chunks integer,
    content_hash text,
    rejected_hashes text[] DEFAULT '{}'::text[] NOT NULL,
    rejected_chunks jsonb DEFAULT '[]'::jsonb NOT NULL,
    embedded_at timestamp with time zone,
    next_attempt_at timestamp with time zone,
    api_key_id uuid,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT article_embeddings_status_check CHECK ((status = ANY (ARRAY['not_applicable'::text, 'pending'::text, 'embedded'::text, 'partial'::text, 'blocked'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.article_embeddings FORCE ROW LEVEL SECURITY;

CREATE TABLE public.article_links (
    tenant_id uuid NOT NULL,
    from_id uuid NOT NULL,
    into_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT article_links_check CHECK ((from_id <> into_id))
);

ALTER TABLE ONLY public.article_links FORCE ROW LEVEL SECURITY;

CREATE TABLE public.article_manifests (
    tenant_id uuid NOT NULL,
    article_id uuid NOT NULL,
    space_id uuid NOT NULL,
    content_hash text NOT NULL,
    chunk_hashes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.article_manifests FORCE ROW LEVEL SECURITY;

CREATE TABLE public.article_merges (
    tenant_id uuid NOT NULL,
    first_id uuid NOT NULL,
    second_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    leased_until timestamp with time zone NOT NULL,
    CONSTRAINT article_merges_check CHECK ((first_id < second_id))
);

ALTER TABLE ONLY public.article_merges FORCE ROW LEVEL SECURITY;

CREATE TABLE public.article_words (
    tenant_id uuid NOT NULL,
    article_id uuid NOT NULL,
    version smallint NOT NULL,
    language text,
    words tsvector NOT NULL,
    length integer NOT NULL,
    body_from integer NOT NULL,
    offsets integer[] NOT NULL,
    headings integer[] DEFAULT '{}'::integer[] NOT NULL,
    tables integer[] DEFAULT '{}'::integer[] NOT NULL,
    status text NOT NULL,
    category text NOT NULL,
    tag_keys text[] NOT NULL
);
ALTER TABLE ONLY public.article_words ALTER COLUMN words SET STORAGE MAIN;

CREATE TABLE public.articles (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    category text NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    tag_keys text[] GENERATED ALWAYS AS (public.fold_tags(tags)) STORED NOT NULL,
    status text NOT NULL,
    source_type text,
    language text,
    detected_language text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    content_hash text NOT NULL,
    gate_verdict text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT articles_body_check CHECK ((length(body) <= 500000)),
    CONSTRAINT articles_gate_verdict_check CHECK ((gate_verdict = ANY (ARRAY['low_novelty'::text, 'novel'::text, 'unknown'::text, 'skipped'::text]))),
    CONSTRAINT articles_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'published'::text, 'archived'::text]))),
    CONSTRAINT articles_title_check CHECK (((length(title) >= 1) AND (length(title) <= 500)))
);

ALTER TABLE ONLY public.articles FORCE ROW LEVEL SECURITY;

CREATE TABLE public.audit_log (
    tenant_id uuid NOT NULL,
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor_key_id uuid,
    actor_label text NOT NULL,
    actor_role text NOT NULL,
    actor_via text,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT audit_log_actor_via_check CHECK ((actor_via = 'mcp'::text))
);

ALTER TABLE ONLY public.audit_log FORCE ROW LEVEL SECURITY;

ALTER TABLE public.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.blocked_operations (
    tenant_id uuid NOT NULL,
    operation text NOT NULL,
    reported bigint NOT NULL,
    reported_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    unreported bigint DEFAULT 0 NOT NULL,
    CONSTRAINT blocked_operations_reported_check CHECK ((reported > 0)),
    CONSTRAINT blocked_operations_unreported_check CHECK ((unreported >= 0))
);

ALTER TABLE ONLY public.blocked_operations FORCE ROW LEVEL SECURITY;

CREATE TABLE public.breakers (
    tenant_id uuid NOT NULL,
    provider text NOT NULL,
    caller text DEFAULT 'background'::text NOT NULL,
    key_version integer NOT NULL,
    epoch bigint DEFAULT 1 NOT NULL,
    failed_at timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL,
    opened_times integer DEFAULT 0 NOT NULL,
    open_until timestamp with time zone,
    probe_until timestamp with time zone,
    last_error_code text,
    last_error_at timestamp with time zone,
    CONSTRAINT breakers_caller_check CHECK ((caller = ANY (ARRAY['interactive'::text, 'background'::text]))),
    CONSTRAINT breakers_check CHECK (((probe_until IS NULL) OR (open_until IS NOT NULL))),
    CONSTRAINT breakers_provider_check CHECK ((provider = ANY (ARRAY['embedding'::text, 'anthropic'::text, 'rerank'::text])))
);

ALTER TABLE ONLY public.breakers FORCE ROW LEVEL SECURITY;

CREATE TABLE public.chunk_purchases (
    tenant_id uuid NOT NULL,
    target_id text NOT NULL,
    chunker_version integer NOT NULL,
    chunk_hash text NOT NULL,
    call_id uuid,
    subject_id uuid,
    embedding public.vector,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT chunk_purchases_check CHECK (((call_id IS NULL) <> (embedding IS NULL)))
);

ALTER TABLE ONLY public.chunk_purchases FORCE ROW LEVEL SECURITY;

CREATE TABLE public.chunk_refusals (
    tenant_id uuid NOT NULL,
    target_id text NOT NULL,
    chunker_version integer NOT NULL,
    chunk_hash text NOT NULL,
    largest_batch integer NOT NULL,
    cause text NOT NULL,
    group_id uuid NOT NULL,
    whole boolean NOT NULL,
    passed_batch integer NOT NULL,
    failures integer NOT NULL,
    failing_since timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT chunk_refusals_cause_check CHECK ((cause = ANY (ARRAY['too_many_inputs'::text, 'too_many_tokens'::text, 'input'::text, 'server_error'::text]))),
    CONSTRAINT chunk_refusals_failures_check CHECK ((failures >= 0)),
    CONSTRAINT chunk_refusals_largest_batch_check CHECK ((largest_batch >= 0)),
    CONSTRAINT chunk_refusals_passed_batch_check CHECK ((passed_batch >= 0))
);

ALTER TABLE ONLY public.chunk_refusals FORCE ROW LEVEL SECURITY;

CREATE TABLE public.chunk_vectors (
    tenant_id uuid NOT NULL,
    article_id uuid NOT NULL,
    space_id uuid NOT NULL,
    chunk_hash text NOT NULL,
    text text NOT NULL,
    heading text DEFAULT ''::text NOT NULL,
    embedding public.vector NOT NULL,
    dimensions integer GENERATED ALWAYS AS (public.vector_dims(embedding)) STORED NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (autovacuum_analyze_scale_factor='0.02');
ALTER TABLE ONLY public.chunk_vectors ALTER COLUMN embedding SET STORAGE MAIN;

ALTER TABLE ONLY public.chunk_vectors FORCE ROW LEVEL SECURITY;

CREATE TABLE public.daily_key_usage (
    tenant_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    day date NOT NULL,
    settled_tokens bigint DEFAULT 0 NOT NULL,
    reserved_tokens bigint DEFAULT 0 NOT NULL,
    exhausted_at timestamp with time zone,
    CONSTRAINT daily_key_usage_reserved_tokens_check CHECK ((reserved_tokens >= 0)),
    CONSTRAINT daily_key_usage_settled_tokens_check CHECK ((settled_tokens >= 0))
);

ALTER TABLE ONLY public.daily_key_usage FORCE ROW LEVEL SECURITY;

CREATE TABLE public.embedding_profiles (
    tenant_id uuid NOT NULL,
    target_id text NOT NULL,
    profile jsonb NOT NULL,
    answered_model text,
    model_drifted_at timestamp with time zone,
    found_at timestamp with time zone
);

ALTER TABLE ONLY public.embedding_profiles FORCE ROW LEVEL SECURITY;

CREATE TABLE public.embedding_spaces (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    target_id text NOT NULL,
    vendor text NOT NULL,
    base_url text NOT NULL,
    model text NOT NULL,
    requested_dimensions integer,
    input_style jsonb NOT NULL,
    dimensions integer NOT NULL,
    chunker_version integer NOT NULL,
    state text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    retired_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT embedding_spaces_dimensions_check CHECK (((dimensions >= 1) AND (dimensions <= 16000))),
    CONSTRAINT embedding_spaces_state_check CHECK ((state = ANY (ARRAY['serving'::text, 'building'::text, 'retired'::text])))
);

ALTER TABLE ONLY public.embedding_spaces FORCE ROW LEVEL SECURITY;

CREATE TABLE public.extraction_answers (
    tenant_id uuid NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    part integer NOT NULL,
    half smallint DEFAULT 0 NOT NULL,
    answer bytea,
    code text,
    call_id uuid,
    claimed_until timestamp with time zone,
    tries integer DEFAULT 0 NOT NULL,
    articles integer DEFAULT 0 NOT NULL,
    input_tokens bigint DEFAULT 0 NOT NULL,
    output_tokens bigint DEFAULT 0 NOT NULL,
    answered_at timestamp with time zone,
    CONSTRAINT extraction_answers_check CHECK (((answer IS NULL) OR (code IS NULL))),
    CONSTRAINT extraction_answers_check1 CHECK (((answer IS NOT NULL) OR (code IS NOT NULL) OR (call_id IS NOT NULL))),
    CONSTRAINT extraction_answers_check2 CHECK (((call_id IS NULL) = (claimed_until IS NULL))),
    CONSTRAINT extraction_answers_half_check CHECK ((half = ANY (ARRAY[0, 1, 2]))),
    CONSTRAINT extraction_answers_part_check CHECK ((part >= 0)),
    CONSTRAINT extraction_answers_subject_kind_check CHECK ((subject_kind = ANY (ARRAY['ingestion'::text, 'review'::text])))
);

ALTER TABLE ONLY public.extraction_answers FORCE ROW LEVEL SECURITY;

CREATE TABLE public.extraction_articles (
    tenant_id uuid NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    part integer NOT NULL,
    half smallint NOT NULL,
    number integer NOT NULL,
    outcome text NOT NULL,
    article_id uuid,
    code text,
    CONSTRAINT extraction_articles_number_check CHECK ((number >= 0)),
    CONSTRAINT extraction_articles_outcome_check CHECK ((outcome = ANY (ARRAY['created'::text, 'duplicate'::text, 'invalid'::text, 'failed'::text, 'left_out'::text]))),
    CONSTRAINT extraction_articles_subject_kind_check CHECK ((subject_kind = ANY (ARRAY['ingestion'::text, 'review'::text])))
);

ALTER TABLE ONLY public.extraction_articles FORCE ROW LEVEL SECURITY;

CREATE TABLE public.idempotency_keys (
    tenant_id uuid NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    status integer NOT NULL,
    body jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT idempotency_keys_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255)))
);

ALTER TABLE ONLY public.idempotency_keys FORCE ROW LEVEL SECURITY;

CREATE TABLE public.ingestion_documents (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    wrapped_key text NOT NULL,
    about bytea NOT NULL,
    source bytea,
    document bytea,
    ended_at timestamp with time zone
);

ALTER TABLE ONLY public.ingestion_documents FORCE ROW LEVEL SECURITY;

CREATE TABLE public.ingestion_jobs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    source_kind text NOT NULL,
    content_hash text NOT NULL,
    source_bytes integer NOT NULL,
    source_type text NOT NULL,
    publish boolean NOT NULL,
    max_articles integer NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    api_key_id uuid,
    actor_label text NOT NULL,
    actor_role text NOT NULL,
    actor_via text,
    status text DEFAULT 'queued'::text NOT NULL,
    attempt integer DEFAULT 1 NOT NULL,
    code text,
    next_attempt_at timestamp with time zone,
    notes text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ingestion_jobs_max_articles_check CHECK ((max_articles > 0)),
    CONSTRAINT ingestion_jobs_source_bytes_check CHECK ((source_bytes >= 0)),
    CONSTRAINT ingestion_jobs_source_kind_check CHECK ((source_kind = ANY (ARRAY['text'::text, 'file'::text, 'url'::text]))),
    CONSTRAINT ingestion_jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'partial'::text, 'failed'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY public.ingestion_jobs FORCE ROW LEVEL SECURITY;

CREATE TABLE public.ingestion_parts (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    part integer NOT NULL,
    half smallint DEFAULT 0 NOT NULL,
    status text DEFAULT 'waiting'::text NOT NULL,
    code text,
    articles integer DEFAULT 0 NOT NULL,
    input_tokens bigint DEFAULT 0 NOT NULL,
    output_tokens bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ingestion_parts_half_check CHECK ((half = ANY (ARRAY[0, 1, 2]))),
    CONSTRAINT ingestion_parts_part_check CHECK ((part >= 0)),
    CONSTRAINT ingestion_parts_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'extracted'::text, 'cut'::text, 'done'::text, 'left_out'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.ingestion_parts FORCE ROW LEVEL SECURITY;

CREATE TABLE public.llm_settings (
    tenant_id uuid NOT NULL,
    embedding_provider text,
    embedding_base_url text,
    embedding_model text,
    rerank_model text,
    embedding_dimensions integer,
    extraction_model text,
    classification_model text,
    merge_model text,
    monthly_token_budget bigint,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT llm_settings_embedding_dimensions_check CHECK (((embedding_dimensions >= 1) AND (embedding_dimensions <= 16000))),
    CONSTRAINT llm_settings_monthly_token_budget_check CHECK ((monthly_token_budget >= 0))
);

ALTER TABLE ONLY public.llm_settings FORCE ROW LEVEL SECURITY;

CREATE TABLE public.monthly_usage (
    tenant_id uuid NOT NULL,
    month date NOT NULL,
    settled_tokens bigint DEFAULT 0 NOT NULL,
    reserved_tokens bigint DEFAULT 0 NOT NULL,
    exhausted_at timestamp with time zone,
    CONSTRAINT monthly_usage_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT monthly_usage_reserved_tokens_check CHECK ((reserved_tokens >= 0)),
    CONSTRAINT monthly_usage_settled_tokens_check CHECK ((settled_tokens >= 0))
);

ALTER TABLE ONLY public.monthly_usage FORCE ROW LEVEL SECURITY;

CREATE TABLE public.outbox (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    leased_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT outbox_kind_check CHECK ((kind = ANY (ARRAY['article'::text, 'backlog'::text, 'classification'::text, 'ingestion'::text, 'review'::text])))
);

ALTER TABLE ONLY public.outbox FORCE ROW LEVEL SECURITY;

CREATE TABLE public.provider_calls (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    provider text NOT NULL,
    operation text NOT NULL,
    source text NOT NULL,
    model text NOT NULL,
    key_version integer NOT NULL,
    subject_id uuid,
    inputs integer NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    outcome text,
    input_tokens bigint DEFAULT 0 NOT NULL,
    output_tokens bigint DEFAULT 0 NOT NULL,
    estimated boolean DEFAULT false NOT NULL,
    month date,
    reserved_tokens bigint DEFAULT 0 NOT NULL,
    reserved_output_tokens bigint DEFAULT 0 NOT NULL,
    api_key_id uuid,
    day date,
    ledger_due boolean DEFAULT false NOT NULL,
    CONSTRAINT provider_calls_check CHECK (((reserved_output_tokens >= 0) AND (reserved_output_tokens <= reserved_tokens))),
    CONSTRAINT provider_calls_check1 CHECK (((api_key_id IS NULL) = (day IS NULL))),
    CONSTRAINT provider_calls_check2 CHECK (((finished_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT provider_calls_input_tokens_check CHECK ((input_tokens >= 0)),
    CONSTRAINT provider_calls_inputs_check CHECK ((inputs > 0)),
    CONSTRAINT provider_calls_output_tokens_check CHECK ((output_tokens >= 0)),
    CONSTRAINT provider_calls_provider_check CHECK ((provider = ANY (ARRAY['embedding'::text, 'anthropic'::text]))),
    CONSTRAINT provider_calls_reserved_tokens_check CHECK ((reserved_tokens >= 0)),
    CONSTRAINT provider_calls_source_check CHECK ((source = ANY (ARRAY['workflow'::text, 'search'::text, 'gate'::text, 'verify'::text, 'merge'::text])))
);

ALTER TABLE ONLY public.provider_calls FORCE ROW LEVEL SECURITY;

CREATE TABLE public.provider_keys (
    tenant_id uuid NOT NULL,
    provider text NOT NULL,
    version integer NOT NULL,
    ciphertext text,
    hint text,
    status text NOT NULL,
    rejected_code text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT provider_keys_check CHECK ((((ciphertext IS NULL) = (status = 'none'::text)) AND ((ciphertext IS NULL) = (hint IS NULL)))),
    CONSTRAINT provider_keys_check1 CHECK (((rejected_code IS NULL) OR (status = 'rejected'::text))),
    CONSTRAINT provider_keys_provider_check CHECK ((provider = ANY (ARRAY['embedding'::text, 'anthropic'::text]))),
    CONSTRAINT provider_keys_rejected_code_check CHECK ((rejected_code = ANY (ARRAY['credential_rejected'::text, 'permission_denied'::text]))),
    CONSTRAINT provider_keys_status_check CHECK ((status = ANY (ARRAY['none'::text, 'unverified'::text, 'verified'::text, 'rejected'::text]))),
    CONSTRAINT provider_keys_version_check CHECK ((version > 0))
);

ALTER TABLE ONLY public.provider_keys FORCE ROW LEVEL SECURITY;

CREATE TABLE public.provider_limits (
    tenant_id uuid NOT NULL,
    provider text NOT NULL,
    key_version integer NOT NULL,
    requests_limit bigint,
    requests_left bigint,
    requests_since timestamp with time zone,
    requests_reset_at timestamp with time zone,
    tokens_limit bigint,
    tokens_left bigint,
    tokens_since timestamp with time zone,
    tokens_reset_at timestamp with time zone,
    paused_until timestamp with time zone,
    paused_by text,
    pauses integer DEFAULT 0 NOT NULL,
    probe_until timestamp with time zone,
    epoch bigint DEFAULT 0 NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT provider_limits_check CHECK ((((paused_until IS NULL) = (paused_by IS NULL)) AND ((paused_until IS NULL) = (pauses = 0)))),
    CONSTRAINT provider_limits_paused_by_check CHECK ((paused_by = ANY (ARRAY['provider'::text, 'quota'::text]))),
    CONSTRAINT provider_limits_provider_check CHECK ((provider = ANY (ARRAY['embedding'::text, 'anthropic'::text, 'rerank'::text])))
);

ALTER TABLE ONLY public.provider_limits FORCE ROW LEVEL SECURITY;

CREATE TABLE public.reviews (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    review_type text NOT NULL,
    summary text NOT NULL,
    findings jsonb NOT NULL,
    api_key_id uuid,
    actor_label text NOT NULL,
    actor_role text NOT NULL,
    actor_via text,
    status text DEFAULT 'queued'::text NOT NULL,
    code text,
    next_attempt_at timestamp with time zone,
    wrapped_key text,
    drafted_passages integer[] DEFAULT '{}'::integer[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT reviews_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'blocked'::text, 'completed'::text, 'partial'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.reviews FORCE ROW LEVEL SECURITY;

CREATE TABLE public.search_cursors (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    cursor jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.search_cursors FORCE ROW LEVEL SECURITY;

CREATE TABLE public.tenants (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenants_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT tenants_slug_check CHECK ((slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
);

ALTER TABLE ONLY public.tenants FORCE ROW LEVEL SECURITY;

CREATE TABLE public.token_ratios (
    tenant_id uuid NOT NULL,
    model text NOT NULL,
    worst_ratio double precision NOT NULL,
    CONSTRAINT token_ratios_worst_ratio_check CHECK (((worst_ratio > (0)::double precision) AND (worst_ratio <= (1)::double precision)))
);

ALTER TABLE ONLY public.token_ratios FORCE ROW LEVEL SECURITY;

CREATE TABLE public.unused_chunks (
    tenant_id uuid NOT NULL,
    space_id uuid NOT NULL,
    article_id uuid NOT NULL,
    chunk_hash text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.unused_chunks FORCE ROW LEVEL SECURITY;

CREATE TABLE public.usage_daily_sums (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    operation text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    source text NOT NULL,
    api_key_id uuid,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    calls bigint NOT NULL,
    estimated_calls bigint NOT NULL,
    unknown_calls bigint NOT NULL
);

ALTER TABLE ONLY public.usage_daily_sums FORCE ROW LEVEL SECURITY;

CREATE TABLE public.usage_ledger (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    operation text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    source text NOT NULL,
    api_key_id uuid,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    estimated boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY public.usage_ledger FORCE ROW LEVEL SECURITY;

CREATE TABLE public.word_versions (
    tenant_id uuid NOT NULL,
    serving smallint NOT NULL,
    building smallint,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT word_versions_check CHECK ((building >= serving))
);

ALTER TABLE ONLY public.word_versions FORCE ROW LEVEL SECURITY;

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.article_classifications
    ADD CONSTRAINT article_classifications_pkey PRIMARY KEY (tenant_id, article_id);

ALTER TABLE ONLY public.article_cuts
    ADD CONSTRAINT article_cuts_pkey PRIMARY KEY (tenant_id, article_id);

ALTER TABLE ONLY public.article_embeddings
    ADD CONSTRAINT article_embeddings_pkey PRIMARY KEY (tenant_id, article_id);

ALTER TABLE ONLY public.article_links
    ADD CONSTRAINT article_links_pkey PRIMARY KEY (tenant_id, into_id, from_id);

ALTER TABLE ONLY public.article_manifests
    ADD CONSTRAINT article_manifests_pkey PRIMARY KEY (tenant_id, space_id, article_id);

ALTER TABLE ONLY public.article_merges
    ADD CONSTRAINT article_merges_pkey PRIMARY KEY (tenant_id, first_id, second_id);

ALTER TABLE ONLY public.article_words
    ADD CONSTRAINT article_words_pkey PRIMARY KEY (tenant_id, article_id, version);

ALTER TABLE ONLY public.articles
    ADD CONSTRAINT articles_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.blocked_operations
    ADD CONSTRAINT blocked_operations_pkey PRIMARY KEY (tenant_id, operation);

ALTER TABLE ONLY public.breakers
    ADD CONSTRAINT breakers_pkey PRIMARY KEY (tenant_id, provider, caller);

ALTER TABLE ONLY public.chunk_purchases
    ADD CONSTRAINT chunk_purchases_pkey PRIMARY KEY (tenant_id, target_id, chunker_version, chunk_hash);

ALTER TABLE ONLY public.chunk_refusals
    ADD CONSTRAINT chunk_refusals_pkey PRIMARY KEY (tenant_id, target_id, chunker_version, chunk_hash);

ALTER TABLE ONLY public.chunk_vectors
    ADD CONSTRAINT chunk_vectors_pkey PRIMARY KEY (tenant_id, space_id, article_id, chunk_hash);

ALTER TABLE ONLY public.daily_key_usage
    ADD CONSTRAINT daily_key_usage_pkey PRIMARY KEY (tenant_id, api_key_id, day);

ALTER TABLE ONLY public.embedding_profiles
    ADD CONSTRAINT embedding_profiles_pkey PRIMARY KEY (tenant_id, target_id);

ALTER TABLE ONLY public.embedding_spaces
    ADD CONSTRAINT embedding_spaces_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.embedding_spaces
    ADD CONSTRAINT embedding_spaces_tenant_id_target_id_dimensions_chunker_ver_key UNIQUE (tenant_id, target_id, dimensions, chunker_version);

ALTER TABLE ONLY public.extraction_answers
    ADD CONSTRAINT extraction_answers_pkey PRIMARY KEY (tenant_id, subject_kind, subject_id, part, half);

ALTER TABLE ONLY public.extraction_articles
    ADD CONSTRAINT extraction_articles_pkey PRIMARY KEY (tenant_id, subject_kind, subject_id, part, half, number);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, key);

ALTER TABLE ONLY public.ingestion_documents
    ADD CONSTRAINT ingestion_documents_pkey PRIMARY KEY (tenant_id, job_id);

ALTER TABLE ONLY public.ingestion_jobs
    ADD CONSTRAINT ingestion_jobs_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.ingestion_parts
    ADD CONSTRAINT ingestion_parts_pkey PRIMARY KEY (tenant_id, job_id, part, half);

ALTER TABLE ONLY public.llm_settings
    ADD CONSTRAINT llm_settings_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.monthly_usage
    ADD CONSTRAINT monthly_usage_pkey PRIMARY KEY (tenant_id, month);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, kind, subject_id);

ALTER TABLE ONLY public.provider_calls
    ADD CONSTRAINT provider_calls_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.provider_keys
    ADD CONSTRAINT provider_keys_pkey PRIMARY KEY (tenant_id, provider);

ALTER TABLE ONLY public.provider_limits
    ADD CONSTRAINT provider_limits_pkey PRIMARY KEY (tenant_id, provider);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.search_cursors
    ADD CONSTRAINT search_cursors_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_slug_key UNIQUE (slug);

ALTER TABLE ONLY public.token_ratios
    ADD CONSTRAINT token_ratios_pkey PRIMARY KEY (tenant_id, model);

ALTER TABLE ONLY public.unused_chunks
    ADD CONSTRAINT unused_chunks_pkey PRIMARY KEY (tenant_id, space_id, article_id, chunk_hash);

ALTER TABLE ONLY public.usage_daily_sums
    ADD CONSTRAINT usage_daily_sums_tenant_id_day_operation_provider_model_sou_key UNIQUE NULLS NOT DISTINCT (tenant_id, day, operation, provider, model, source, api_key_id);

ALTER TABLE ONLY public.usage_ledger
    ADD CONSTRAINT usage_ledger_pkey PRIMARY KEY (tenant_id, call_id);

ALTER TABLE ONLY public.word_versions
    ADD CONSTRAINT word_versions_pkey PRIMARY KEY (tenant_id);

CREATE INDEX article_classifications_due ON public.article_classifications USING btree (tenant_id, due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX article_classifications_waiting ON public.article_classifications USING btree (tenant_id) WHERE (status = ANY (ARRAY['pending'::text, 'blocked'::text]));

CREATE INDEX article_embeddings_by_status_and_space ON public.article_embeddings USING btree (tenant_id, status, space_id);

CREATE INDEX article_embeddings_parked_by_budget ON public.article_embeddings USING btree (tenant_id, article_id) WHERE ((status = 'blocked'::text) AND (reason = 'budget_exhausted'::text));

CREATE INDEX article_embeddings_parked_by_quota ON public.article_embeddings USING btree (tenant_id, article_id) WHERE ((status = 'blocked'::text) AND (reason = 'quota_exhausted'::text));

CREATE INDEX article_embeddings_stuck ON public.article_embeddings USING btree (tenant_id, updated_at) WHERE (status = 'pending'::text);

CREATE INDEX article_links_from ON public.article_links USING btree (tenant_id, from_id, created_at DESC);

CREATE INDEX article_words_by_language ON public.article_words USING btree (tenant_id, version, language) INCLUDE (length) WHERE (status = 'published'::text);

CREATE INDEX article_words_by_title ON public.article_words USING gin (tenant_id, ts_filter(words, '{a}'::"char"[])) WHERE (status = 'published'::text);

CREATE INDEX article_words_by_word ON public.article_words USING gin (tenant_id, words) WHERE (status = 'published'::text);

CREATE INDEX articles_by_text ON public.articles USING btree (tenant_id, content_hash);

CREATE INDEX articles_gate_drafts ON public.articles USING btree (tenant_id, created_at DESC) WHERE ((status = 'draft'::text) AND (gate_verdict = ANY (ARRAY['low_novelty'::text, 'novel'::text])));

CREATE INDEX articles_newest_first ON public.articles USING btree (tenant_id, created_at DESC, id DESC);

CREATE INDEX audit_log_oldest_first ON public.audit_log USING btree (tenant_id, at);

CREATE INDEX chunk_purchases_by_call ON public.chunk_purchases USING btree (tenant_id, call_id) WHERE (call_id IS NOT NULL);

CREATE INDEX chunk_purchases_expired ON public.chunk_purchases USING btree (tenant_id, expires_at);

CREATE INDEX chunk_refusals_expired ON public.chunk_refusals USING btree (tenant_id, expires_at);

CREATE INDEX chunk_refusals_of_chunk ON public.chunk_refusals USING btree (tenant_id, chunk_hash);

CREATE INDEX chunk_refusals_of_group ON public.chunk_refusals USING btree (tenant_id, group_id);

CREATE INDEX chunk_vectors_by_hash ON public.chunk_vectors USING btree (tenant_id, space_id, chunk_hash);

CREATE INDEX chunk_vectors_nearest_1024 ON public.chunk_vectors USING hnsw (((embedding)::public.vector(1024)) public.vector_cosine_ops) WITH (ef_construction='128') WHERE (dimensions = 1024);

CREATE INDEX chunk_vectors_nearest_1536 ON public.chunk_vectors USING hnsw (((embedding)::public.vector(1536)) public.vector_cosine_ops) WITH (ef_construction='128') WHERE (dimensions = 1536);

CREATE INDEX chunk_vectors_nearest_2048 ON public.chunk_vectors USING hnsw (((public.l2_normalize(embedding))::public.halfvec(2048)) public.halfvec_cosine_ops) WITH (ef_construction='128') WHERE (dimensions = 2048);

CREATE INDEX chunk_vectors_nearest_256 ON public.chunk_vectors USING hnsw (((embedding)::public.vector(256)) public.vector_cosine_ops) WITH (ef_construction='128') WHERE (dimensions = 256);

CREATE INDEX chunk_vectors_nearest_3072 ON public.chunk_vectors USING hnsw (((public.l2_normalize(embedding))::public.halfvec(3072)) public.halfvec_cosine_ops) WITH (ef_construction='128') WHERE (dimensions = 3072);

CREATE INDEX chunk_vectors_nearest_384 ON public.chunk_vectors USING hnsw (((embedding)::public.vector(384)) public.vector_cosine_ops) WITH (ef_construction='128') WHERE (dimensions = 384);

CREATE INDEX chunk_vectors_nearest_512 ON public.chunk_vectors USING hnsw (((embedding)::public.vector(512)) public.vector_cosine_ops) WITH (ef_construction='128') WHERE (dimensions = 512);

CREATE INDEX chunk_vectors_nearest_768 ON public.chunk_vectors USING hnsw (((embedding)::public.vector(768)) public.vector_cosine_ops) WITH (ef_construction='128') WHERE (dimensions = 768);

CREATE UNIQUE INDEX embedding_spaces_one_building ON public.embedding_spaces USING btree (tenant_id) WHERE (state = 'building'::text);

CREATE UNIQUE INDEX embedding_spaces_one_serving ON public.embedding_spaces USING btree (tenant_id) WHERE (state = 'serving'::text);

CREATE INDEX extraction_answers_oldest_first ON public.extraction_answers USING btree (tenant_id, answered_at) WHERE (answered_at IS NOT NULL);

CREATE INDEX idempotency_keys_oldest_first ON public.idempotency_keys USING btree (tenant_id, created_at);

CREATE INDEX ingestion_documents_ended ON public.ingestion_documents USING btree (tenant_id, ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX ingestion_jobs_completed ON public.ingestion_jobs USING btree (tenant_id, content_hash, source_type, publish) WHERE (status = 'completed'::text);

CREATE INDEX ingestion_jobs_least_recent ON public.ingestion_jobs USING btree (tenant_id, updated_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX ingestion_jobs_newest_first ON public.ingestion_jobs USING btree (tenant_id, created_at DESC, id DESC);

CREATE INDEX ingestion_jobs_not_done ON public.ingestion_jobs USING btree (tenant_id, updated_at) WHERE (status = ANY (ARRAY['partial'::text, 'failed'::text]));

CREATE UNIQUE INDEX ingestion_jobs_under_way ON public.ingestion_jobs USING btree (tenant_id, content_hash, source_type, publish) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX outbox_oldest_first ON public.outbox USING btree (created_at);

CREATE INDEX provider_calls_last_failure ON public.provider_calls USING btree (tenant_id, provider, key_version, finished_at DESC) WHERE (outcome <> ALL (ARRAY['ok'::text, 'unknown'::text]));

CREATE INDEX provider_calls_ledger_due ON public.provider_calls USING btree (tenant_id, finished_at) WHERE ledger_due;

CREATE INDEX provider_calls_of_subject ON public.provider_calls USING btree (tenant_id, subject_id) WHERE (subject_id IS NOT NULL);

CREATE INDEX provider_calls_oldest_first ON public.provider_calls USING btree (tenant_id, finished_at) WHERE (finished_at IS NOT NULL);

CREATE INDEX provider_calls_open ON public.provider_calls USING btree (started_at) WHERE (finished_at IS NULL);

CREATE INDEX provider_calls_unknown ON public.provider_calls USING btree (started_at) WHERE (outcome = 'unknown'::text);

CREATE INDEX reviews_due ON public.reviews USING btree (tenant_id, next_attempt_at) WHERE ((status = 'blocked'::text) AND (next_attempt_at IS NOT NULL));

CREATE INDEX reviews_newest_first ON public.reviews USING btree (tenant_id, created_at DESC, id DESC);

CREATE INDEX reviews_not_drafted ON public.reviews USING btree (tenant_id, updated_at) WHERE (status = ANY (ARRAY['blocked'::text, 'partial'::text, 'failed'::text]));

CREATE INDEX reviews_under_way ON public.reviews USING btree (tenant_id, updated_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX search_cursors_oldest_first ON public.search_cursors USING btree (tenant_id, created_at);

CREATE INDEX unused_chunks_oldest_first ON public.unused_chunks USING btree (tenant_id, since);

CREATE INDEX usage_ledger_by_time ON public.usage_ledger USING btree (tenant_id, at);

CREATE TRIGGER api_key_change_is_announced AFTER UPDATE ON public.api_keys FOR EACH ROW WHEN (((((((((new.tenant_id IS DISTINCT FROM old.tenant_id) OR (new.id IS DISTINCT FROM old.id)) OR (new.label IS DISTINCT FROM old.label)) OR (new.role IS DISTINCT FROM old.role)) OR (new.key_hash IS DISTINCT FROM old.key_hash)) OR (new.expires_at IS DISTINCT FROM old.expires_at)) OR (new.revoked_at IS DISTINCT FROM old.revoked_at)) OR (new.daily_token_budget IS DISTINCT FROM old.daily_token_budget))) EXECUTE FUNCTION public.announce_api_key_change();

CREATE TRIGGER api_key_end_is_announced AFTER DELETE ON public.api_keys FOR EACH ROW EXECUTE FUNCTION public.announce_api_key_change();

CREATE TRIGGER audit_log_is_append_only BEFORE DELETE OR UPDATE ON public.audit_log FOR EACH ROW EXECUTE FUNCTION public.refuse_audit_change();

CREATE TRIGGER audit_log_is_not_truncated BEFORE TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_audit_change();

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.article_classifications
    ADD CONSTRAINT article_classifications_tenant_id_article_id_fkey FOREIGN KEY (tenant_id, article_id) REFERENCES public.articles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.article_cuts
    ADD CONSTRAINT article_cuts_tenant_id_article_id_fkey FOREIGN KEY (tenant_id, article_id) REFERENCES public.articles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.article_embeddings
    ADD CONSTRAINT article_embeddings_tenant_id_article_id_fkey FOREIGN KEY (tenant_id, article_id) REFERENCES public.articles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.article_embeddings
    ADD CONSTRAINT article_embeddings_tenant_id_space_id_fkey FOREIGN KEY (tenant_id, space_id) REFERENCES public.embedding_spaces(tenant_id, id);

ALTER TABLE ONLY public.article_links
    ADD CONSTRAINT article_links_tenant_id_from_id_fkey FOREIGN KEY (tenant_id, from_id) REFERENCES public.articles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.article_links
    ADD CONSTRAINT article_links_tenant_id_into_id_fkey FOREIGN KEY (tenant_id, into_id) REFERENCES public.articles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.article_manifests
    ADD CONSTRAINT article_manifests_tenant_id_article_id_fkey FOREIGN KEY (tenant_id, article_id) REFERENCES public.articles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.article_manifests
    ADD CONSTRAINT article_manifests_tenant_id_space_id_fkey FOREIGN KEY (tenant_id, space_id) REFERENCES public.embedding_spaces(tenant_id, id);

ALTER TABLE ONLY public.article_merges
    ADD CONSTRAINT article_merges_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.article_words
    ADD CONSTRAINT article_words_tenant_id_article_id_fkey FOREIGN KEY (tenant_id, article_id) REFERENCES public.articles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.articles
    ADD CONSTRAINT articles_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.blocked_operations
    ADD CONSTRAINT blocked_operations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.breakers
    ADD CONSTRAINT breakers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.chunk_purchases
    ADD CONSTRAINT chunk_purchases_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.chunk_refusals
    ADD CONSTRAINT chunk_refusals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.chunk_vectors
    ADD CONSTRAINT chunk_vectors_tenant_id_article_id_fkey FOREIGN KEY (tenant_id, article_id) REFERENCES public.articles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.chunk_vectors
    ADD CONSTRAINT chunk_vectors_tenant_id_space_id_fkey FOREIGN KEY (tenant_id, space_id) REFERENCES public.embedding_spaces(tenant_id, id);

ALTER TABLE ONLY public.daily_key_usage
    ADD CONSTRAINT daily_key_usage_tenant_id_api_key_id_fkey FOREIGN KEY (tenant_id, api_key_id) REFERENCES public.api_keys(tenant_id, id);

ALTER TABLE ONLY public.embedding_profiles
    ADD CONSTRAINT embedding_profiles_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.embedding_spaces
    ADD CONSTRAINT embedding_spaces_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.extraction_answers
    ADD CONSTRAINT extraction_answers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.extraction_articles
    ADD CONSTRAINT extraction_articles_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.ingestion_documents
    ADD CONSTRAINT ingestion_documents_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES public.ingestion_jobs(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ingestion_jobs
    ADD CONSTRAINT ingestion_jobs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.ingestion_parts
    ADD CONSTRAINT ingestion_parts_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES public.ingestion_jobs(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.llm_settings
    ADD CONSTRAINT llm_settings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.monthly_usage
    ADD CONSTRAINT monthly_usage_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.provider_calls
    ADD CONSTRAINT provider_calls_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.provider_keys
    ADD CONSTRAINT provider_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.provider_limits
    ADD CONSTRAINT provider_limits_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.search_cursors
    ADD CONSTRAINT search_cursors_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.token_ratios
    ADD CONSTRAINT token_ratios_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.unused_chunks
    ADD CONSTRAINT unused_chunks_tenant_id_space_id_article_id_chunk_hash_fkey FOREIGN KEY (tenant_id, space_id, article_id, chunk_hash) REFERENCES public.chunk_vectors(tenant_id, space_id, article_id, chunk_hash) ON DELETE CASCADE;

ALTER TABLE ONLY public.usage_daily_sums
    ADD CONSTRAINT usage_daily_sums_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

ALTER TABLE ONLY public.usage_ledger
    ADD CONSTRAINT usage_ledger_tenant_id_call_id_fkey FOREIGN KEY (tenant_id, call_id) REFERENCES public.provider_calls(tenant_id, id);

ALTER TABLE ONLY public.word_versions
    ADD CONSTRAINT word_versions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);

CREATE POLICY admin_scope ON public.idempotency_keys USING (((current_setting('app.scope'::text, true) = 'admin'::text) AND (tenant_id = '00000000-0000-0000-0000-000000000000'::uuid))) WITH CHECK (((current_setting('app.scope'::text, true) = 'admin'::text) AND (tenant_id = '00000000-0000-0000-0000-000000000000'::uuid)));

ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.article_classifications ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.article_cuts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.article_embeddings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.article_links ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.article_manifests ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.article_merges ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.article_words ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.articles ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.blocked_operations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.breakers ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.chunk_purchases ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.chunk_refusals ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.chunk_vectors ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.daily_key_usage ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.embedding_profiles ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.embedding_spaces ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.extraction_answers ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.extraction_articles ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.idempotency_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY indexing_scope ON public.embedding_spaces FOR SELECT USING ((current_setting('app.scope'::text, true) = 'indexing'::text));

ALTER TABLE public.ingestion_documents ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ingestion_jobs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ingestion_parts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.llm_settings ENABLE ROW LEVEL SECURITY;

CREATE POLICY login_by_hash ON public.api_keys FOR SELECT USING ((key_hash = decode(NULLIF(current_setting('app.api_key_hash'::text, true), ''::text), 'hex'::text)));

CREATE POLICY metrics_scope ON public.article_embeddings FOR SELECT USING ((current_setting('app.scope'::text, true) = 'metrics'::text));

CREATE POLICY metrics_scope ON public.breakers FOR SELECT USING ((current_setting('app.scope'::text, true) = 'metrics'::text));

CREATE POLICY metrics_scope ON public.ingestion_jobs FOR SELECT USING ((current_setting('app.scope'::text, true) = 'metrics'::text));

CREATE POLICY metrics_scope ON public.outbox FOR SELECT USING ((current_setting('app.scope'::text, true) = 'metrics'::text));

CREATE POLICY metrics_scope ON public.provider_calls FOR SELECT USING ((current_setting('app.scope'::text, true) = 'metrics'::text));

CREATE POLICY metrics_scope ON public.provider_limits FOR SELECT USING ((current_setting('app.scope'::text, true) = 'metrics'::text));

CREATE POLICY metrics_scope ON public.reviews FOR SELECT USING ((current_setting('app.scope'::text, true) = 'metrics'::text));

CREATE POLICY metrics_scope ON public.usage_ledger FOR SELECT USING ((current_setting('app.scope'::text, true) = 'metrics'::text));

ALTER TABLE public.monthly_usage ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.outbox ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.provider_calls ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.provider_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.provider_limits ENABLE ROW LEVEL SECURITY;

CREATE POLICY reconcile_scope ON public.article_classifications FOR SELECT USING ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY reconcile_scope ON public.article_embeddings USING ((current_setting('app.scope'::text, true) = 'reconcile'::text)) WITH CHECK ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY reconcile_scope ON public.daily_key_usage USING ((current_setting('app.scope'::text, true) = 'reconcile'::text)) WITH CHECK ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY reconcile_scope ON public.ingestion_jobs USING ((current_setting('app.scope'::text, true) = 'reconcile'::text)) WITH CHECK ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY reconcile_scope ON public.monthly_usage USING ((current_setting('app.scope'::text, true) = 'reconcile'::text)) WITH CHECK ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY reconcile_scope ON public.outbox USING ((current_setting('app.scope'::text, true) = 'reconcile'::text)) WITH CHECK ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY reconcile_scope ON public.provider_calls USING ((current_setting('app.scope'::text, true) = 'reconcile'::text)) WITH CHECK ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY reconcile_scope ON public.provider_limits FOR SELECT USING ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY reconcile_scope ON public.reviews USING ((current_setting('app.scope'::text, true) = 'reconcile'::text)) WITH CHECK ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY reconcile_scope ON public.usage_ledger USING ((current_setting('app.scope'::text, true) = 'reconcile'::text)) WITH CHECK ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY reconcile_scope ON public.word_versions FOR SELECT USING ((current_setting('app.scope'::text, true) = 'reconcile'::text));

CREATE POLICY retention_scope ON public.audit_log FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.chunk_purchases FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.chunk_refusals FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.chunk_vectors FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.daily_key_usage FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.embedding_spaces FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.extraction_answers FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.idempotency_keys FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.ingestion_documents FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.monthly_usage FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.provider_calls FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.search_cursors FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.unused_chunks FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.usage_daily_sums FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

CREATE POLICY retention_scope ON public.usage_ledger FOR SELECT USING ((current_setting('app.scope'::text, true) = 'retention'::text));

ALTER TABLE public.reviews ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.search_cursors ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant_isolation ON public.api_keys USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.article_classifications USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.article_cuts USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.article_embeddings USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.article_links USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.article_manifests USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.article_merges USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.article_words USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.articles USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.audit_log USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.blocked_operations USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.breakers USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.chunk_purchases USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.chunk_refusals USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.chunk_vectors USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.daily_key_usage USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.embedding_profiles USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.embedding_spaces USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.extraction_answers USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.extraction_articles USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.idempotency_keys USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.ingestion_documents USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.ingestion_jobs USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.ingestion_parts USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.llm_settings USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.monthly_usage USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.outbox USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.provider_calls USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.provider_keys USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.provider_limits USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.reviews USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.search_cursors USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.tenants USING ((id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.token_ratios USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.unused_chunks USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.usage_daily_sums USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.usage_ledger USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

CREATE POLICY tenant_isolation ON public.word_versions USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)) WITH CHECK ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

ALTER TABLE public.tenants ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.token_ratios ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.unused_chunks ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.usage_daily_sums ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.usage_ledger ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.word_versions ENABLE ROW LEVEL SECURITY;
