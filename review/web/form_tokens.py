"""The token of every form, by Flask-WTF; a token that was made or held once is believed again.

Tokens have no end here, so what Flask-WTF says of a token and a session never changes. Its signatures are
asked for once, not at each of the pages and posts of a person's day.
"""

import threading
from collections import OrderedDict
from secrets import compare_digest

from flask import Flask, g, session
from flask_wtf.csrf import CSRFProtect, generate_csrf

MOST_KEPT = 4_096
_FIELD = "csrf_token"


class _Kept:
    """The pairs of a session's secret and its token that were seen last."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._tokens: OrderedDict[str, str] = OrderedDict()

    def token_of(self, secret: str) -> str | None:
        """The token that is known of this secret."""
        return self._tokens.get(secret)

    def keep(self, secret: str, token: str) -> None:
        """Believe this token from now on; the oldest is forgotten where there are too many."""
        with self._guard:
            self._tokens[secret] = token
            while len(self._tokens) > MOST_KEPT:
                self._tokens.popitem(last=False)


class FormTokens(CSRFProtect):
    """Flask-WTF's protection with a memory."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = _Kept()

    def init_app(self, app: Flask) -> None:
        """Protect an application; its templates get their tokens from here."""
        super().init_app(app)
        app.jinja_env.globals[_FIELD] = self.token
        # in the place of the one that was added last, which would hand pages Flask-WTF's own
        app.template_context_processors[None][-1] = lambda: {_FIELD: self.token}

    def token(self) -> str:
        """The token of this session for a form."""
        found: str | None = g.get(_FIELD)
        if found is None:
            secret = session.get(_FIELD)
            found = self._kept.token_of(secret) if isinstance(secret, str) else None
            if found is None:
                found = str(generate_csrf())
                self._kept.keep(session[_FIELD], found)
            g.csrf_token = found
        return found

    def protect(self, apply_exemptions: bool = False) -> None:
        """Refuse an unsafe request unless its form has the token of its session."""
        secret = session.get(_FIELD)
        if isinstance(secret, str) and (known := self._kept.token_of(secret)) is not None:
            given = self._get_csrf_token()
            if isinstance(given, str) and compare_digest(given.encode(), known.encode()):
                g.csrf_valid = True
                return
        super().protect(apply_exemptions)
