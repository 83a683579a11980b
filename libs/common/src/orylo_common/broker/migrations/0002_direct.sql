-- A message that was handed to a subscription without a row gets one if it fails. Takes no lock.

GRANT USAGE ON SEQUENCE bus.messages_message_no_seq TO orylo_bus;
