"""The example of a request that a sender can copy, with the address and a host of this desk."""

import json

from review.domain.locations import Hosts


def example_table(*, hosts: Hosts) -> str:
    """A table of two items of one referral, which names a host of this desk."""
    host = min(hosts.exact or hosts.with_subdomains)
    rows = (
        "reference,reason,url,content_type,language,category,detected_at",
        f"2026-0001,Why this breaks your terms.,https://{host}/address-of-the-content,video,ar,"
        "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY,2026-01-31 09:30",
        f"2026-0001,,https://{host}/a-second-address-of-the-same-referral,image,,,",
    )
    return "".join(f"{row}\r\n" for row in rows)


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
