-- Later events of a sale fill in what the first did not know. A constant default: locks the table for a moment only.
ALTER TABLE api.payments_view ADD COLUMN enriched jsonb NOT NULL DEFAULT '{}';

-- By field, [key, value]: of two that tell of the same, the higher key stays.
CREATE FUNCTION api.merge_enriched(one jsonb, other jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN one = '{}' THEN other WHEN other = '{}' THEN one ELSE (
        SELECT jsonb_object_agg(field, told) FROM (
            SELECT DISTINCT ON (field) field, told
            FROM (SELECT * FROM jsonb_each(one) UNION ALL SELECT * FROM jsonb_each(other)) AS both_of (field, told)
            ORDER BY field, (told ->> 0) COLLATE "C" DESC
        ) AS newest
    ) END
$$;
