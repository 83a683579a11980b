-- What is done at the payment provider because a payment is blocked. New tables only; locks nothing.

-- The version of the newest decision on a payment, so that an older one that arrives later asks for nothing.
CREATE TABLE dispatch.action_decisions (
    tenant_id uuid NOT NULL,
    payment_id text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id)
);
CREATE INDEX action_decisions_created_at ON dispatch.action_decisions (created_at);

-- The columns of the schedule are those of dispatch.deliveries.
CREATE TABLE dispatch.provider_actions (
    -- Derived from the tenant, the payment and the action.
    delivery_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    destination_id uuid NOT NULL,
    destination_kind text NOT NULL,
    payment_id text NOT NULL,
    action text NOT NULL CHECK (action IN ('cancel', 'refund')),
    correlation_id uuid NOT NULL,
    traceparent text,
    paid_at timestamptz NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    livemode boolean NOT NULL,
    -- The decision that asks for it, and the newest one that was taken into account.
    detection_id uuid NOT NULL,
    decision_version integer NOT NULL,
    decided_by text NOT NULL,
    contradiction text,
    -- Even. The message about an attempt's result has the odd number after it.
    revision integer NOT NULL DEFAULT 0,
    redrives integer NOT NULL DEFAULT 0,
    redriven_by uuid,
    state text NOT NULL CHECK (state IN ('pending', 'dispatched', 'failed', 'suppressed')),
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    refusals integer NOT NULL DEFAULT 0,
    started_at timestamptz,
    maybe_sent_at timestamptz,
    code text,
    reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    UNIQUE (tenant_id, payment_id, action)
);
CREATE INDEX provider_actions_due ON dispatch.provider_actions (destination_id, tenant_id, due_at) WHERE state = 'pending';
COMMENT ON COLUMN dispatch.provider_actions.contradiction IS 'why an action that was carried out should not have been';

-- Each change of an action is a line of the audit log, in the transaction of the change.
GRANT INSERT ON control.audit_log TO orylo_dispatch;
CREATE POLICY platform_lines ON control.audit_log FOR INSERT TO orylo_dispatch WITH CHECK (actor_kind = 'platform');

CREATE FUNCTION dispatch.audit_provider_action() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO control.audit_log
        (tenant_id, id, actor_kind, actor, action, subject, before, after, address, user_agent)
    VALUES (
        NEW.tenant_id, gen_random_uuid(), 'platform', 'orylo', 'provider.' || NEW.action,
        'payment ' || NEW.payment_id,
        CASE TG_OP WHEN 'UPDATE' THEN jsonb_build_object('state', OLD.state) END,
        jsonb_strip_nulls(jsonb_build_object(
            'state', NEW.state, 'code', NEW.code, 'reason', NEW.reason, 'contradiction', NEW.contradiction,
            'detection_id', NEW.detection_id, 'decided_by', NEW.decided_by,
            'amount_minor', NEW.amount_minor, 'currency', NEW.currency
        )),
        '', 'dispatch'
    );
    RETURN NULL;
END $$;
CREATE TRIGGER added AFTER INSERT ON dispatch.provider_actions
    FOR EACH ROW EXECUTE FUNCTION dispatch.audit_provider_action();
CREATE TRIGGER changed AFTER UPDATE ON dispatch.provider_actions
    FOR EACH ROW WHEN ((OLD.state, OLD.contradiction) IS DISTINCT FROM (NEW.state, NEW.contradiction))
    EXECUTE FUNCTION dispatch.audit_provider_action();

GRANT SELECT, INSERT, UPDATE ON dispatch.provider_actions TO orylo_dispatch;
GRANT SELECT, INSERT, UPDATE, DELETE ON dispatch.action_decisions TO orylo_dispatch;
