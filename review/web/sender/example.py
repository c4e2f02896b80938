"""The example of a request that a sender can copy, with the address and a host of this desk."""

import json

from review.domain.locations import Hosts


def example_request(address: str, *, hosts: Hosts) -> str:
    """A command line that refers one item to ``address``; its key is the word KEY."""
    host = min(hosts.exact or hosts.with_subdomains)
    body = {
        "reference": "2026-0001",
        "reason": "Why this breaks your terms, in a sentence or two.",
        "items": [{"url": f"https://{host}/address-of-the-content"}],
    }
    written = json.dumps(body, indent=2).replace("\n", "\n  ")
    return (
        f"curl --fail-with-body {address} \\\n"
        '  --header "Authorization: Bearer KEY" \\\n'
        '  --header "Content-Type: application/json" \\\n'
        f"  --data '{written}'"
    )
