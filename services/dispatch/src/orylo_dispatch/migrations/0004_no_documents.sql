-- Removes the hashes of documents, which no destination takes. Rewrites the affected rows.
UPDATE dispatch.deliveries SET conversion = conversion #- '{match_keys,document}'
WHERE conversion #> '{match_keys,document}' IS NOT NULL;

UPDATE dispatch.enrichments
SET payment = payment #- '{match_keys,document}' #- '{data,match_keys,document}',
    later = (
        SELECT coalesce(jsonb_agg(each #- '{match_keys,document}' #- '{data,match_keys,document}' ORDER BY place), '[]')
        FROM jsonb_array_elements(later) WITH ORDINALITY AS listed (each, place)
    )
WHERE payment::text LIKE '%"document"%' OR later::text LIKE '%"document"%';
