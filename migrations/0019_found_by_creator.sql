-- Why: who looks for a creator finds their agents. The index of words is of agents, so the name stands with each of them, put
-- there by the database itself: whoever changes a profile belongs to a room that knows no agents.
ALTER TABLE agents ADD COLUMN creator_name VARCHAR(100);
UPDATE agents SET creator_name = p.display_name FROM creator_profiles p WHERE p.user_id = agents.creator_id;

CREATE FUNCTION name_creator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.creator_name := (SELECT display_name FROM creator_profiles WHERE user_id = NEW.creator_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER agents_named BEFORE INSERT OR UPDATE OF creator_id ON agents FOR EACH ROW EXECUTE FUNCTION name_creator();

CREATE FUNCTION rename_creator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE agents SET creator_name = NEW.display_name
    WHERE creator_id = NEW.user_id AND creator_name IS DISTINCT FROM NEW.display_name;
    RETURN NULL;
END
$$;
CREATE TRIGGER creator_profiles_named AFTER INSERT OR UPDATE OF display_name ON creator_profiles
    FOR EACH ROW EXECUTE FUNCTION rename_creator();

-- As before (0006), with the words of the creator's name between those of the agent's name and those of its description.
ALTER TABLE agents DROP COLUMN search;
ALTER TABLE agents ADD COLUMN search TSVECTOR GENERATED ALWAYS AS (
    CASE WHEN status = 'active' THEN
        setweight(to_tsvector('simple', search_words(name, FALSE)), 'A')
        || setweight(to_tsvector('english', search_words(name, FALSE)), 'A')
        || setweight(to_tsvector('simple', search_words(coalesce(creator_name, ''), FALSE)), 'B')
        || setweight(to_tsvector('simple', search_words(coalesce(description, ''), FALSE)), 'C')
        || setweight(to_tsvector('english', search_words(coalesce(description, ''), FALSE)), 'C')
        || setweight(to_tsvector('simple', coalesce(category, '')), 'B')
        || array_to_tsvector(ARRAY['provider ' || provider, 'category ' || coalesce(category, 'none')])
    END
) STORED;
CREATE INDEX idx_agents_search ON agents USING gin (search);

-- A name is nearly what was asked for by three letters beside each other that both have. A database that takes Chinese characters
-- for no letters finds none in a Chinese question: then the index has nothing to look for, and every name would be compared.
CREATE OR REPLACE FUNCTION agents_named_like(given TEXT, most INT) RETURNS SETOF UUID LANGUAGE sql STABLE STRICT PARALLEL SAFE
    SET enable_seqscan = off
    SET pg_trgm.word_similarity_threshold = 0.45
    AS $$
        SELECT id FROM agents
        WHERE status = 'active' AND cardinality(show_trgm(search_fold(given))) > 0 AND search_fold(name) %> search_fold(given)
        LIMIT most
    $$;
