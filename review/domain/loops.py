"""The background loops by name, and how long one may be silent."""

LOOPS = (
    "dispatch",
    "sequence",
    "sign",
    "witness",
    "expire",
    "index",
    "verify",
    "count",
    "look",
    "receive",
    "export",
    "deliver",
    "erase",
)
SIGNER = "sign"
"""The loop that holds the key; it runs in a process of its own."""
SILENT_SECONDS = 60
