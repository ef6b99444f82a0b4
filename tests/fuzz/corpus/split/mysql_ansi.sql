2SELECT "a\"; 'b\'; c';
SET sql_mode = ''; SELECT "d\";";
