1SELECT 'a\'; SELECT 'b\\'; SET @@sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES'); SELECT "a\";
