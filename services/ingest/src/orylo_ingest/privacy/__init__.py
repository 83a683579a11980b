"""Personal data: normalise, hash and scrub it. No I/O."""
