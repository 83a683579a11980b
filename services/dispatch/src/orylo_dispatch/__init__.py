"""Match conversions with clicks and deliver them to destinations."""
