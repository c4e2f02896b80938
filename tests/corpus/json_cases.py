"""JSON syntax and semantics: what two parsers could read differently is refused before any rule counts."""

import json

from tests.corpus.cases import CANARY, Case, body_of, broken, escaped_body_of, good, named, not_json

CATEGORY = "json"


def _text(name: str) -> str:
    return body_of(f"json {name}").decode()


def _bad(name: str, body: bytes) -> Case:
    return not_json(CATEGORY, name, body)


def _with(name: str, member: str) -> bytes:
    """A good body with one more member, given as JSON text that may be broken."""
    return (_text(name)[:-1] + ", " + member + "}").encode("utf-8", "surrogatepass")


def _value(name: str, value: str) -> Case:
    """A broken value under a name that is not known either: syntax comes first."""
    return _bad(name, _with(name, f'"x": {value}'))


def _reason(name: str, spelled: bytes) -> bytes:
    """A good body whose reason is spelled by these bytes."""
    whole = json.dumps(f"{CANARY} reason").encode()
    return _text(name).encode().replace(whole, b'"' + CANARY.encode() + spelled + b'"')


def _whole_bodies() -> list[Case]:
    text = _text("bytes")
    body = text.encode()
    return [
        _bad("no byte at all", b""),
        _bad("white space only", b" \t\r\n "),
        _bad("a form", b"reference=1&reason=2"),
        _bad("xml", b"<referral/>"),
        _bad("cut before the last brace", body[:-1]),
        _bad("cut inside a string", body[:20]),
        _bad("cut after a colon", b'{"reference":'),
        _bad("comma after the last member", text[:-1].encode() + b",}"),
        _bad("comma after the last item", body.replace(b"}]", b"},]")),
        _bad("comma before the first member", b"{," + body[1:]),
        _bad("two commas", body.replace(b", ", b",, ", 1)),
        _bad("no colon", body.replace(b": ", b" ", 1)),
        _bad("no comma", body.replace(b", ", b" ", 1)),
        _bad("single quotes", body.replace(b'"', b"'")),
        _bad("member without quotes", b'{reference: "a"}'),
        _bad("block comment", b"/* */" + body),
        _bad("line comment", body + b"// end"),
        _bad("hash comment", b"# start\n" + body),
        _bad("letter behind", body + b"x"),
        _bad("nul behind", body + b"\0"),
        _bad("brace behind", body + b"}"),
        _bad("two objects", body + body),
        _bad("two lines", body + b"\n" + body),
        _bad("record separator before", b"\x1e" + body),
        _bad("anti-hijacking prefix", b")]}',\n" + body),
        _bad("root array", b"[" + body + b"]"),
        _bad("root string", json.dumps(text).encode()),
        _bad("root number", b"7"),
        _bad("root true", b"true"),
        _bad("root null", b"null"),
    ]


def _encodings() -> list[Case]:
    text = _text("encoding")
    return [
        _bad("byte order mark", b"\xef\xbb\xbf" + text.encode()),
        _bad("utf-16 little endian", text.encode("utf-16-le")),
        _bad("utf-16 big endian with mark", b"\xfe\xff" + text.encode("utf-16-be")),
        _bad("utf-32", text.encode("utf-32")),
        _bad("latin-1", _reason("latin-1", b"\xfc")),
        _bad("windows-1252 quotes", _reason("windows", b"\x93\x94")),
        _bad("overlong solidus", _reason("overlong", b"\xc0\xaf")),
        _bad("overlong nul", _reason("overlong nul", b"\xc0\x80")),
        _bad("surrogate in utf-8", _reason("cesu", b"\xed\xa0\x80")),
        _bad("pair of surrogates in utf-8", _reason("cesu-8", b"\xed\xa0\xbd\xed\xb8\x80")),
        _bad("beyond u+10ffff", _reason("beyond", b"\xf4\x90\x80\x80")),
        _bad("five bytes", _reason("five", b"\xf8\x88\x80\x80\x80")),
        _bad("character cut off", _reason("cut", b"\xe2\x82")),
        _bad("continuation alone", _reason("alone", b"\x80")),
    ]


def _strings() -> list[Case]:
    emoji = {"columns": {"reason": CANARY + "😀"}}
    return [
        _bad("raw line break in a string", _reason("lf", b"\n")),
        _bad("raw tab in a string", _reason("tab", b"\t")),
        _bad("raw nul in a string", _reason("nul", b"\0")),
        _bad("raw escape in a string", _reason("esc", b"\x1b[2J")),
        _bad("unknown escape", _reason("x", b"\\x41")),
        _bad("three hex digits", _reason("u3", b"\\u123")),
        _bad("no hex digits", _reason("u", b"\\uZZZZ")),
        _bad("backslash at the end", _reason("end", b"\\")),
        _bad("escaped nul", _reason("u0", b"\\u0000")),
        _bad("high surrogate alone", _reason("high", b"\\ud83d")),
        _bad("low surrogate alone", _reason("low", b"\\ude00")),
        _bad("surrogates the wrong way round", _reason("wrong", b"\\ude00\\ud83d")),
        _bad("surrogate in a member name", _with("name", '"\\ud800": 1')),
        _bad("nul in a member name", _with("nul name", '"a\\u0000b": 1')),
        good(CATEGORY, "escaped pair", _reason("pair", b"\\ud83d\\ude00"), **emoji),
        good(CATEGORY, "upper case pair", _reason("PAIR", b"\\uD83D\\uDE00"), **emoji),
        good(CATEGORY, "delete in a string", _reason("del", b"\x7f"), columns={"reason": CANARY + "\x7f"}),
        good(
            CATEGORY,
            "every escape",
            _reason("escapes", b'\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9'),
            columns={"reason": CANARY + '"\\/\b\f\n\r\té'},
        ),
    ]


def _numbers() -> list[Case]:
    known = broken(
        CATEGORY, "largest integer", "unknown_member", "/x", _with("2^53-1", '"x": 9007199254740991')
    )
    return [
        _value("not a number", "NaN"),
        _value("infinity", "Infinity"),
        _value("minus infinity", "-Infinity"),
        _value("float without end", "1e999"),
        _value("2 to the 53rd", "9007199254740992"),
        _value("minus 2 to the 53rd", "-9007199254740992"),
        _value("five thousand digits", "9" * 5_000),
        _value("leading zero", "01"),
        _value("plus sign", "+1"),
        _value("no digit before the point", ".5"),
        _value("no digit behind the point", "1."),
        _value("hexadecimal", "0x10"),
        _value("minus alone", "-"),
        _value("empty exponent", "1e"),
        _value("underscores", "1_000"),
        _value("arabic digits", "\u0661\u0662"),
        _value("true in capitals", "True"),
        _value("undefined", "undefined"),
        known,
        broken(CATEGORY, "tiny float", "unknown_member", "/x", _with("tiny", '"x": -1e-999')),
    ]


def _shapes() -> list[Case]:
    def nested(depth: int) -> str:
        """``depth`` levels, the object around them counted."""
        return '"x": ' + "[" * (depth - 1) + "]" * (depth - 1)

    item = '"items": [{"url": "https://video.example/1", "url": "https://video.example/2"}]'
    spaced = _text("spaces").replace(", ", "\t,\r\n ").replace(": ", "\n:\t")
    return [
        broken(CATEGORY, "32 levels", "unknown_member", "/x", _with("32", nested(32))),
        _bad("33 levels", _with("33", nested(33))),
        _bad("100 000 levels", b"[" * 100_000),
        _bad("100 000 objects", b'{"a":' * 100_000),
        _bad("member twice", _with("twice", '"reason": "other"')),
        _bad("member twice, same value", _with("same", '"good_faith": true, "good_faith": true')),
        _bad("member twice, once escaped", _with("escaped", '"\\u0072eason": "other"')),
        _bad("unknown member twice", _with("unknown", '"x": 1, "x": 1')),
        _bad("member of an item twice", b'{"reference": "a", "reason": "b", ' + item.encode() + b"}"),
        _bad("brackets crossed", b'{"items": [{"url": "a"]}}'),
        _bad("vertical tab between", _with("vt", '"x":\v1')),
        _bad("form feed between", _with("ff", '"x":\f1')),
        _bad("no-break space between", _with("nbsp", '"x":\u00a01')),
        good(CATEGORY, "white space of all four kinds", f"\t\r\n {spaced}\n".encode()),
        good(
            CATEGORY,
            "ascii only",
            escaped_body_of("json ascii", reason=CANARY + "é"),
            columns={"reason": CANARY + "é"},
        ),
        good(CATEGORY, "solidus escaped", body_of("json solidus").replace(b"/", b"\\/")),
        good(CATEGORY, "member names escaped", body_of("json names").replace(b'"reason"', b'"\\u0072eason"')),
    ]


CASES = named(CATEGORY, [*_whole_bodies(), *_encodings(), *_strings(), *_numbers(), *_shapes()])
