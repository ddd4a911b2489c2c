-- What the texts mean, as vectors. Run by every `maninso migrate`, so that it may be run again; skipped where pgvector is
-- not there in version 0.8 or newer and may not be created. `e` holds two unit vectors of 384 dimensions one after the
-- other, those of the title and of the title with the beginning of the text, each centred; a `stretch` is how long one is
-- without what all petitions share. `bits` holds their signs: what the index is over, since it is 16 times smaller. A vector
-- without a search row is nobody's.
DO $$
BEGIN
    IF to_regtype('halfvec') IS NULL THEN
        IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
            RETURN;
        END IF;
        BEGIN
            CREATE EXTENSION IF NOT EXISTS vector;
        EXCEPTION WHEN insufficient_privilege THEN
            RETURN;
        END;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector'
                   AND string_to_array(extversion, '.')::int[] >= '{0,8}') THEN
        RETURN;
    END IF;
    CREATE TABLE IF NOT EXISTS petition_vector (
        petition_id bigint PRIMARY KEY,
        model smallint NOT NULL,
        digest bytea NOT NULL,
        title_stretch real NOT NULL CONSTRAINT petition_vector_title_stretch CHECK (title_stretch > 0),
        lead_stretch real NOT NULL CONSTRAINT petition_vector_lead_stretch CHECK (lead_stretch > 0),
        bits bit(768) NOT NULL,
        e halfvec(768) NOT NULL
    );
    CREATE INDEX IF NOT EXISTS petition_vector_bits ON petition_vector USING hnsw (bits bit_hamming_ops);
    CREATE OR REPLACE FUNCTION petition_vector_follows() RETURNS trigger LANGUAGE plpgsql AS $trigger$
    BEGIN
        DELETE FROM petition_vector WHERE petition_id = OLD.petition_id;
        RETURN NULL;
    END $trigger$;
    CREATE OR REPLACE TRIGGER petition_vector_follows AFTER DELETE ON petition_search
        FOR EACH ROW EXECUTE FUNCTION petition_vector_follows();
END $$;
