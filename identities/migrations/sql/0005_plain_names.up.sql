-- A name as names are compared: by compatible forms (NFKC), without case as Unicode folds it,
-- without what nobody sees (its default-ignorable code points), with single spaces. After NFKD
-- only the letters below are lower-case and fold to others.
CREATE FUNCTION plain_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(normalize(replace(translate(lower(normalize(
        regexp_replace(
            name,
            '[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E'
            '\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFF8\U0001BCA0-\U0001BCA3'
            '\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]',
            '', 'g'
        ), NFKD)),
        U&'\03C2\0345\1C80\1C81\1C82\1C83\1C84\1C85\1C86\1C87\1C88',
        U&'\03C3\03B9\0432\0434\043E\0441\0442\0442\044A\0463\A64B'),
        'ß', 'ss'), NFKC),
        '[\u0009-\u000D\u0020\u0085\u1680\u2028\u2029]+', ' ', 'g'))
$$;
