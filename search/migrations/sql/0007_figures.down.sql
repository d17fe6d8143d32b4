DROP FUNCTION IF EXISTS search_figures(text);
