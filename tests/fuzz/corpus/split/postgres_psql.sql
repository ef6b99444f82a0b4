pSELECT 1 \gset
\connect x
