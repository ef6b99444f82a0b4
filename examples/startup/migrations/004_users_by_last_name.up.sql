CREATE INDEX users_by_last_name ON users (last);
