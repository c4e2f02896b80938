"""URLs: what names a location on our hosts, whatever its spelling, and what only looks as if it did."""

from collections.abc import Iterator

from tests.corpus.cases import CANARY, Case, body_of, broken, good, named

CATEGORY = "url"
HOME = f"https://video.example/{CANARY}"
BOOKS = "https://xn--bcher-kva.example/"
LIMIT = 2_048

# what is sent -> its canonical form
TAKEN = {
    # spelling of scheme and slashes
    "http": ("http://video.example/a", "http://video.example/a"),
    "capitals": ("HTTPS://VIDEO.EXAMPLE/A", "https://video.example/A"),
    "no slashes": ("https:video.example/a", "https://video.example/a"),
    "one slash": ("https:/video.example/a", "https://video.example/a"),
    "five slashes": ("https://///video.example/a", "https://video.example/a"),
    "backslashes": ("https:\\\\video.example\\a", "https://video.example/a"),
    "spaces around": (" \t https://video.example/a\n ", "https://video.example/a"),
    "controls around": ("\x01\x1fhttps://video.example/a\x1f", "https://video.example/a"),
    "tab in the scheme": ("ht\ttps://video.example/a", "https://video.example/a"),
    "line break in the host": ("https://vid\r\neo.example/a", "https://video.example/a"),
    # spelling of the host
    "no path": ("https://video.example", "https://video.example/"),
    "dot at the end": ("https://video.example./a", "https://video.example./a"),
    "escaped host": ("https://%76ide%6F.example/a", "https://video.example/a"),
    "full-width host": ("https://ｖｉｄｅｏ．ｅｘａｍｐｌｅ/a", "https://video.example/a"),
    "circled letters": ("https://ⓥⓘⓓⓔⓞ.example/a", "https://video.example/a"),
    "ideographic full stop": ("https://video。example/a", "https://video.example/a"),
    "soft hyphen": ("https://vi\u00addeo.example/a", "https://video.example/a"),
    "zero-width space": ("https://vi\u200bdeo.example/a", "https://video.example/a"),
    "below a host that takes all": ("https://a.b.social.example/c", "https://a.b.social.example/c"),
    "that host itself": ("https://social.example/c", "https://social.example/c"),
    "international": ("https://bücher.example/", BOOKS),
    "international, decomposed": ("https://bu\u0308cher.example/", BOOKS),
    "international, capitals": ("https://BÜCHER.example/", BOOKS),
    "international, escaped": ("https://b%C3%BCcher.example/", BOOKS),
    "punycode": (BOOKS, BOOKS),
    # user, port, path, query, fragment
    "user": ("https://evil.example@video.example/a", "https://video.example/a"),
    "user and password": (f"https://u:{CANARY}@video.example/a", "https://video.example/a"),
    "empty user": ("https://@video.example/a", "https://video.example/a"),
    "two at signs": ("https://a@b@video.example/a", "https://video.example/a"),
    "default port": ("https://video.example:443/a", "https://video.example/a"),
    "default port of http": ("http://video.example:80/a", "http://video.example/a"),
    "other port": ("https://video.example:8443/a", "https://video.example:8443/a"),
    "port with noughts": ("https://video.example:000443/a", "https://video.example/a"),
    "empty port": ("https://video.example:/a", "https://video.example/a"),
    "port 0": ("https://video.example:0/a", "https://video.example:0/a"),
    "largest port": ("https://video.example:65535/a", "https://video.example:65535/a"),
    "dot segments": ("https://video.example/a/./b/../../c", "https://video.example/c"),
    "escaped dot segments": ("https://video.example/a/%2e%2E/b", "https://video.example/b"),
    "above the root": ("https://video.example/../../etc/passwd", "https://video.example/etc/passwd"),
    "backslash in the path": ("https://video.example/a\\b", "https://video.example/a/b"),
    "space in the path": ("https://video.example/a b", "https://video.example/a%20b"),
    "letters in the path": ("https://video.example/ü/😀", "https://video.example/%C3%BC/%F0%9F%98%80"),
    "escape of no byte": ("https://video.example/%zz%", "https://video.example/%zz%"),
    "escaped nul": ("https://video.example/a%00b", "https://video.example/a%00b"),
    "markup": ("https://video.example/<b>\"'", "https://video.example/%3Cb%3E%22'"),
    "query with another address": (
        "https://video.example/?u=https://evil.example/",
        "https://video.example/?u=https://evil.example/",
    ),
    "fragment": ("https://video.example/a#@evil.example", "https://video.example/a"),
    "slash and at behind the host": (
        "https://video.example/@evil.example",
        "https://video.example/@evil.example",
    ),
    # defanged
    "hxxps": ("hxxps://video.example/a.b", "https://video.example/a.b"),
    "hxxp in capitals": ("HXXP://video.example/a", "http://video.example/a"),
    "bracketed dot": ("https://video[.]example/a", "https://video.example/a"),
    "bracketed colon": ("https[:]//video.example/a", "https://video.example/a"),
    "all brackets": ("hxxps[:]//video[.]example[:]443/a[.]b", "https://video.example/a.b"),
    "brackets of the path alone": ("https://video.example/a[.]b", "https://video.example/a[.]b"),
}

REFUSED = {
    "url_empty": {
        "empty": "",
        "blank": " ",
        "line breaks": "\r\n\t",
        "no-break space": "\u00a0",
        "ideographic space": "\u3000",
    },
    "url_not_valid": {
        "no scheme": "video.example/a",
        "no scheme, slashes": "//video.example/a",
        "path": "/watch",
        "query": "?q",
        "fragment": "#a",
        "words": "see the attached list",
        "space in the host": "https://video example/",
        "escaped nul in the host": "https://video%00.example/",
        "less-than in the host": "https://video<.example/",
        "pipe in the host": "https://video.example|evil/",
        "caret": "https://vi^deo.example/",
        "port 65536": "https://video.example:65536/",
        "negative port": "https://video.example:-1/",
        "port in letters": "https://video.example:https/",
        "two ports": "https://video.example:1:2/",
        "open bracket": "https://[::1/",
        "name in brackets": "https://[video.example]/",
        "long octet": "https://1.2.3.256/",
        "five octets": "https://1.2.3.4.5/",
        "bad punycode": "https://xn--a/",
        "escaped at": "https://u%40video%40example:x/",
        "colon first": "://video.example/",
        "digit first": "1https://video.example/",
        "full-width colon": "https：//video.example/",
        "soft hyphen only": "https://\u00ad/",
        "escaped no byte in the host": "https://%zz.example/",
    },
    "url_scheme": {
        "ftp": "ftp://video.example/",
        "file": "file:///etc/passwd",
        "file of a host": "file://video.example/a",
        "web socket": "wss://video.example/",
        "script": "javascript:alert('video.example')",
        "script, split": "java\nscript:alert(1)",
        "inline": "data:text/html,https://video.example/",
        "mail": "mailto:desk@video.example",
        "telephone": "tel:+3211",
        "urn": "urn:isbn:0451450523",
        "blob": "blob:https://video.example/1",
        "view source": "view-source:https://video.example/",
        "gopher": "gopher://video.example/",
        "longer scheme": "httpss://video.example/",
        "about": "about:blank",
        "opaque": "video.example:443/a",
        "intent": "intent://video.example#Intent;end",
    },
    "url_no_host": {
        "slashes only": "https://",
        "scheme only": "https:",
        "query only": "https://?video.example",
        "fragment only": "https://#video.example",
        "hxxps only": "hxxps[:]//",
    },
    "not_our_host": {
        "elsewhere": f"https://elsewhere.example/{CANARY}",
        "prefix": "https://video.example.evil.example/",
        "suffix": "https://evilvideo.example/",
        "label missing": "https://example/",
        "below a host that takes none": "https://www.video.example/",
        "not below": "https://notsocial.example/",
        "two dots at the end": "https://video.example../",
        "user that looks like the host": "https://video.example@evil.example/",
        "password that does": "https://u:video.example@evil.example/",
        "backslash before at": "https://evil.example\\@video.example/",
        "fragment before at": "https://evil.example#@video.example/",
        "query before at": "https://evil.example?@video.example/",
        "slash before at": "https://evil.example/@video.example/",
        "tab hides the dot": "https://video.example\t.evil.example/",
        "bracketed dots": "https://video[.]example[.]evil[.]example/",
        "cyrillic letter": "https://vide\u043e.example/",
        "greek letter": "https://vid\u03b5o.example/",
        "dotless i": "https://v\u0131deo.example/",
        "no umlaut": "https://bucher.example/",
        "two letters": "https://buecher.example/",
        "loopback": "https://127.0.0.1/",
        "loopback in hex": "https://0x7f.1/",
        "loopback in one number": "https://2130706433/",
        "loopback in octal": "https://0177.0.0.1/",
        "loopback circled": "https://①②⑦.⓪.⓪.①/",
        "loopback of version 6": "https://[::1]/",
        "metadata service": "http://169.254.169.254/latest/",
        "mapped address": "https://[::ffff:127.0.0.1]/",
        "localhost": "http://localhost/",
    },
}

# pairs that name one location: the second is refused, the first stands
REPEATED = {
    "scheme": ("http://video.example/s", "https://video.example/s"),
    "port": ("https://video.example/p", "https://video.example:443/p"),
    "fragment": ("https://video.example/f#1", "https://video.example/f#2"),
    "user": ("https://video.example/u", "https://a:b@video.example/u"),
    "escape": ("https://video.example/%7Ee", "https://video.example/~e"),
    "tracking": ("https://video.example/t?a=1", "https://video.example/t?utm_source=x&a=1&fbclid=2"),
    "order of the query": ("https://video.example/q?a=1&b=2", "https://video.example/q?b=2&a=1"),
    "defanging": ("https://video.example/d", "hxxps://video[.]example/d"),
    "letter by letter": ("https://video.example/same", "https://video.example/same"),
}


def _one(name: str, url: str) -> bytes:
    return body_of(f"url {name}", items=[{"url": url}])


def _lengths() -> Iterator[Case]:
    start = "https://video.example/"
    longest = start + "x" * (LIMIT - len(start))
    wide = start + "ü" * (LIMIT - len(start))
    yield good(CATEGORY, "at its limit", _one("limit", longest), items=((longest, longest),))
    yield good(
        CATEGORY,
        "wide characters at the limit",
        _one("wide limit", wide),
        items=((wide, start + "%C3%BC" * (LIMIT - len(start))),),
    )
    for name, url in (
        ("one too long", longest + "x"),
        ("one space too long", longest + " "),
        ("a mebibyte", start + "x" * (2**20 - len(start))),
        ("a mebibyte of dots", start + "../" * 349_000),
        ("a mebibyte of host", "https://" + "a." * 524_000),
        ("a mebibyte of at signs", "https://" + "@" * 2**20 + "video.example"),
    ):
        yield broken(CATEGORY, name, "url_too_long", "/items/0/url", _one(name, url))


def _beside_a_good_one(code: str, url: str) -> Case:
    """The referral stands; the refused item is answered and kept."""
    name = f"{code} beside a good one"
    body = body_of(f"url {name}", items=[{"url": url}, {"url": HOME}, {"url": url}])
    refused = ((0, url, code), (2, url, code))
    return good(CATEGORY, name, body, items=((HOME, HOME),), refused=refused)


def _repeats() -> Iterator[Case]:
    for name, (first, second) in REPEATED.items():
        body = body_of(f"url repeat of {name}", items=[{"url": first}, {"url": second}])
        canonical = first.partition("#")[0]
        yield good(
            CATEGORY,
            f"repeat, other {name}",
            body,
            items=((first, canonical),),
            refused=((1, second, "repeated_location"),),
        )


def _all() -> Iterator[Case]:
    for name, (url, canonical) in TAKEN.items():
        yield good(CATEGORY, name, _one(name, url), items=((url, canonical),))
    for code, urls in REFUSED.items():
        for name, url in urls.items():
            yield broken(CATEGORY, f"{code}: {name}", code, "/items/0/url", _one(name, url))
        yield _beside_a_good_one(code, next(iter(urls.values())))
    yield _beside_a_good_one("url_too_long", "https://video.example/" + "x" * LIMIT)
    yield from _lengths()
    yield from _repeats()
    nothing_good = body_of("url nothing good", items=[{"url": "ftp://a/"}, {"url": "https://evil.example/"}])
    yield broken(CATEGORY, "nothing good", "not_our_host", "/items/1/url", nothing_good)


CASES = named(CATEGORY, list(_all()))
