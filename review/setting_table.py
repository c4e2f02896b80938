"""The settings on offer: each with its name, its default and its sentence, as README and pages show them."""

from dataclasses import dataclass

MOST_REQUESTS = 10_000_000
YEAR_SECONDS = 31_536_000


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, default as text (None: required) and its sentence in README.

    ``attribute``: what it is called in `Settings`, for those that administrators may change while the desk
    runs; ``least`` and ``most`` bound a whole number.
    """

    name: str
    default: str | None
    sentence: str
    attribute: str = ""
    least: int = 0
    most: int = 0


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "REVIEW_DATABASE_URL",
        "sqlite:///instance/review.db",
        "Where the data lives: `sqlite:///path` or `postgresql://user@host/name`.",
    ),
    Setting(
        "REVIEW_SECRET_KEY",
        None,
        "Signs form tokens, seals cursors and second factors (another key makes these useless); at least 32 "
        "random characters, "
        'e.g. from `python -c "import secrets; print(secrets.token_hex(32))"`.',
    ),
    Setting(
        "REVIEW_HOSTS",
        None,
        "Comma-separated hosts that are ours; a leading dot takes the host and all below it.",
        attribute="hosts",
    ),
    Setting(
        "REVIEW_DATA_DIR",
        "instance/data",
        "Folder for evidence, and for the signer where it has no folder of its own.",
    ),
    Setting(
        "REVIEW_SIGNER_DIR",
        "",
        "Folder of the signer: its keys and, outside the database, what it signed last; blank: as above.",
    ),
    Setting(
        "REVIEW_LOG_ORIGIN",
        "",
        "Name of this trail in its checkpoints, fixed by the first `flask upgrade`; blank makes one up.",
    ),
    Setting(
        "REVIEW_WITNESS_POLICY",
        "",
        "A file in the syntax of C2SP tlog-policy that names the witnesses asked to cosign the trail, with"
        " their addresses, and the quorum; blank: none are asked.",
    ),
    Setting(
        "REVIEW_INSECURE_COOKIES",
        "0",
        "1 drops `Secure` and `__Host-` from the session cookie; only for plain HTTP on loopback.",
    ),
    Setting(
        "REVIEW_UNDO_SECONDS",
        "60",
        "How long a recorded review can be undone before it is dispatched.",
        attribute="undo_seconds",
        least=0,
        most=3_600,
    ),
    Setting(
        "REVIEW_CLAIM_SECONDS",
        "900",
        "How long a claim on a case lasts unless it is renewed.",
        attribute="claim_seconds",
        least=5,
        most=86_400,
    ),
    Setting(
        "REVIEW_TARGET_SECONDS",
        "259200",
        "Target for a decision on an ordinary case (72 h).",
        attribute="target_seconds",
        least=60,
        most=YEAR_SECONDS,
    ),
    Setting(
        "REVIEW_TARGET_FLAGGER_SECONDS",
        "86400",
        "Target when the sender holds trusted-flagger status on the day of receipt (24 h).",
        attribute="target_flagger_seconds",
        least=60,
        most=YEAR_SECONDS,
    ),
    Setting(
        "REVIEW_TARGET_THREAT_SECONDS",
        "3600",
        "Target for a threat to life or removal order (1 h).",
        attribute="target_threat_seconds",
        least=60,
        most=YEAR_SECONDS,
    ),
    Setting(
        "REVIEW_SESSION_IDLE_SECONDS",
        "1800",
        "A sign-in ends after this long without a request.",
        attribute="session_idle_seconds",
        least=60,
        most=86_400,
    ),
    Setting(
        "REVIEW_SESSION_SECONDS",
        "43200",
        "A sign-in ends after this long in any case (12 h).",
        attribute="session_seconds",
        least=60,
        most=604_800,
    ),
    Setting(
        "REVIEW_DATABASE_WAIT_SECONDS",
        "5",
        "How long a write waits for the database before it answers 503 with `Retry-After`.",
    ),
    Setting(
        "REVIEW_TRUSTED_PROXIES",
        "0",
        "How many proxies in front of the server may name the caller's address in `X-Forwarded-For`.",
    ),
    Setting(
        "REVIEW_REQUESTS_PER_MINUTE",
        "6000",
        "How many requests one API key may send a minute; a batch is one, 0 means no limit.",
        attribute="requests_per_key",
        least=0,
        most=MOST_REQUESTS,
    ),
    Setting(
        "REVIEW_ADDRESS_REQUESTS_PER_MINUTE",
        "12000",
        "How many requests one address may send to the API and the log a minute; 0 means no limit.",
        attribute="requests_per_address",
        least=0,
        most=MOST_REQUESTS,
    ),
    Setting(
        "REVIEW_FAILED_KEYS_PER_MINUTE",
        "60",
        "How many requests without a valid key one address may send a minute; 0 means no limit.",
        attribute="failed_keys_per_address",
        least=0,
        most=MOST_REQUESTS,
    ),
    Setting(
        "REVIEW_METRICS_TOKEN",
        "",
        "Whoever sends it as `Authorization: Bearer` reads `/metrics` and the detail of `/readyz` from"
        " anywhere; at least 32 random characters, blank leaves both to this machine.",
    ),
    Setting(
        "REVIEW_WEBHOOK_NETWORKS",
        "",
        "Comma-separated networks such as `10.20.0.0/16` whose addresses messages to senders may reach beside"
        " public ones, by plain HTTP as well; blank: public addresses and https alone.",
    ),
    Setting(
        "REVIEW_PLATFORM_URL",
        "",
        "Where our own platform is told of decisions that it has to carry out; an inner address and plain"
        " HTTP will do, because you name it. Blank: a lead reports each restriction by hand.",
    ),
    Setting(
        "REVIEW_PLATFORM_SECRET",
        "",
        "Signs the messages to the platform (Standard Webhooks): `whsec_` and base64 of 24 to 64 random"
        " bytes; while it changes, the new and the old one with a comma between.",
    ),
    Setting(
        "REVIEW_PLATFORM_HOURS",
        "24",
        "After how many hours a restriction that is not in place is overdue; 0: never.",
        attribute="platform_hours",
        least=0,
        most=8_760,
    ),
    Setting(
        "REVIEW_PUBLIC_URL",
        "",
        "Where people reach this desk, such as `https://desk.example`, for the links in mails.",
    ),
    Setting(
        "REVIEW_SMTP_HOST",
        "",
        "The mail server that takes notices for senders who want them; blank: none are offered. Needs"
        " `REVIEW_PUBLIC_URL` and `REVIEW_SMTP_FROM`.",
    ),
    Setting("REVIEW_SMTP_PORT", "587", "Its port."),
    Setting(
        "REVIEW_SMTP_TLS",
        "starttls",
        "How the connection to it is encrypted: `starttls`, `tls` from the first byte, or `off`.",
    ),
    Setting("REVIEW_SMTP_USER", "", "Whom we sign in there as; blank: nobody. Only where it is encrypted."),
    Setting("REVIEW_SMTP_PASSWORD", "", "The password of that user."),
    Setting("REVIEW_SMTP_FROM", "", "The address that mails come from."),
    Setting(
        "REVIEW_TIME_ZONE",
        "UTC",
        "Time zone of pages for people who have not chosen one, such as `Europe/Brussels`.",
    ),
    Setting(
        "REVIEW_CONTACT_POINT",
        "",
        "Where senders ask (DSA Art. 11): an e-mail address or other words, at most"
        " 200 characters; shown on their pages, blank shows none.",
    ),
    Setting(
        "REVIEW_BREAK_MINUTES",
        "50",
        "Minutes of work without a break after which a moderator is asked to take one; 0 asks nobody.",
        attribute="break_minutes",
        least=0,
        most=480,
    ),
    Setting(
        "REVIEW_BREAK_REVEALS",
        "20",
        "Pieces of evidence of high severity after which a moderator is asked to rest; 0 asks nobody.",
        attribute="break_reveals",
        least=0,
        most=1_000,
    ),
    Setting(
        "REVIEW_BUDGET_HIGH",
        "60",
        "Pieces of evidence of high severity a day after which “next” offers only low severity; 0 limits"
        " nothing.",
        attribute="budget_high",
        least=0,
        most=10_000,
    ),
    Setting(
        "REVIEW_BUDGET_LOW",
        "0",
        "The same for low severity: the moderator is told when it is used; 0 limits nothing.",
        attribute="budget_low",
        least=0,
        most=10_000,
    ),
    Setting(
        "REVIEW_SEVERE_IN_A_ROW",
        "3",
        "After so many cases of high severity “next” offers one of low severity, unless a deadline is near;"
        " 0 keeps the order.",
        attribute="severe_in_a_row",
        least=0,
        most=100,
    ),
    Setting(
        "REVIEW_COMFORT",
        "blur,grey,small",
        "How pictures first appear to people who have not chosen: any of `blur` and `grey`, and `small` or"
        " `full`. Comfort, not protection.",
        attribute="comfort",
    ),
    Setting(
        "REVIEW_SECOND_FACTOR",
        "required",
        "Whether people show a second factor: `required`, `optional` (who has set one up shows it) or `off`.",
    ),
    Setting(
        "REVIEW_PASSKEY_ROLES",
        "legal,admin",
        "Comma-separated roles whose second factor must be a passkey; blank lets everybody use an app.",
    ),
    Setting(
        "REVIEW_SECOND_REVIEW_SHARE",
        "0.2",
        "What share of reviews gets a blind second one at random, 0 to 1, beside those that a rule asks for.",
        attribute="second_review_share",
    ),
    Setting(
        "REVIEW_OVER_BROAD_PATHS",
        "",
        "Comma-separated paths that stand for more than one piece of content, such as `/channel/*`; decisions"
        " on them need a second review. `*` stands for anything but a slash.",
        attribute="over_broad_paths",
    ),
    Setting(
        "REVIEW_FOLD_SENDER",
        "referral, notice",
        "Comma-separated kinds (`referral`, `notice`, `removal_order`) whose sender stays hidden until the"
        " first look at the case. A removal order binds whoever gets it, and may be refused only for what its"
        " authority and form show (TCO Art. 3), so by default it says who issued it.",
        attribute="fold_sender",
    ),
    Setting(
        "REVIEW_RETENTION_REFERRAL_DAYS",
        "365",
        "Days after the end of a case of referrals until legal is asked whether it is still needed; 184 at"
        " least, because of complaints (DSA Art. 20). Nothing is erased by itself.",
        attribute="retention_referral_days",
        least=184,
        most=36_500,
    ),
    Setting(
        "REVIEW_RETENTION_NOTICE_DAYS",
        "365",
        "The same for notices (DSA Art. 16).",
        attribute="retention_notice_days",
        least=184,
        most=36_500,
    ),
    Setting(
        "REVIEW_RETENTION_ORDER_DAYS",
        "365",
        "The same for removal orders, whose content is kept for six months in any case (TCO Art. 6).",
        attribute="retention_order_days",
        least=184,
        most=36_500,
    ),
    Setting(
        "REVIEW_ERASURE_JOURNAL",
        "",
        "A file that lists what was erased, kept outside the database so that a restored backup loses it"
        " again; blank: `erasures` in the folder of `REVIEW_DATA_DIR`. Never put an older one in its place.",
    ),
    Setting(
        "REVIEW_SHORT_LOOK_SECONDS",
        "10",
        "Under how many seconds from taking a case to recording its review the team page calls a look very"
        " short.",
        attribute="short_look_seconds",
        least=1,
        most=600,
    ),
)
