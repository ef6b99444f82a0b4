--migrate:up x:y transaction:false
'
-- migrate:down
';
-- migrate:down transaction:true
b