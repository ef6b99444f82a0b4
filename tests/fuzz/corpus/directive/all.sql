-- brant: requires=003_users,events:002_log required=true min-read-version=1.4.0
-- brant: kind=manual phase=expand transaction=off foreign-keys=on placeholders=off
--brant:idempotent=true timeout=1m30s lock-timeout=500ms help="Say \"go\" \\ now"
SELECT '-- brant: x=y';
