-- Each five in a row of figures and of what stands between them, as in dates and amounts. Of three
-- figures there are a thousand, which each lead to many; of five, a hundred times as many.
-- Reckoned as what it costs, so that a plan rather reads an index than asks it of each row.
CREATE OR REPLACE FUNCTION search_figures(p_text text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 250
RETURN ARRAY(
    SELECT substr(run.figures[1], n, 5)
    FROM regexp_matches(p_text, '[0-9.,/-]{5,}', 'g') AS run (figures),
         generate_series(1, length(run.figures[1]) - 4) AS n
);
