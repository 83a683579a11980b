REVOKE USAGE ON SEQUENCE bus.messages_message_no_seq FROM orylo_bus;
