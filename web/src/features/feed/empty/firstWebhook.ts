/** The commands that put the first row on an empty page. The README shows the same commands. */
export function firstWebhook(tenant: string, host: string): { settings: string; request: string } {
  return {
    settings: `printf my-hottok | .venv/bin/orylo gateway set ${tenant} hotmart --secret-stdin`,
    request: `curl -i http://${host}:8080/api/v1/webhooks/hotmart/${tenant} \\
  -H 'Content-Type: application/json' -H 'X-HOTMART-HOTTOK: my-hottok' \\
  -d '{"id": "first-'$(date +%s)'", "creation_date": '$(date +%s)'000,
       "event": "PURCHASE_APPROVED", "version": "2.0.0",
       "data": {"product": {"id": 1, "name": "First product"},
                "buyer": {"email": "ana@example.com", "name": "Ana Souza"},
                "purchase": {"transaction": "HP'$(date +%s)'", "status": "APPROVED",
                             "order_date": '$(date +%s)'000,
                             "price": {"value": 297.0, "currency_value": "BRL"},
                             "full_price": {"value": 297.0, "currency_value": "BRL"},
                             "payment": {"type": "CREDIT_CARD", "installments_number": 1}}}}'`,
  };
}
