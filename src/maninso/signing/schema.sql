-- The signing path's tables. Only maninso.signing writes them, but for the gate, which petitions.lifecycle writes
-- through signing.gate in its own transaction. Django's migrations run this file, so there is one migration chain.

-- Log number 0 is the site's own: its entries name the checkpoints of all petitions' logs (LEDGER: the site's log). It
-- lies in the same tables, so that sequencing and serving are the same code; it never takes signatures.

-- The gate: whether a petition takes signatures, until when, and with what key. One row a petition.
CREATE TABLE signing_gate (
    petition_id    bigint      NOT NULL,
    origin         text        NOT NULL,  -- the log's name, HOST/p/<id>/log; it never changes
    state          text        NOT NULL,
    opened_at      timestamptz,
    closes_at      timestamptz,           -- exclusive: a batch that commits at this instant takes nothing
    grace          interval    NOT NULL DEFAULT '0',  -- after that: who asked in time may still confirm
    wrapped_key    bytea,                 -- K_petition, sealed under the site's wrapping key; NULL once destroyed
    bucket_seconds integer     NOT NULL DEFAULT 600,
    regions        text[]      NOT NULL DEFAULT '{""}',  -- region number -> code; number 0 is "not counted by region"
    min_assurance  smallint    NOT NULL DEFAULT 0,
    min_age        smallint    NOT NULL DEFAULT 0,
    region_needed  boolean     NOT NULL DEFAULT false,
    version        bigint      NOT NULL DEFAULT 1,  -- grows with every change, so that readers can follow
    CONSTRAINT signing_gate_pk PRIMARY KEY (petition_id),
    CONSTRAINT signing_gate_origin_once UNIQUE (origin),
    CONSTRAINT signing_gate_state_known CHECK (state IN ('waiting', 'open', 'paused', 'closed')),
    CONSTRAINT signing_gate_open_has_key CHECK (state NOT IN ('open', 'paused') OR wrapped_key IS NOT NULL),
    CONSTRAINT signing_gate_window CHECK (  -- closed without one: it will not open
        CASE WHEN opened_at IS NULL AND closes_at IS NULL THEN state IN ('waiting', 'closed')
             ELSE state <> 'waiting' AND opened_at IS NOT NULL AND closes_at IS NOT NULL AND closes_at > opened_at END
    ),
    CONSTRAINT signing_gate_grace CHECK (grace BETWEEN interval '0' AND interval '24 hours'),
    CONSTRAINT signing_gate_bucket CHECK (bucket_seconds >= 600),
    CONSTRAINT signing_gate_region_zero CHECK (regions[1] = '' AND cardinality(regions) <= 65536),
    CONSTRAINT signing_gate_assurance CHECK (min_assurance BETWEEN 0 AND 3),
    CONSTRAINT signing_gate_site_waits CHECK (petition_id > 0 OR (petition_id = 0 AND state = 'waiting'))
);

-- Gates whose time is over are looked for every few seconds.
CREATE INDEX signing_gate_ends ON signing_gate (closes_at) WHERE state = 'open';

-- Web processes keep gates in memory; they hear of each change when it is committed.
CREATE FUNCTION signing_gate_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('signing_gate', NEW.petition_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER signing_gate_changed AFTER INSERT OR UPDATE ON signing_gate
    FOR EACH ROW EXECUTE FUNCTION signing_gate_changed();

-- The head: how many leaves are numbered. Locked once a batch; whoever appends a leaf holds its row.
CREATE TABLE signing_head (
    petition_id bigint NOT NULL,
    size        bigint NOT NULL,
    CONSTRAINT signing_head_pk PRIMARY KEY (petition_id),
    CONSTRAINT signing_head_gate FOREIGN KEY (petition_id) REFERENCES signing_gate,
    CONSTRAINT signing_head_size CHECK (size >= 0)
) WITH (fillfactor = 50);

-- The leaves, as they are hashed (LEDGER: one entry a leaf). No name, address or network is here.
-- There is no foreign key to the head: it would be looked up once a signature, and signing_take() holds the head anyway.
CREATE TABLE signing_leaf (
    petition_id bigint NOT NULL,
    leaf_index  bigint NOT NULL,
    entry       bytea  NOT NULL,
    nullifier   bytea  GENERATED ALWAYS AS (CASE WHEN get_byte(entry, 0) = 1 THEN substr(entry, 7, 16) END) STORED,
    evidence    bytea,  -- salt and record behind the entry's commitment, for the sample audit; destroyed after retention
    CONSTRAINT signing_leaf_pk PRIMARY KEY (petition_id, leaf_index),
    CONSTRAINT signing_leaf_one_person_one_signature UNIQUE (petition_id, nullifier),
    CONSTRAINT signing_leaf_index CHECK (leaf_index >= 0),
    CONSTRAINT signing_leaf_genesis CHECK ((get_byte(entry, 0) = 0) = (leaf_index = 0 AND petition_id <> 0)),
    CONSTRAINT signing_leaf_length CHECK (
        CASE get_byte(entry, 0) WHEN 1 THEN octet_length(entry) = 54 WHEN 2 THEN octet_length(entry) = 44
             WHEN 3 THEN octet_length(entry) = 44
             WHEN 16 THEN octet_length(entry) BETWEEN 53 AND 65525 AND octet_length(entry) % 48 = 5
             ELSE octet_length(entry) <= 65535 END
    ),
    CONSTRAINT signing_leaf_type CHECK (
        CASE petition_id WHEN 0 THEN get_byte(entry, 0) = 16 ELSE get_byte(entry, 0) <= 4 END
    )
);
ALTER TABLE signing_leaf ALTER COLUMN entry SET STORAGE PLAIN;
-- From a receipt's leaf hash to its leaf: eight bytes of the hash are enough to find it, the query compares the rest.
CREATE INDEX signing_leaf_by_hash ON signing_leaf (substr(sha256('\x00'::bytea || entry), 1, 8));

-- The tree: what the sequencer has hashed, signed and published. Written by whoever holds the advisory lock, by nobody else.
CREATE TABLE signing_tree (
    petition_id   bigint      NOT NULL,
    size          bigint      NOT NULL DEFAULT 0,
    root          bytea       NOT NULL,
    checkpoint    bytea,       -- the signed note, as served
    public_key    bytea,       -- of the log key that signed it: what /p/<id>/log/key is made of
    published_at  timestamptz,
    named         bigint      NOT NULL DEFAULT 0,  -- the size that the site's log named last
    signatures    bigint      NOT NULL DEFAULT 0,
    voids         bigint      NOT NULL DEFAULT 0,
    reinstated    bigint      NOT NULL DEFAULT 0,
    count         bigint      GENERATED ALWAYS AS (signatures - voids + reinstated) STORED,
    CONSTRAINT signing_tree_pk PRIMARY KEY (petition_id),
    CONSTRAINT signing_tree_head FOREIGN KEY (petition_id) REFERENCES signing_head,
    CONSTRAINT signing_tree_root CHECK (octet_length(root) = 32),
    CONSTRAINT signing_tree_sums CHECK (
        signatures >= 0 AND reinstated BETWEEN 0 AND voids AND voids - reinstated <= signatures
        AND signatures + voids + reinstated <= size
    ),
    CONSTRAINT signing_tree_signed CHECK (
        (size = 0) = (checkpoint IS NULL) AND (size = 0) = (published_at IS NULL) AND (size = 0) = (public_key IS NULL)
    ),
    CONSTRAINT signing_tree_key CHECK (octet_length(public_key) = 32),
    CONSTRAINT signing_tree_named CHECK (named BETWEEN 0 AND size AND (petition_id <> 0 OR named = 0))
) WITH (fillfactor = 50);

-- The checkpoints that the site's log names, each with the entry that does: what a receipt is anchored to.
CREATE TABLE signing_named (
    petition_id bigint NOT NULL,
    size        bigint NOT NULL,
    checkpoint  bytea  NOT NULL,  -- the signed note, as it was served
    entry_index bigint NOT NULL,
    CONSTRAINT signing_named_pk PRIMARY KEY (petition_id, size),
    CONSTRAINT signing_named_tree FOREIGN KEY (petition_id) REFERENCES signing_tree,
    CONSTRAINT signing_named_range CHECK (petition_id > 0 AND size > 0 AND entry_index >= 0)
);

-- The last checkpoint of the site's log that each witness has cosigned.
CREATE TABLE signing_cosignature (
    witness     text        NOT NULL,  -- its vkey
    size        bigint      NOT NULL,
    checkpoint  bytea       NOT NULL,  -- of the site's log, as it was signed and sent
    line        text        NOT NULL,  -- the signature line, as the witness wrote it
    cosigned_at timestamptz NOT NULL,  -- by the witness's clock
    CONSTRAINT signing_cosignature_pk PRIMARY KEY (witness),
    CONSTRAINT signing_cosignature_size CHECK (size > 0)
);

-- A witness never goes back.
CREATE FUNCTION signing_cosignature_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size < OLD.size THEN
        RAISE EXCEPTION 'witness % has cosigned % leaves already', OLD.witness, OLD.size
            USING ERRCODE = 'check_violation', CONSTRAINT = 'signing_cosignature_grows';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signing_cosignature_grows BEFORE UPDATE ON signing_cosignature
    FOR EACH ROW EXECUTE FUNCTION signing_cosignature_grows();

-- Full tiles and full entry bundles only: a growing edge is a prefix of its tile, computed from the leaves when asked.
CREATE TABLE signing_tile (
    petition_id bigint   NOT NULL,
    level       smallint NOT NULL,
    tile_index  bigint   NOT NULL,
    hashes      bytea    NOT NULL,  -- 256 x 32 bytes
    root        bytea    NOT NULL,  -- its subtree's hash, the level above's leaf
    CONSTRAINT signing_tile_pk PRIMARY KEY (petition_id, level, tile_index),
    CONSTRAINT signing_tile_tree FOREIGN KEY (petition_id) REFERENCES signing_tree,
    CONSTRAINT signing_tile_full CHECK (octet_length(hashes) = 8192 AND octet_length(root) = 32),
    CONSTRAINT signing_tile_level CHECK (level BETWEEN 0 AND 63 AND tile_index >= 0)
);
ALTER TABLE signing_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE signing_bundle (
    petition_id  bigint NOT NULL,
    bundle_index bigint NOT NULL,
    entries      bytea  NOT NULL,  -- 256 entries, each behind its length (u16)
    CONSTRAINT signing_bundle_pk PRIMARY KEY (petition_id, bundle_index),
    CONSTRAINT signing_bundle_tree FOREIGN KEY (petition_id) REFERENCES signing_tree,
    CONSTRAINT signing_bundle_index CHECK (bundle_index >= 0)
);
ALTER TABLE signing_bundle ALTER COLUMN entries SET STORAGE EXTERNAL;

-- The count by day, region and assurance, as public as the leaves: day 0 is the day the petition opened (UTC).
CREATE TABLE signing_tally (
    petition_id bigint   NOT NULL,
    hour        integer  NOT NULL,  -- hours since opening, from the entries' time buckets
    region      integer  NOT NULL,
    method      smallint NOT NULL,
    signatures  bigint   NOT NULL,
    voids       bigint   NOT NULL DEFAULT 0,  -- less those reinstated
    CONSTRAINT signing_tally_pk PRIMARY KEY (petition_id, hour, region, method),
    CONSTRAINT signing_tally_tree FOREIGN KEY (petition_id) REFERENCES signing_tree,
    CONSTRAINT signing_tally_sums CHECK (signatures >= 0 AND voids BETWEEN 0 AND signatures)
);

-- What the charter sets for a petition (maninso.charter.Threshold as JSON), and the signature that met it. Where the charter
-- lets voids undo it, it turns: it is undone, met again, and so on. The log has each turn, this table the last.
CREATE TABLE signing_threshold (
    petition_id   bigint NOT NULL,
    threshold_id  text   NOT NULL,
    rule          jsonb  NOT NULL,
    registered_on date   NOT NULL,
    met_index     bigint,       -- the leaf that met it
    met_count     bigint,       -- the count with that leaf
    met_at        timestamptz,
    turns         integer NOT NULL DEFAULT 0,  -- odd: undone
    turned_index  bigint,       -- the leaf of the last turn
    turned_count  bigint,       -- the count with that leaf
    turned_at     timestamptz,
    CONSTRAINT signing_threshold_pk PRIMARY KEY (petition_id, threshold_id),
    CONSTRAINT signing_threshold_gate FOREIGN KEY (petition_id) REFERENCES signing_gate,
    CONSTRAINT signing_threshold_met_whole CHECK (
        (met_index IS NULL) = (met_at IS NULL) AND (met_index IS NULL) = (met_count IS NULL)
    ),
    CONSTRAINT signing_threshold_turned_whole CHECK (
        turns >= 0 AND (turns = 0) = (turned_index IS NULL) AND (turns = 0) = (turned_count IS NULL)
        AND (turns = 0) = (turned_at IS NULL)
    ),
    CONSTRAINT signing_threshold_turned_after_met CHECK (turns = 0 OR coalesce(turned_index > met_index, false))
);
-- What petitions.obligations looks through every few seconds: few of all thresholds are ever met.
CREATE INDEX signing_threshold_met ON signing_threshold (met_at) WHERE met_index IS NOT NULL;

-- How busy networks were in this minute, for all web processes of the site (signing/limits.py). A network is a digest
-- under the site's key that changes each minute; nothing is lost with it, so it is kept out of the write-ahead log.
CREATE UNLOGGED TABLE signing_rate (
    time_window bigint  NOT NULL,
    network     bytea   NOT NULL,
    requests    integer NOT NULL,
    CONSTRAINT signing_rate_pk PRIMARY KEY (time_window, network),
    CONSTRAINT signing_rate_requests CHECK (requests > 0)
);

-- Every void and what became of it: which signature, by which leaf, and the leaf that undid it. The entries in the log say
-- the same; this is their index, so that two voids of one signature exclude each other (signing/voids.py writes it).
CREATE TABLE signing_void (
    petition_id       bigint   NOT NULL,
    target_index      bigint   NOT NULL,  -- the signature's leaf
    void_index        bigint   NOT NULL,  -- the void's leaf
    batch_id          bigint,             -- petitions_voidbatch; NULL where the signer withdrew
    reinstated_index  bigint,             -- the reinstatement's leaf; NULL while the void is in force
    reinstated_batch  bigint,
    by_signer         boolean  NOT NULL,  -- withdrawn: whoever withdrew may sign again, and then it is reinstated
    CONSTRAINT signing_void_pk PRIMARY KEY (petition_id, void_index),
    CONSTRAINT signing_void_reinstated_once UNIQUE (petition_id, reinstated_index),
    CONSTRAINT signing_void_order CHECK (target_index < void_index AND void_index < reinstated_index),
    CONSTRAINT signing_void_decided CHECK (by_signer = (batch_id IS NULL)),
    CONSTRAINT signing_void_undone CHECK (reinstated_index IS NOT NULL OR reinstated_batch IS NULL)
);
-- A signature that does not count cannot be voided again.
CREATE UNIQUE INDEX signing_void_once ON signing_void (petition_id, target_index) WHERE reinstated_index IS NULL;
-- What signing_take() asks of every batch: has anybody withdrawn here?
CREATE INDEX signing_void_withdrawn ON signing_void (petition_id) WHERE by_signer AND reinstated_index IS NULL;
CREATE INDEX signing_void_batch ON signing_void (batch_id) WHERE reinstated_index IS NULL;

-- Once met, the record stands, and turns are added one by one; what becomes of the obligation is another table's matter.
CREATE FUNCTION signing_threshold_met_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.met_index IS NOT NULL AND ROW(NEW.met_index, NEW.met_count, NEW.met_at)
            IS DISTINCT FROM ROW(OLD.met_index, OLD.met_count, OLD.met_at) THEN
        RAISE EXCEPTION 'threshold % of petition % was met at leaf % already',
            OLD.threshold_id, OLD.petition_id, OLD.met_index
            USING ERRCODE = 'check_violation', CONSTRAINT = 'signing_threshold_met_once';
    END IF;
    IF ROW(NEW.turns, NEW.turned_index, NEW.turned_count, NEW.turned_at)
            IS DISTINCT FROM ROW(OLD.turns, OLD.turned_index, OLD.turned_count, OLD.turned_at)
        AND NOT (NEW.turns = OLD.turns + 1 AND NEW.turned_index > coalesce(OLD.turned_index, OLD.met_index, -1)) THEN
        RAISE EXCEPTION 'threshold % of petition % turned % times up to leaf % already',
            OLD.threshold_id, OLD.petition_id, OLD.turns, OLD.turned_index
            USING ERRCODE = 'check_violation', CONSTRAINT = 'signing_threshold_turns_onward';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signing_threshold_met_once BEFORE UPDATE ON signing_threshold
    FOR EACH ROW EXECUTE FUNCTION signing_threshold_met_once();

-- A leaf, a full tile and a full bundle never change. (Evidence may go: that is what retention asks.)
CREATE FUNCTION signing_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % never change', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_never_changes';
END $$;
CREATE TRIGGER signing_leaf_never_changes BEFORE UPDATE OF petition_id, leaf_index, entry ON signing_leaf
    FOR EACH ROW EXECUTE FUNCTION signing_never_changes();
CREATE TRIGGER signing_named_never_changes BEFORE UPDATE ON signing_named
    FOR EACH ROW EXECUTE FUNCTION signing_never_changes();
CREATE TRIGGER signing_tile_never_changes BEFORE UPDATE ON signing_tile
    FOR EACH ROW EXECUTE FUNCTION signing_never_changes();
CREATE TRIGGER signing_bundle_never_changes BEFORE UPDATE ON signing_bundle
    FOR EACH ROW EXECUTE FUNCTION signing_never_changes();

-- A row of signing_void says what the log's entries say: a void of a signature, and later perhaps its reinstatement.
CREATE FUNCTION signing_void_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.reinstated_index IS NOT NULL OR
            ROW(NEW.petition_id, NEW.target_index, NEW.void_index, NEW.batch_id, NEW.by_signer) IS DISTINCT FROM
            ROW(OLD.petition_id, OLD.target_index, OLD.void_index, OLD.batch_id, OLD.by_signer)) THEN
        RAISE EXCEPTION 'void % of petition % stays as it is', OLD.void_index, OLD.petition_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'signing_void_stays';
    END IF;
    IF TG_OP = 'INSERT' AND NOT EXISTS (
        SELECT FROM signing_leaf s JOIN signing_leaf v USING (petition_id)
        WHERE petition_id = NEW.petition_id AND s.leaf_index = NEW.target_index AND v.leaf_index = NEW.void_index
          AND get_byte(s.entry, 0) = 1 AND get_byte(v.entry, 0) = 2
          AND substr(v.entry, 5, 8) = int8send(NEW.target_index) AND (get_byte(v.entry, 1) = 1) = NEW.by_signer
    ) OR NEW.reinstated_index IS NOT NULL AND NOT EXISTS (
        SELECT FROM signing_leaf r
        WHERE r.petition_id = NEW.petition_id AND r.leaf_index = NEW.reinstated_index
          AND get_byte(r.entry, 0) = 3 AND substr(r.entry, 5, 8) = int8send(NEW.void_index)
    ) THEN
        RAISE EXCEPTION 'the log of petition % holds no such void of a signature', NEW.petition_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'signing_void_fits_entries';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signing_void_fits BEFORE INSERT OR UPDATE ON signing_void
    FOR EACH ROW EXECUTE FUNCTION signing_void_fits();

-- Who withdrew and signs again: the void is undone, since one person has one signature. Called by signing_take() while it
-- holds the heads; returns which of the batch's people came back. There are few of them, so they go one by one.
CREATE FUNCTION signing_return(petitions bigint[], entries bytea, in_time bytea, at timestamptz) RETURNS integer[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    back     record;
    leaf     bigint;
    returned integer[] := '{}';
BEGIN
    FOR back IN
        SELECT u.ord::integer AS ord, v.petition_id, v.void_index,
               least(floor(extract(epoch FROM at - t.opened_at) / t.bucket_seconds), 65535)::integer AS bucket
        FROM unnest(petitions) WITH ORDINALITY AS u (petition_id, ord)
        JOIN signing_gate t ON t.petition_id = u.petition_id AND t.state = 'open' AND at >= t.opened_at
                           AND at < t.closes_at + t.grace * get_byte(in_time, u.ord::integer - 1)
        JOIN signing_leaf s ON s.petition_id = u.petition_id AND s.nullifier = substr(entries, 54 * u.ord::integer - 47, 16)
        JOIN signing_void v ON v.petition_id = s.petition_id AND v.target_index = s.leaf_index
                           AND v.by_signer AND v.reinstated_index IS NULL
        ORDER BY v.petition_id, v.void_index
    LOOP
        UPDATE signing_head h SET size = h.size + 1 WHERE h.petition_id = back.petition_id RETURNING h.size - 1 INTO leaf;
        INSERT INTO signing_leaf (petition_id, leaf_index, entry)
        VALUES (back.petition_id, leaf, '\x0301'::bytea || substr(int4send(back.bucket), 3, 2) || int8send(back.void_index)
                || sha256('{"by":"signer","decision":"signed again"}'::bytea));
        UPDATE signing_void v SET reinstated_index = leaf
        WHERE v.petition_id = back.petition_id AND v.void_index = back.void_index;
        returned := returned || back.ord;
    END LOOP;
    RETURN returned;
END $$;

-- One batch of signatures, in one statement and one commit: signature i is for petitions[i], its entry is the i-th 54
-- bytes of entries, its evidence ends at byte ends[i] of evidences (long values are far cheaper to pass than arrays of
-- short ones); no nullifier is there twice for one petition, and they come in the nullifiers' order, which hides who came
-- first. Returns only what was not stored: the earlier entry where the person had signed (and whether it counts again,
-- because they had withdrawn it), NULL where the gate does not take signatures. The heads are locked first, so that the
-- snapshot of what follows is the truth until the commit; lifecycle locks the head too before it changes a gate.
CREATE FUNCTION signing_take(petitions bigint[], entries bytea, evidences bytea, ends integer[], in_time bytea)
RETURNS TABLE (ordinal integer, earlier bytea, returned boolean) LANGUAGE plpgsql
-- One plan for a connection's life: planning anew would cost as much as storing twenty signatures, and a plan made while
-- a petition is empty must be the one by index all the same.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    at timestamptz;  -- the database's clock, the same for every web machine, read once the heads are held
    back integer[] := '{}';  -- who withdrew and is back
BEGIN
    PERFORM FROM signing_head h WHERE h.petition_id = ANY (petitions) ORDER BY h.petition_id FOR UPDATE;
    at := clock_timestamp();
    IF EXISTS (SELECT FROM signing_void v WHERE v.petition_id = ANY (petitions) AND v.by_signer AND v.reinstated_index IS NULL)
    THEN
        back := signing_return(petitions, entries, in_time, at);
    END IF;
    RETURN QUERY
    WITH judged AS MATERIALIZED (
        SELECT u.ord::integer AS ord, u.petition_id, substr(entries, 54 * u.ord::integer - 53, 54) AS entry, h.size,
               coalesce(t.state = 'open' AND at >= t.opened_at
                        AND at < t.closes_at + t.grace * get_byte(in_time, u.ord::integer - 1), false) AS is_open,
               (SELECT s.entry FROM signing_leaf s WHERE s.petition_id = u.petition_id
                AND s.nullifier = substr(entries, 54 * u.ord::integer - 47, 16)) AS earlier
        FROM unnest(petitions) WITH ORDINALITY AS u (petition_id, ord)
        LEFT JOIN signing_head h USING (petition_id)
        LEFT JOIN signing_gate t USING (petition_id)
    ), stored AS (
        INSERT INTO signing_leaf (petition_id, leaf_index, entry, evidence)
        SELECT a.petition_id, a.size - 1 + row_number() OVER (PARTITION BY a.petition_id ORDER BY a.ord),
               a.entry, substr(evidences, coalesce(ends[a.ord - 1], 0) + 1, ends[a.ord] - coalesce(ends[a.ord - 1], 0))
        FROM judged a WHERE a.earlier IS NULL AND a.is_open AND a.size IS NOT NULL
        RETURNING petition_id
    ), grown AS (
        UPDATE signing_head h SET size = h.size + n.n
        FROM (SELECT petition_id, count(*) AS n FROM stored GROUP BY petition_id) n
        WHERE h.petition_id = n.petition_id
    )
    SELECT a.ord, a.earlier, a.ord = ANY (back) FROM judged a WHERE a.earlier IS NOT NULL OR NOT a.is_open OR a.size IS NULL;
END $$;
