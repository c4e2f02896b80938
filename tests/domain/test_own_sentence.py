"""A sentence of one's own is told from keys held down, in scripts with and without spaces."""

import pytest

from review.domain.own_sentence import is_a_sentence


@pytest.mark.parametrize(
    "text",
    [
        "It praises a listed organisation.",
        "يمدح المقطع تنظيما مدرجا بالاسم",
        "Видео восхваляет запрещённую организацию поимённо",
        "この動画は名指しで団体を称賛している。",
        "该视频点名赞扬了被列入名单的组织。",
        "วิดีโอนี้ยกย่ององค์กรที่อยู่ในรายชื่อ",
    ],
)
def test_a_sentence_of_any_script_is_one(text: str) -> None:
    assert is_a_sentence(text)


@pytest.mark.parametrize("text", ["a" * 24, "one two one two", "哈" * 24, "." * 24, "__ - __ - __"])
def test_keys_held_down_are_none(text: str) -> None:
    assert not is_a_sentence(text)
