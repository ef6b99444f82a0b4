a; -- brant: down
/*
*/ --BRANT:up