-- Why: what happened to somebody's calls, money and agents while they were not looking, what of it they have read, and how
-- they want to be told.

CREATE TABLE notifications (
    user_id UUID NOT NULL REFERENCES users (id),
    -- The event's own id: one that is told twice is one row, and an open window knows its notification by it.
    id UUID NOT NULL,
    type VARCHAR(40) NOT NULL,
    title VARCHAR(200) NOT NULL,
    body VARCHAR(1000) NOT NULL,
    -- A path of the site.
    link VARCHAR(300),
    -- When the event happened, in whole milliseconds.
    created_at TIMESTAMPTZ NOT NULL,
    read_at TIMESTAMPTZ,
    -- Not to be shown: its owner deleted it, or wants such events by mail only. The row stays, so that the event is not told
    -- again; its words do not.
    hidden BOOLEAN NOT NULL DEFAULT FALSE,
    -- When its mail was handed over. Null: it is not to be mailed, or that has not worked yet.
    mailed_at TIMESTAMPTZ,
    PRIMARY KEY (user_id, id),
    CHECK (NOT hidden OR (title = '' AND body = '' AND link IS NULL))
);
CREATE INDEX idx_notifications_shown ON notifications (user_id, created_at DESC, id DESC) WHERE NOT hidden;
CREATE INDEX idx_notifications_unread ON notifications (user_id, created_at DESC, id DESC) WHERE NOT hidden AND read_at IS NULL;
-- For the daily removal of what is old.
CREATE INDEX idx_notifications_created ON notifications (created_at);

-- A row for each kind of event that somebody wants otherwise than is usual. What is usual stands in notifications/preferences.ts.
CREATE TABLE notification_preferences (
    user_id UUID NOT NULL REFERENCES users (id),
    kind VARCHAR(40) NOT NULL,
    in_app BOOLEAN NOT NULL,
    email BOOLEAN NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, kind)
);
