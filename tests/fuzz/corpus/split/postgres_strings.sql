pselect 'a'';', E'\'\\;''', e'x'
 -- it's
 '\';', N'x', b'1', X'3b''c', U&'d\0061;' UESCAPE '!', U&"d!0061" uescape '!', "a;""b", a$$, $1;
select $$;$$, $a$;$$;$A$;$a$, $${"a":1}$$, 1$$x$$, 1_000, 0x1F, 1e-3, .5, 1..2, a::int[1:2];
/* /* nested; */ */ select 1 +-- ;
 2 */* ; */3; -- last