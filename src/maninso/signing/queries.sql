-- The signing path's SQL, by name. Python reads this file and never builds SQL (signing/queries.py).

-- name: take_batch
-- One batch of signatures: one statement, one durable commit. Answers only what was not stored. (Positions, not names:
-- it is sent by signing/wire.py.)
SELECT ordinal, earlier, returned FROM signing_take($1::bigint[], $2::bytea, $3::bytea, $4::integer[], $5::bytea)

-- name: read_gate
-- One petition's gate, for a web process's memory.
SELECT petition_id, state, opened_at, closes_at, wrapped_key, bucket_seconds, regions, min_assurance, min_age,
       region_needed, grace
FROM signing_gate WHERE petition_id = %(petition_id)s

-- name: listen_gates
-- Web processes hear of every change of a gate as soon as it is committed.
LISTEN signing_gate

-- name: listen_signed
-- Web processes hear of petitions that others sign.
LISTEN signing_signed

-- name: tell_signed
SELECT pg_notify('signing_signed', %(petition)s)

-- name: prepare_gate
-- A petition that will take signatures later: it answers "not open yet" until then.
INSERT INTO signing_gate (petition_id, origin, state) VALUES (%(petition_id)s, %(origin)s, 'waiting')

-- name: open_gate
UPDATE signing_gate SET state = 'open', opened_at = %(opened_at)s, closes_at = %(closes_at)s, grace = %(grace)s,
       wrapped_key = %(wrapped_key)s, bucket_seconds = %(bucket_seconds)s, regions = %(regions)s::text[],
       min_assurance = %(min_assurance)s, min_age = %(min_age)s, region_needed = %(region_needed)s,
       version = version + 1
WHERE petition_id = %(petition_id)s AND state = 'waiting'

-- name: start_head
INSERT INTO signing_head (petition_id, size) VALUES (%(petition_id)s, 0)

-- name: start_tree
INSERT INTO signing_tree (petition_id, root) VALUES (%(petition_id)s, %(root)s)

-- name: set_threshold
INSERT INTO signing_threshold (petition_id, threshold_id, rule, registered_on)
VALUES (%(petition_id)s, %(threshold_id)s, %(rule)s::jsonb, %(registered_on)s)

-- name: lock_head
-- Whoever changes a gate or appends a leaf holds the head until the commit.
SELECT size FROM signing_head WHERE petition_id = %(petition_id)s FOR UPDATE

-- name: append_entries
-- Leaves from %(first)s on; the head is held.
INSERT INTO signing_leaf (petition_id, leaf_index, entry, evidence)
SELECT %(petition_id)s, %(first)s - 1 + u.ord, u.entry, u.evidence
FROM unnest(%(entries)s::bytea[], %(evidences)s::bytea[]) WITH ORDINALITY AS u (entry, evidence, ord)

-- name: grow_head
UPDATE signing_head SET size = %(size)s WHERE petition_id = %(petition_id)s

-- name: read_void_gate
-- What a void or a reinstatement needs of the gate; the head is held.
SELECT state = 'open' AND %(now)s >= opened_at AND %(now)s < closes_at, opened_at, bucket_seconds
FROM signing_gate WHERE petition_id = %(petition_id)s

-- name: judge_targets
-- Each leaf that is to be voided: whether it is a signature, and the void that is in force, if any.
SELECT u.leaf_index, get_byte(s.entry, 0) = 1, v.void_index, v.by_signer
FROM unnest(%(leaves)s::bigint[]) AS u (leaf_index)
LEFT JOIN signing_leaf s ON s.petition_id = %(petition_id)s AND s.leaf_index = u.leaf_index
LEFT JOIN signing_void v ON v.petition_id = %(petition_id)s AND v.target_index = u.leaf_index AND v.reinstated_index IS NULL
ORDER BY u.leaf_index

-- name: record_voids
INSERT INTO signing_void (petition_id, target_index, void_index, batch_id, by_signer)
SELECT %(petition_id)s, u.target, %(first)s - 1 + u.ord, %(batch_id)s, %(by_signer)s
FROM unnest(%(targets)s::bigint[]) WITH ORDINALITY AS u (target, ord)

-- name: record_reinstatements
UPDATE signing_void v SET reinstated_index = %(first)s - 1 + u.ord, reinstated_batch = %(batch_id)s
FROM unnest(%(voids)s::bigint[]) WITH ORDINALITY AS u (void_index, ord)
WHERE v.petition_id = %(petition_id)s AND v.void_index = u.void_index AND v.reinstated_index IS NULL

-- name: count_selected
-- How many signatures a void batch may take out: those that count now, and those withdrawn, whose signers may come back.
SELECT count(*) FROM signing_leaf s
WHERE s.petition_id = %(petition_id)s AND s.leaf_index < %(end)s AND get_byte(s.entry, 0) = 1
  AND (%(leaves)s::bigint[] IS NULL OR s.leaf_index = ANY (%(leaves)s::bigint[]))
  AND (%(methods)s::integer[] IS NULL OR get_byte(s.entry, 1) = ANY (%(methods)s::integer[]))
  AND (%(regions)s::bytea[] IS NULL OR substr(s.entry, 3, 2) = ANY (%(regions)s::bytea[]))
  AND (%(first_bucket)s::bytea IS NULL OR substr(s.entry, 5, 2) >= %(first_bucket)s::bytea)
  AND (%(last_bucket)s::bytea IS NULL OR substr(s.entry, 5, 2) <= %(last_bucket)s::bytea)
  AND NOT EXISTS (SELECT FROM signing_void v
                  WHERE v.petition_id = s.petition_id AND v.target_index = s.leaf_index AND v.reinstated_index IS NULL
                    AND NOT v.by_signer)

-- name: next_selected
-- The next signatures that count now and that a void batch takes out, from leaf %(first)s on.
SELECT s.leaf_index FROM signing_leaf s
WHERE s.petition_id = %(petition_id)s AND s.leaf_index >= %(first)s AND s.leaf_index < %(end)s AND get_byte(s.entry, 0) = 1
  AND (%(leaves)s::bigint[] IS NULL OR s.leaf_index = ANY (%(leaves)s::bigint[]))
  AND (%(methods)s::integer[] IS NULL OR get_byte(s.entry, 1) = ANY (%(methods)s::integer[]))
  AND (%(regions)s::bytea[] IS NULL OR substr(s.entry, 3, 2) = ANY (%(regions)s::bytea[]))
  AND (%(first_bucket)s::bytea IS NULL OR substr(s.entry, 5, 2) >= %(first_bucket)s::bytea)
  AND (%(last_bucket)s::bytea IS NULL OR substr(s.entry, 5, 2) <= %(last_bucket)s::bytea)
  AND NOT EXISTS (SELECT FROM signing_void v
                  WHERE v.petition_id = s.petition_id AND v.target_index = s.leaf_index AND v.reinstated_index IS NULL)
ORDER BY s.leaf_index LIMIT %(limit)s

-- name: count_voided
-- How many voids of a batch are in force.
SELECT count(*) FROM signing_void WHERE batch_id = %(batch_id)s AND reinstated_index IS NULL

-- name: next_voided
-- The next signatures that a batch took out and that are out still.
SELECT target_index FROM signing_void
WHERE batch_id = %(batch_id)s AND reinstated_index IS NULL AND target_index >= %(first)s
ORDER BY target_index LIMIT %(limit)s

-- name: find_signer
-- The leaf of a person's signature that counts; NULL where there is none.
SELECT (
    SELECT s.leaf_index FROM signing_leaf s
    WHERE s.petition_id = g.petition_id AND s.nullifier = %(nullifier)s AND NOT EXISTS (
        SELECT FROM signing_void v
        WHERE v.petition_id = s.petition_id AND v.target_index = s.leaf_index AND v.reinstated_index IS NULL
    )
)
FROM signing_gate g WHERE g.petition_id = %(petition_id)s

-- name: read_sealed_key
-- NULL once it was destroyed.
SELECT wrapped_key FROM signing_gate WHERE petition_id = %(petition_id)s

-- name: find_void
-- The last void of a signature.
SELECT v.void_index, v.by_signer, v.reinstated_index, v.batch_id, get_byte(e.entry, 1)
FROM signing_void v JOIN signing_leaf e ON e.petition_id = v.petition_id AND e.leaf_index = v.void_index
WHERE v.petition_id = %(petition_id)s AND v.target_index = %(target)s ORDER BY v.void_index DESC LIMIT 1

-- name: list_voids
-- Voids and reinstatements as the log has them, the newest first, a page at a time.
SELECT v.leaf_index, v.entry, x.target_index,
       CASE WHEN get_byte(v.entry, 0) = 2 THEN x.batch_id ELSE x.reinstated_batch END
FROM signing_void x
JOIN signing_leaf v ON v.petition_id = x.petition_id AND v.leaf_index IN (x.void_index, x.reinstated_index)
WHERE x.petition_id = %(petition_id)s AND v.leaf_index < %(end)s
ORDER BY v.leaf_index DESC LIMIT %(limit)s OFFSET %(offset)s

-- name: export_signatures
-- Signatures as the public may have them, with the reason of the void that was in force below %(end)s.
SELECT s.leaf_index, get_byte(s.entry, 1), get_byte(s.entry, 2) * 256 + get_byte(s.entry, 3),
       get_byte(s.entry, 4) * 256 + get_byte(s.entry, 5), get_byte(e.entry, 1)
FROM signing_leaf s
LEFT JOIN signing_void v ON v.petition_id = s.petition_id AND v.target_index = s.leaf_index
    AND v.void_index < %(end)s AND (v.reinstated_index IS NULL OR v.reinstated_index >= %(end)s)
LEFT JOIN signing_leaf e ON e.petition_id = v.petition_id AND e.leaf_index = v.void_index
WHERE s.petition_id = %(petition_id)s AND s.leaf_index >= %(first)s AND s.leaf_index < %(until)s
    AND get_byte(s.entry, 0) = 1
ORDER BY s.leaf_index

-- name: count_withdrawn
-- Entries by signers themselves: those who withdrew, and those of them who signed again.
SELECT count(*) + count(*) FILTER (WHERE reinstated_index < %(end)s) FROM signing_void
WHERE petition_id = %(petition_id)s AND by_signer AND void_index < %(end)s

-- name: list_kept_keys
-- Closed petitions whose key is still there.
SELECT petition_id FROM signing_gate WHERE state = 'closed' AND wrapped_key IS NOT NULL ORDER BY petition_id

-- name: destroy_key
-- The row count says whether there was a key; a petition that takes signatures, or may again, keeps its own.
UPDATE signing_gate SET wrapped_key = NULL, version = version + 1
WHERE petition_id = %(petition_id)s AND state = 'closed' AND wrapped_key IS NOT NULL

-- name: destroy_evidence
UPDATE signing_leaf SET evidence = NULL WHERE petition_id = %(petition_id)s AND evidence IS NOT NULL

-- name: read_genesis
SELECT entry FROM signing_leaf WHERE petition_id = %(petition_id)s AND leaf_index = 0

-- name: move_gate
-- From one state to another; the row count says whether the gate was in the old one.
UPDATE signing_gate SET state = %(new)s, closes_at = coalesce(%(closes_at)s, closes_at), version = version + 1
WHERE petition_id = %(petition_id)s AND state = ANY (%(old)s::text[])

-- name: revive_gate
-- Only a gate that never opened waits again.
UPDATE signing_gate SET state = 'waiting', version = version + 1
WHERE petition_id = %(petition_id)s AND state = 'closed' AND opened_at IS NULL

-- name: count_at_head
-- The count of all numbered leaves, those after the last checkpoint included; the head is held.
SELECT t.count + coalesce(sum(CASE get_byte(l.entry, 0) WHEN 1 THEN 1 WHEN 2 THEN -1 WHEN 3 THEN 1 ELSE 0 END), 0)
FROM signing_tree t
LEFT JOIN signing_leaf l ON l.petition_id = t.petition_id AND l.leaf_index >= t.size
WHERE t.petition_id = %(petition_id)s GROUP BY t.count

-- name: behind_logs
-- Logs with leaves that the tree does not hold yet.
SELECT h.petition_id, g.origin, h.size, t.size, t.root, t.signatures, t.voids, t.reinstated, g.opened_at,
       g.bucket_seconds, g.regions
FROM signing_head h JOIN signing_tree t USING (petition_id) JOIN signing_gate g USING (petition_id)
WHERE h.size > t.size ORDER BY h.petition_id

-- name: read_leaves
SELECT entry FROM signing_leaf
WHERE petition_id = %(petition_id)s AND leaf_index >= %(first)s AND leaf_index < %(end)s ORDER BY leaf_index

-- name: read_tile_roots
-- What the level above is made of: the subtree hashes of the full tiles from %(first)s up to before %(end)s.
SELECT root FROM signing_tile
WHERE petition_id = %(petition_id)s AND level = %(level)s AND tile_index >= %(first)s AND tile_index < %(end)s
ORDER BY tile_index

-- name: read_tile
SELECT hashes FROM signing_tile
WHERE petition_id = %(petition_id)s AND level = %(level)s AND tile_index = %(tile_index)s

-- name: read_bundle
SELECT entries FROM signing_bundle WHERE petition_id = %(petition_id)s AND bundle_index = %(bundle_index)s

-- name: write_tiles
INSERT INTO signing_tile (petition_id, level, tile_index, hashes, root)
SELECT %(petition_id)s, u.level, u.tile_index, u.hashes, u.root
FROM unnest(%(levels)s::smallint[], %(indexes)s::bigint[], %(hashes)s::bytea[], %(roots)s::bytea[])
     AS u (level, tile_index, hashes, root)

-- name: write_bundles
INSERT INTO signing_bundle (petition_id, bundle_index, entries)
SELECT %(petition_id)s, u.bundle_index, u.entries
FROM unnest(%(indexes)s::bigint[], %(bundles)s::bytea[]) AS u (bundle_index, entries)

-- name: add_tally
-- (Not ON CONFLICT: the constraints are checked on the row as proposed, and a void alone is no valid row.)
WITH added AS (
    SELECT * FROM unnest(%(hours)s::integer[], %(regions)s::integer[], %(methods)s::smallint[],
                         %(signatures)s::bigint[], %(voids)s::bigint[]) AS u (hour, region, method, signatures, voids)
), changed AS (
    UPDATE signing_tally t SET signatures = t.signatures + a.signatures, voids = t.voids + a.voids FROM added a
    WHERE t.petition_id = %(petition_id)s AND t.hour = a.hour AND t.region = a.region AND t.method = a.method
    RETURNING a.hour, a.region, a.method
)
INSERT INTO signing_tally (petition_id, hour, region, method, signatures, voids)
SELECT %(petition_id)s, a.hour, a.region, a.method, a.signatures, a.voids FROM added a
WHERE NOT EXISTS (SELECT FROM changed c WHERE c.hour = a.hour AND c.region = a.region AND c.method = a.method)

-- name: read_tally_by_region
SELECT region, sum(signatures - voids)::bigint FROM signing_tally WHERE petition_id = %(petition_id)s GROUP BY region

-- name: read_open_thresholds
-- What entries can still change: what is not met, and what voids may undo.
SELECT threshold_id, rule::text, registered_on, met_index, turns FROM signing_threshold
WHERE petition_id = %(petition_id)s AND (met_index IS NULL OR (rule ->> 'undone_by_voids')::boolean)
ORDER BY threshold_id

-- name: meet_threshold
-- Exactly once: the row count is 0 where it was met before.
UPDATE signing_threshold SET met_index = %(met_index)s, met_count = %(met_count)s, met_at = %(met_at)s
WHERE petition_id = %(petition_id)s AND threshold_id = %(threshold_id)s AND met_index IS NULL

-- name: turn_threshold
-- Undone by voids, or met again after that.
UPDATE signing_threshold
SET turns = turns + 1, turned_index = %(met_index)s, turned_count = %(met_count)s, turned_at = %(met_at)s
WHERE petition_id = %(petition_id)s AND threshold_id = %(threshold_id)s AND met_index IS NOT NULL

-- name: publish_tree
-- Compare and swap: whoever else published first makes this fail, and the tick is given up.
UPDATE signing_tree SET size = %(size)s, root = %(root)s, checkpoint = %(checkpoint)s,
       public_key = %(public_key)s, published_at = %(now)s, signatures = %(signatures)s, voids = %(voids)s, reinstated = %(reinstated)s
WHERE petition_id = %(petition_id)s AND size = %(old_size)s AND root = %(old_root)s

-- name: try_sequencer_lock
SELECT pg_try_advisory_lock(%(key)s)

-- name: identify_database
-- Which cluster and which database of it: a machine that stands in for another says the same, a new database another.
SELECT (SELECT system_identifier FROM pg_control_system())::text || '-' || oid FROM pg_database
WHERE datname = current_database()

-- name: read_tree
SELECT size, checkpoint FROM signing_tree WHERE petition_id = %(petition_id)s

-- name: read_log_key
-- The name of a log and the public key that signed its last checkpoint.
SELECT g.origin, t.public_key FROM signing_tree t JOIN signing_gate g USING (petition_id)
WHERE t.petition_id = %(petition_id)s AND t.public_key IS NOT NULL

-- name: start_site_log
-- The site's own log, once; its tree is made with the gate.
INSERT INTO signing_gate (petition_id, origin, state) VALUES (0, %(origin)s, 'waiting') ON CONFLICT DO NOTHING

-- name: lock_site_log
-- Whether all entries of the site's log are published, so that the next may be added; the head is held.
SELECT h.size, t.size, g.origin FROM signing_head h JOIN signing_tree t USING (petition_id) JOIN signing_gate g USING (petition_id)
WHERE h.petition_id = 0 FOR UPDATE OF h

-- name: unnamed_trees
-- Petitions' checkpoints that are newer than what the site's log names.
SELECT petition_id, size, root, checkpoint FROM signing_tree WHERE petition_id > 0 AND size > named ORDER BY petition_id

-- name: name_trees
WITH named AS (
    INSERT INTO signing_named (petition_id, size, checkpoint, entry_index)
    SELECT u.petition_id, u.size, u.checkpoint, %(entry_index)s
    FROM unnest(%(petitions)s::bigint[], %(sizes)s::bigint[], %(checkpoints)s::bytea[]) AS u (petition_id, size, checkpoint)
    RETURNING petition_id, size
)
UPDATE signing_tree t SET named = n.size FROM named n WHERE t.petition_id = n.petition_id

-- name: read_last_entry
SELECT entry FROM signing_leaf WHERE petition_id = %(petition_id)s ORDER BY leaf_index DESC LIMIT 1

-- name: find_named
-- The first checkpoint that covers a leaf and that the published site's log names; the site's log is number 0.
SELECT n.size, n.checkpoint, n.entry_index FROM signing_named n JOIN signing_tree site ON site.petition_id = 0
WHERE n.petition_id = %(petition_id)s AND n.size > %(leaf_index)s AND n.entry_index < site.size
ORDER BY n.size LIMIT 1

-- name: read_cosignatures
-- What witnesses have cosigned of the site's log, the newest checkpoint first.
SELECT witness, size, checkpoint, line, cosigned_at FROM signing_cosignature ORDER BY size DESC, witness

-- name: keep_cosignature
-- A witness that goes back is refused by the table; of two answers for one size the later time is kept.
INSERT INTO signing_cosignature (witness, size, checkpoint, line, cosigned_at)
VALUES (%(witness)s, %(size)s, %(checkpoint)s, %(line)s, %(cosigned_at)s)
ON CONFLICT ON CONSTRAINT signing_cosignature_pk DO UPDATE
SET size = EXCLUDED.size, checkpoint = EXCLUDED.checkpoint, line = EXCLUDED.line, cosigned_at = EXCLUDED.cosigned_at

-- name: lock_log
SELECT g.origin, t.size, t.root
FROM signing_head h JOIN signing_tree t USING (petition_id) JOIN signing_gate g USING (petition_id)
WHERE h.petition_id = %(petition_id)s FOR UPDATE OF h

-- name: take_unpublished
-- Leaves that are numbered and that no tree holds; only a rebuild, which puts them back, may take them.
DELETE FROM signing_leaf WHERE petition_id = %(petition_id)s AND leaf_index >= %(size)s
RETURNING leaf_index, entry, evidence

-- name: read_nullifiers
SELECT nullifier FROM signing_leaf
WHERE petition_id = %(petition_id)s AND nullifier = ANY (%(nullifiers)s::bytea[])

-- name: forget_named
-- Entries of the site's log that were never published.
WITH gone AS (DELETE FROM signing_named WHERE entry_index >= %(entry_index)s RETURNING petition_id)
UPDATE signing_tree t SET named = coalesce((
    SELECT max(n.size) FROM signing_named n WHERE n.petition_id = t.petition_id AND n.entry_index < %(entry_index)s
), 0)
WHERE t.petition_id IN (SELECT petition_id FROM gone)

-- name: set_named
-- What the published log of the site has named; not of a petition whose own tree is behind that.
UPDATE signing_tree t SET named = greatest(t.named, u.size)
FROM unnest(%(petitions)s::bigint[], %(sizes)s::bigint[]) AS u (petition_id, size)
WHERE t.petition_id = u.petition_id AND t.size >= u.size

-- name: read_origins
-- Every log with what is numbered, what is published, and its name.
SELECT h.petition_id, g.origin, h.size, t.size, t.root
FROM signing_head h JOIN signing_tree t USING (petition_id) JOIN signing_gate g USING (petition_id) ORDER BY h.petition_id

-- name: find_leaf
-- The index of the leaf with this hash; eight bytes of it are indexed, the rest is compared.
SELECT leaf_index, entry FROM signing_leaf
WHERE petition_id = %(petition_id)s
  AND substr(sha256('\x00'::bytea || entry), 1, 8) = substr(%(leaf_hash)s::bytea, 1, 8)
  AND sha256('\x00'::bytea || entry) = %(leaf_hash)s::bytea

-- name: share_rates
-- What this process counted of busy networks since it last told.
INSERT INTO signing_rate (time_window, network, requests)
SELECT %(window)s, u.network, u.requests FROM unnest(%(networks)s::bytea[], %(counts)s::integer[]) AS u (network, requests)
ON CONFLICT ON CONSTRAINT signing_rate_pk DO UPDATE SET requests = signing_rate.requests + EXCLUDED.requests

-- name: read_rates
SELECT network, requests FROM signing_rate WHERE time_window = %(window)s

-- name: drop_rates
DELETE FROM signing_rate WHERE time_window < %(window)s
