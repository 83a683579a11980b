"""The event bus in SNS and SQS."""
