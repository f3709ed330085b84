-- Why: agents answer from their creator's documents. A file goes through the states uploaded, extracting, embedding and ready,
-- one bounded step at a time, and can be taken up again wherever a step was broken off. Its text stands here in chunks, beside
-- what is needed to find it by its words and to measure how near it is to a question; to be found by meaning it also stands in
-- Vectorize. A vector never exists without its chunk: chunks are written first and removed last.

ALTER TABLE knowledge_files DROP CONSTRAINT knowledge_files_status_check;
ALTER TABLE knowledge_files ALTER COLUMN status DROP DEFAULT;
-- Nothing has read a file before this.
UPDATE knowledge_files SET status = 'failed' WHERE status <> 'failed';
ALTER TABLE knowledge_files ADD CONSTRAINT knowledge_files_status_check
    CHECK (status IN ('uploaded', 'extracting', 'embedding', 'ready', 'failed'));
ALTER TABLE knowledge_files ALTER COLUMN status SET DEFAULT 'uploaded';

-- Whose quota it counts against.
ALTER TABLE knowledge_files ADD COLUMN creator_id UUID REFERENCES users (id);
UPDATE knowledge_files f SET creator_id = a.creator_id FROM agents a WHERE a.id = f.agent_id;
ALTER TABLE knowledge_files ALTER COLUMN creator_id SET NOT NULL;
-- Of its bytes, in hexadecimal.
ALTER TABLE knowledge_files ADD COLUMN sha256 VARCHAR(64) NOT NULL DEFAULT '';
-- Each reading of a file has a number; chunks of another reading than the one that is ready are never found.
ALTER TABLE knowledge_files ADD COLUMN generation INT NOT NULL DEFAULT 1;
ALTER TABLE knowledge_files ADD COLUMN ready_generation INT;
-- How far this reading is: parts that were read, chunks that were embedded; and how it cuts.
ALTER TABLE knowledge_files ADD COLUMN parts INT NOT NULL DEFAULT 0;
ALTER TABLE knowledge_files ADD COLUMN embedded INT NOT NULL DEFAULT 0;
ALTER TABLE knowledge_files ADD COLUMN chunk_size INT NOT NULL DEFAULT 1000;
ALTER TABLE knowledge_files ADD COLUMN chunk_overlap INT NOT NULL DEFAULT 200;
ALTER TABLE knowledge_files ADD COLUMN pages INT;
ALTER TABLE knowledge_files ADD COLUMN chars INT NOT NULL DEFAULT 0;
-- Whether its text repeats a stretch of the agent's prompt.
ALTER TABLE knowledge_files ADD COLUMN repeats_prompt BOOLEAN NOT NULL DEFAULT FALSE;
-- Why it failed, in words for its creator.
ALTER TABLE knowledge_files ADD COLUMN problem TEXT;
-- One step at a time: until then nobody else takes one. `tries` counts steps begun since the last that came to its end.
ALTER TABLE knowledge_files ADD COLUMN leased_until TIMESTAMPTZ;
ALTER TABLE knowledge_files ADD COLUMN tries INT NOT NULL DEFAULT 0;
-- The object of the file that this one took the place of, until it is removed.
ALTER TABLE knowledge_files ADD COLUMN old_s3_key VARCHAR(500);
ALTER TABLE knowledge_files ADD COLUMN updated_at TIMESTAMPTZ NOT NULL DEFAULT now();
-- From then on it is found by nobody; the row goes when its vectors and its object are gone.
ALTER TABLE knowledge_files ADD COLUMN deleted_at TIMESTAMPTZ;

-- The same bytes are one file of an agent.
CREATE UNIQUE INDEX knowledge_files_once ON knowledge_files (agent_id, sha256) WHERE deleted_at IS NULL AND sha256 <> '';
DROP INDEX idx_knowledge_files_agent;
CREATE INDEX idx_knowledge_files_agent ON knowledge_files (agent_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX idx_knowledge_files_creator ON knowledge_files (creator_id) WHERE deleted_at IS NULL;
-- What is to be looked after.
CREATE INDEX idx_knowledge_files_open ON knowledge_files (updated_at)
    WHERE deleted_at IS NOT NULL OR status IN ('uploaded', 'extracting', 'embedding');

CREATE TABLE knowledge_chunks (
    file_id UUID NOT NULL REFERENCES knowledge_files (id),
    generation INT NOT NULL,
    -- The place among the chunks of its reading, from 0.
    place INT NOT NULL,
    agent_id UUID NOT NULL REFERENCES agents (id),
    content TEXT NOT NULL,
    page INT,
    heading VARCHAR(200),
    -- Its vector, each number as a byte: near enough to measure how like a question it is.
    embedding BYTEA,
    -- Its words, and the name of its agent as one that no text can have: a search within an agent reads nothing of the others.
    search TSVECTOR NOT NULL,
    PRIMARY KEY (file_id, generation, place)
);
CREATE INDEX idx_knowledge_chunks_search ON knowledge_chunks USING gin (search);

-- Chunks with these words, at most `most`, whichever are found first; never by reading the whole table.
CREATE FUNCTION knowledge_chunks_with(words TSQUERY, most INT)
    RETURNS TABLE (file_id UUID, generation INT, place INT) LANGUAGE sql STABLE STRICT PARALLEL SAFE
    SET enable_seqscan = off
    AS $$ SELECT file_id, generation, place FROM knowledge_chunks WHERE search @@ words LIMIT most $$;
