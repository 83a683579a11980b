-- Drops every read model: they can be made again only from messages sent again.
DROP TABLE api.inbox, api.rollup_amounts, api.rollups, api.conversions_view, api.trust_changes,
    api.customers_view, api.payments_view, api.detections_view;
