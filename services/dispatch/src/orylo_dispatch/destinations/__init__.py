"""The kinds of destination, one package each. `delivery/sink.py` is their port."""
