"""Files that people of both senders brought, of each one checked and one sent; and an export."""

from collections.abc import Callable, Mapping

from review.actions.export_jobs import request_export
from review.domain.exports import ExportForm, Selection
from review.domain.permissions import Actor
from review.workers import exporting
from tests.conftest import Desk
from tests.files import Officer, table, work
from tests.web.walls.marks import Mark


def add_files(desk: Desk, ids: Mapping[str, Mapping[str, list[str]]], note: Callable[..., None]) -> None:
    """Bring them, each with a row that needs fixing, and note their ids."""
    for whose in ("own", "other"):
        word = Mark.OTHER_BATCH if whose == "other" else "batch"
        person = Officer(desk, sender_id=ids[whose]["sender_id"][0])
        for number in range(2):
            rows = (
                f"{word} 9{number},{word},https://video.example/{word}",
                f"{word} 8{number},{word},https://elsewhere.example/{word}",
            )
            page = person.upload(table(*rows), name=f"{word}.csv")
            work(desk.app)
            if number:
                assert person.post(f"{page}/send").status_code == 303
                work(desk.app)
            note(whose, "file_id", page.rsplit("/", 1)[-1])


def ask_export(desk: Desk, actor: Actor) -> str:
    """An export of all cases that is finished; its id."""
    export_id = request_export(ExportForm.CSV, Selection(), reason="For the court.", actor=actor)
    while exporting.run_once(desk.app):
        pass
    return export_id
