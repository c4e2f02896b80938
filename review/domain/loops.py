"""The background loops by name, and how long one may be silent."""

LOOPS = ("dispatch", "sequence", "sign", "expire", "index", "verify", "count", "look", "receive", "deliver")
SILENT_SECONDS = 60
