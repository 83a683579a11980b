"""The decision on each payment: detectors side by side, risk, reasons."""
