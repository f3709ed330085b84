-- Why: agents can be archived, featured and found. Every way of looking through the market has an index that gives its
-- rows in the order in which they are shown, so that a page reads a bounded number of rows whatever is in the market.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Archived: never again called, listed or changed; its history and its slug stay.
ALTER TABLE agents DROP CONSTRAINT agents_status_check;
ALTER TABLE agents ADD CONSTRAINT agents_status_check CHECK (status IN ('draft', 'active', 'inactive', 'archived'));

-- The place in the front row, 1 first. Admins set it.
ALTER TABLE agents ADD COLUMN featured_rank INT CHECK (featured_rank >= 1);
-- How many approved reviews gave 1, 2, 3, 4 and 5.
ALTER TABLE agents ADD COLUMN rating_counts INT[] NOT NULL DEFAULT '{0,0,0,0,0}' CHECK (cardinality(rating_counts) = 5);

-- An agent is touched by whoever changes it, and not by its figures, which are counted anew every few minutes.
DROP TRIGGER agents_touched ON agents;
CREATE TRIGGER agents_touched BEFORE UPDATE OF status, version, featured_rank ON agents
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- Text as it is compared: without case, accents and full-width forms.
CREATE FUNCTION search_fold(given TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(regexp_replace(normalize(given, NFKD), '[\u0300-\u036f]', '', 'g'));

-- Chinese and Japanese put no spaces between words, so each two characters that stand beside each other are a word:
-- 数学老师 is 数学 学老 老师 师. The last one, alone, is what a search for it by itself begins with; a question leaves it out.
CREATE FUNCTION search_words(given TEXT, is_question BOOLEAN) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (
        SELECT string_agg(
            CASE
                WHEN this !~ '[\u3040-\u30ff\u3400-\u9fff]' THEN this
                WHEN next ~ '[\u3040-\u30ff\u3400-\u9fff]' THEN ' ' || this || next || ' '
                WHEN is_question AND former ~ '[\u3040-\u30ff\u3400-\u9fff]' THEN ' '
                ELSE ' ' || this || ' '
            END, '' ORDER BY place)
        FROM (
            SELECT this, place, lag(this) OVER (ORDER BY place) AS former, lead(this) OVER (ORDER BY place) AS next
            FROM string_to_table(search_fold(given), NULL) WITH ORDINALITY AS t (this, place)
        ) AS characters
    );

-- What a search looks for: all words, as they are or in another English form; a Chinese character that stands alone is
-- looked for at the beginning of a pair.
CREATE FUNCTION search_question(given TEXT) RETURNS TSQUERY LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE
        WHEN search_fold(given) ~ '^[\s]*[\u3040-\u30ff\u3400-\u9fff][\s]*$'
            THEN to_tsquery('simple', btrim(search_fold(given)) || ':*')
        ELSE plainto_tsquery('simple', search_words(given, TRUE)) || plainto_tsquery('english', search_words(given, TRUE))
    END;

-- The words of an agent that can be found: null unless it is published. Category and provider are words too, written with a
-- space as no word of a text can be, so that a search within a category reads nothing of the others.
ALTER TABLE agents ADD COLUMN search TSVECTOR GENERATED ALWAYS AS (
    CASE WHEN status = 'active' THEN
        setweight(to_tsvector('simple', search_words(name, FALSE)), 'A')
        || setweight(to_tsvector('english', search_words(name, FALSE)), 'A')
        || setweight(to_tsvector('simple', search_words(coalesce(description, ''), FALSE)), 'C')
        || setweight(to_tsvector('english', search_words(coalesce(description, ''), FALSE)), 'C')
        || setweight(to_tsvector('simple', coalesce(category, '')), 'B')
        || array_to_tsvector(ARRAY['provider ' || provider, 'category ' || coalesce(category, 'none')])
    END
) STORED;
CREATE INDEX idx_agents_search ON agents USING gin (search);
CREATE INDEX idx_agents_name ON agents USING gin (search_fold(name) gin_trgm_ops) WHERE status = 'active';

-- Agents with these words, at most `most`, whichever are found first. Never by reading the whole table: where the planner
-- takes two words that never meet for a frequent pair, that would be every row.
CREATE FUNCTION agents_with(words TSQUERY, most INT) RETURNS SETOF UUID LANGUAGE sql STABLE STRICT PARALLEL SAFE
    SET enable_seqscan = off
    AS $$ SELECT id FROM agents WHERE search @@ words LIMIT most $$;

-- Agents whose name is nearly what was asked for, at most `most`.
CREATE FUNCTION agents_named_like(given TEXT, most INT) RETURNS SETOF UUID LANGUAGE sql STABLE STRICT PARALLEL SAFE
    SET enable_seqscan = off
    SET pg_trgm.word_similarity_threshold = 0.45
    AS $$ SELECT id FROM agents WHERE status = 'active' AND search_fold(name) %> search_fold(given) LIMIT most $$;

-- What is published was published at some time.
UPDATE agents SET published_at = created_at WHERE status = 'active' AND published_at IS NULL;

-- The orders in which published agents are shown: of all, and of a category.
CREATE INDEX idx_agents_by_calls ON agents (total_calls, id) WHERE status = 'active';
CREATE INDEX idx_agents_by_rating ON agents (average_rating, total_calls, id) WHERE status = 'active';
CREATE INDEX idx_agents_by_age ON agents (published_at, id) WHERE status = 'active';
CREATE INDEX idx_agents_by_price ON agents (price_per_call, id) WHERE status = 'active';
CREATE INDEX idx_agents_category_by_calls ON agents (category, total_calls, id) WHERE status = 'active';
CREATE INDEX idx_agents_category_by_rating ON agents (category, average_rating, total_calls, id) WHERE status = 'active';
CREATE INDEX idx_agents_category_by_age ON agents (category, published_at, id) WHERE status = 'active';
CREATE INDEX idx_agents_category_by_price ON agents (category, price_per_call, id) WHERE status = 'active';
CREATE INDEX idx_agents_by_slug ON agents (slug) WHERE status = 'active';
CREATE INDEX idx_agents_featured ON agents (featured_rank, id) WHERE status = 'active' AND featured_rank IS NOT NULL;
-- A creator's own, newest first, in all or of one status.
DROP INDEX idx_agents_creator;
CREATE INDEX idx_agents_creator ON agents (creator_id, created_at DESC, id DESC);
CREATE INDEX idx_agents_creator_status ON agents (creator_id, status, created_at DESC, id DESC);
