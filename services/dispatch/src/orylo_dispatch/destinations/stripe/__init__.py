"""Actions at Stripe: cancel a payment intent, refund a payment."""
