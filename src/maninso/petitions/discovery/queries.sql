-- The SQL of search, by name (signing/queries.py reads it). `{among}` is a condition on petition_id, made by the ORM.

-- name: take_due
-- Petitions to look at, the newest first. Who deletes a row looks at the petition in the same transaction; whoever
-- changes the petition meanwhile makes it due again once this one is over.
DELETE FROM petition_search_due WHERE petition_id IN
    (SELECT petition_id FROM petition_search_due ORDER BY petition_id DESC LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING petition_id

-- name: keep_grams
INSERT INTO petition_search (petition_id, grams, digest)
VALUES (%(petition_id)s, array_to_tsvector(%(grams)s::text[]), %(digest)s)
ON CONFLICT (petition_id) DO UPDATE SET grams = excluded.grams, digest = excluded.digest

-- name: count_grams
-- Grams of titles (marked) and of titles and beginnings (unmarked) in a sample of about `share` per cent of the rows (all of them at 100).
INSERT INTO petition_gram (gram, petitions)
SELECT word, ndoc * 100.0 / %(share)s
FROM ts_stat(format('SELECT grams FROM petition_search TABLESAMPLE SYSTEM (%%s)', %(share)s::float8))
WHERE word !~ '^:' AND ndoc >= %(fewest)s

-- name: find_by_words
-- Petitions by the sum of what their grams tell, and which grams those are. No gram is followed to more than `visits`
-- petitions, whatever was counted: that is what bounds the time. Filters come last, and look at the best first (OFFSET
-- keeps them there), until there are enough.
SELECT petition_id, score, bits
FROM (
    SELECT petition_id, sum(term.score)::float8 AS score, bit_or(term.bit) AS bits
    FROM unnest(%(lexemes)s::text[], %(scores)s::real[], %(bits)s::int[]) AS term (lexeme, score, bit)
    CROSS JOIN LATERAL (
        SELECT petition_id FROM petition_search WHERE grams @@ term.lexeme::tsquery LIMIT %(visits)s
    ) AS hit
    GROUP BY petition_id
    ORDER BY score DESC, petition_id DESC
    OFFSET 0
) AS found
WHERE {among}
ORDER BY score DESC, petition_id DESC
LIMIT %(most)s

-- name: count_held
-- In how many petitions names stand, of those that stand in any; a hundred are enough.
SELECT name, hits
FROM unnest(%(names)s::text[], %(queries)s::text[]) AS asked (name, query)
CROSS JOIN LATERAL (
    SELECT count(*) AS hits FROM (SELECT FROM petition_search WHERE grams @@ query::tsquery LIMIT 100) AS hit
) AS counted
WHERE hits > 0

-- name: find_alike
-- Petitions that share grams of a text, by what those tell; no gram is followed to more than `visits` petitions.
SELECT petition_id
FROM unnest(%(lexemes)s::text[], %(weights)s::real[]) AS term (lexeme, weight)
CROSS JOIN LATERAL (
    SELECT petition_id FROM petition_search WHERE grams @@ term.lexeme::tsquery LIMIT %(visits)s
) AS hit
WHERE petition_id <> ALL (%(exclude)s::bigint[])
GROUP BY petition_id
ORDER BY sum(weight) DESC, petition_id DESC
LIMIT %(most)s

-- name: take_unmeant
-- Petitions whose vector is missing, of another model, or of another text; open ones first, then the newest.
SELECT petition_id, petition_search.digest, title, left(body, %(characters)s)
FROM petition_search
JOIN petitions_petition ON id = petition_id
LEFT JOIN petition_vector AS vector USING (petition_id)
WHERE vector.model IS DISTINCT FROM %(model)s OR vector.digest IS DISTINCT FROM petition_search.digest
ORDER BY state <> 'open', petition_id DESC
LIMIT %(most)s

-- name: count_unmeant
SELECT count(*)
FROM petition_search LEFT JOIN petition_vector AS vector USING (petition_id)
WHERE vector.model IS DISTINCT FROM %(model)s OR vector.digest IS DISTINCT FROM petition_search.digest

-- name: keep_vector
-- A petition that left the lists meanwhile is passed over.
INSERT INTO petition_vector (petition_id, model, digest, title_stretch, lead_stretch, bits, e)
SELECT petition_id, %(model)s, %(digest)s, %(title_stretch)s, %(lead_stretch)s,
       binary_quantize(%(e)s::halfvec(768))::bit(768), %(e)s::halfvec(768)
FROM petition_search WHERE petition_id = %(petition_id)s
ON CONFLICT (petition_id) DO UPDATE SET model = excluded.model, digest = excluded.digest,
    title_stretch = excluded.title_stretch, lead_stretch = excluded.lead_stretch,
    bits = excluded.bits, e = excluded.e

-- name: make_all_due
INSERT INTO petition_search_due (petition_id) SELECT id FROM petitions_petition ON CONFLICT DO NOTHING

-- name: clear_grams
DELETE FROM petition_gram

-- name: find_by_meaning
-- The petitions nearest to a question (`near`, as a vector twice) and those that were found by words, with cosines to it,
-- and to what it means once it leans towards the best of them: by those and what words add (`scores`).
-- Which those are is found first: an OR of the two would read all vectors.
WITH found AS MATERIALIZED (
    SELECT petition_id, e, -(e <#> %(near)s::halfvec(768)) / 2 AS cosine, coalesce(score, 0) AS score
    FROM (
        (SELECT petition_id FROM petition_vector WHERE {among}
         ORDER BY bits <~> binary_quantize(%(near)s::halfvec(768))::bit(768) LIMIT %(most)s)
        UNION SELECT unnest(%(known)s::bigint[])
    ) AS candidate
    JOIN petition_vector USING (petition_id) JOIN petition_search USING (petition_id)
    LEFT JOIN unnest(%(known)s::bigint[], %(scores)s::real[]) AS told (petition_id, score) USING (petition_id)
), best AS (
    SELECT e, greatest(cosine + score, 0)::real AS score FROM found
    ORDER BY cosine + score DESC, petition_id DESC LIMIT %(leaned_on)s
), leaning AS (
    -- A petition's title and its text count half each, and the question is compared with both.
    SELECT l2_normalize(%(near)s::vector(768) + sum(
        (e + (subvector(e, 385, 384) || subvector(e, 1, 384)))::vector * array_fill(score / 2, ARRAY[768])::vector
    ))::halfvec AS e
    FROM best
)
SELECT petition_id, cosine, -(found.e <#> leaning.e) / sqrt(2.0) FROM found CROSS JOIN leaning

-- name: compare_meaning
-- The petitions nearest to a text and those that share its grams, with the mean of the cosines of titles and of texts,
-- without what all petitions share.
SELECT petition_id, -((subvector(e, 1, 384) <#> %(title)s::halfvec(384)) / title_stretch
                    + (subvector(e, 385, 384) <#> %(lead)s::halfvec(384)) / lead_stretch)::float8 / 2
FROM (
    (SELECT petition_id FROM petition_vector
     ORDER BY bits <~> binary_quantize(%(near)s::halfvec(768))::bit(768) LIMIT %(most)s)
    UNION SELECT unnest(%(known)s::bigint[])
) AS found
JOIN petition_vector USING (petition_id) JOIN petition_search USING (petition_id)
WHERE petition_id <> ALL (%(exclude)s::bigint[])

-- name: read_vectors
SELECT petition_id, subvector(e, 1, 384)::vector::real[], subvector(e, 385, 384)::vector::real[]
FROM petition_vector WHERE petition_id = ANY (%(petitions)s::bigint[])
