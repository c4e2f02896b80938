"""Which policy for witnesses is in force? The file that the setting names, read whole."""

from pathlib import Path

from review.domain.witness_policy import WitnessPolicy, parse_policy
from review.errors import SettingsError

LARGEST_POLICY = 256 * 1024


def read_policy(path: Path | None) -> WitnessPolicy | None:
    """The policy in this file; None without one. `SettingsError` says what is wrong with it."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_POLICY + 1)
    except OSError:
        raise SettingsError(
            f"REVIEW_WITNESS_POLICY names {path}, which is missing or not readable here."
        ) from None
    if len(raw) > LARGEST_POLICY:
        raise SettingsError(f"The file of REVIEW_WITNESS_POLICY has more than {LARGEST_POLICY} bytes.")
    try:
        return parse_policy(raw.decode("utf-8", "surrogateescape"))
    except SettingsError as error:
        raise SettingsError(f"The file of REVIEW_WITNESS_POLICY is no policy, {error.detail}") from None
