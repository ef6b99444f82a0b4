mselect 1\G
source x