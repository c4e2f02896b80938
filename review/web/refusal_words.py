"""The sentences by which a whole file or a step is refused, as rules and actions write them in English."""

from typing import Final

from review.web.marked import N_

REFUSED_FILES: Final = (
    N_("The file is no XLSX workbook, or it is damaged; save it again."),
    N_("The file is an archive, but no XLSX workbook; send the workbook itself."),
    N_("The workbook has no sheet that is shown."),
    N_("The workbook has more parts than a spreadsheet program writes; save it again."),
    N_("The workbook has two parts of the same name; save it again."),
    N_("The workbook has parts whose names lead elsewhere; save it again."),
    N_("The workbook is protected by a password; save it without one."),
    N_("The workbook is packed in a way that no spreadsheet program uses; save it again."),
    N_("The workbook is too large unpacked; send it in parts or as CSV."),
    N_("The workbook declares entities, which no spreadsheet program does; save it again."),
    N_("The workbook needs too much memory to read; send it in parts or as CSV."),
    N_("The workbook has too much text; send it in parts or as CSV."),
    N_("The workbook takes too long to read; send it in parts or as CSV."),
    N_("The workbook is damaged or cut off; save it again."),
    N_("The workbook has rows beyond the last one of a spreadsheet; save it again."),
    N_("The workbook could not be read just now; it is tried again."),
    N_("A row has more than %(most)s columns; send only those that we read."),
    N_("The file is UTF-32; save the table as UTF-8."),
    N_("The file is a workbook or an archive, not a CSV file; name it .xlsx or save it as CSV."),
    N_("The file is no UTF-8 text, perhaps UTF-16 without a mark; save the table as UTF-8."),
    N_(
        "The file is not UTF-8 or UTF-16, so its letters cannot be read; save it as CSV UTF-8 or as XLSX and "
        "send that."
    ),
    N_("The file is not here any more; send it again."),
    N_("The file has no row below its headings."),
    N_("The file has more than %(most)s rows; send it in parts."),
    N_("The rows have more than %(most)s MiB; send the file in parts."),
    N_("The file has more than %(most)s MiB; send it in parts."),
    N_("The first row has more than %(most)s columns; send only those that we read."),
    N_("The first row must name the columns; these are missing: %(names)s."),
    N_("The name must end in one of: %(names)s."),
    N_("Choose a column from the list for each heading, or leave it out."),
    N_("No heading of the file is called: %(names)s."),
    N_("These columns are needed and missing: %(names)s. These columns are named twice: %(twice)s."),
    N_("These columns are needed and missing: %(names)s."),
    N_("These columns are named twice: %(names)s."),
    N_(
        "Row %(number)s is cut off in the middle of a letter; nothing was stored. Correct the file and send "
        "it again."
    ),
    N_("Row %(number)s is longer than %(most)s MiB; nothing was stored. Correct the file and send it again."),
    N_(
        "Row %(number)s has a quoted cell that does not end as it should; nothing was stored. Correct the "
        "file and send it again."
    ),
    N_("The gzip stream is damaged; nothing was stored. Correct the file and send it again."),
    N_("The gzip stream ends early; nothing was stored. Correct the file and send it again."),
    N_("%(most)s files of your organisation wait; send or drop one of them first."),
)
REFUSED_STEPS: Final = (
    N_("This file has gone on meanwhile; open its page again."),
    N_("No row of this file can be sent."),
    N_("This message is no dead letter any more; look at it again."),
    N_("There is no dead letter any more; look at the messages again."),
    N_("The endpoint of this message is off; switch it on, then send it again."),
    N_("A test message is on its way already; wait for what comes of it."),
    N_("Somebody has switched this endpoint already; look at it again."),
    N_("This endpoint is switched off; switch it on before you test it."),
    N_("This form was sent before, and a secret is shown once only. Rotate the secret if nobody has it."),
    N_("A sender has at most %(most)s endpoints; remove one of them first."),
    N_("This address is in the list already; remove it first to begin again."),
    N_("A sender has at most %(most)s addresses; remove one of them first."),
    N_("This desk sends no mail; ask the provider, or use an endpoint."),
    N_("This key is revoked already."),
    N_("It has been answered already; an answer cannot be taken back."),
    N_("The cases are changing; try again."),
    N_("The answer is not stored; correct what is marked."),
    N_("Give the URL to which messages are sent."),
    N_("Give a complete URL that starts with https:// and follows the URL standard."),
    N_("Give a URL that starts with https://."),
    N_("Leave user name and password out of the URL; every message is signed instead."),
    N_("Give a host that can be reached from the internet; addresses inside a network are refused."),
    N_("Choose at least one of: %(names)s."),
    N_("This is not an e-mail address; write it like person@desk.example."),
    N_("Use an address in ASCII letters, of at most %(most)s characters."),
    N_("Choose at least one of the list."),
    N_("Write your answer to our question."),
    N_("Write at most %(most)s characters; these are %(length)s."),
    N_("Remove the control characters."),
    N_("Say in %(least)s to %(most)s characters what the export is for."),
    N_("No case is left by what you chose; choose otherwise."),
    N_("These are more than %(most)s cases; export them in parts, by the day."),
    N_("A PDF or evidence bundle holds at most %(most)s cases; choose fewer, or a table."),
    N_("%(most)s of your exports wait; let them end, or cancel one."),
    N_("%(record)s stays: case %(case)s is under a legal hold. Nothing was changed."),
    N_("%(record)s stays: case %(case)s has not ended. Nothing was changed."),
    N_(
        "%(record)s stays: case %(case)s is kept until %(day)s; ask again then, or on another ground. "
        "Nothing was changed."
    ),
)
REFUSED_RECORDS: Final = (
    N_("Write why these records must stay, e.g. which proceedings."),
    N_("Give the day on which the hold is looked at again."),
    N_("Give a day after today."),
    N_("Nothing was placed; correct what is marked."),
    N_("Nothing was changed; correct what is marked."),
    N_("There is no such record; look its id up."),
    N_("There is no such record; open it and ask from there."),
    N_("Write why the hold is not needed any more."),
    N_("There is no such hold; open it from the list."),
    N_("You placed this hold yourself; somebody else of legal, or an administrator, releases it."),
    N_("The hold was released in the meantime; nothing was changed."),
    N_("Tick what is to be erased; of a case that is: %(names)s."),
    N_("Tick what is to be erased; of a referral that is: %(names)s."),
    N_("Tick what is to be erased; of a sender that is: %(names)s."),
    N_("Nothing was requested; correct what is marked."),
    N_("Write why this is to be erased; no content of the record."),
    N_("Choose a ground from the list."),
    N_("Tick 1 to %(most)s records."),
    N_("Tick 1 to %(most)s requests."),
    N_("A request about this record waits already; settle that one first."),
    N_("Write why nothing is erased."),
    N_("Write what you checked before you let it go."),
    N_("There is no such request; open it from the list."),
    N_("Whoever asked for this is not legal staff any more; refuse it and have it asked anew."),
    N_("There is no case %(id)s; look its id up."),
    N_("There is no referral %(id)s; look its id up."),
    N_("There is no sender %(id)s; look its id up."),
    N_("A legal hold stands on %(id)s or on what belongs to it; nothing was changed."),
    N_("Case %(id)s is not ended yet; nothing was changed."),
    N_("A message about %(id)s is still on its way; nothing was changed."),
    N_("You asked for this yourself; somebody else of legal, or an administrator, settles it."),
    N_("The request was settled in the meantime; nothing was changed."),
    N_("It was begun three times and its worker died each time. Ask for fewer cases."),
    N_("The file could not be made; ask whoever runs the desk to look at its log."),
    N_("A file of this form holds at most %(most)s cases; choose fewer, or a table."),
    N_("PDF needs the extra `pdf` of this program: ask whoever runs it to install it."),
    N_("The pages could not be made; choose fewer cases or another form."),
    N_("No checkpoint covers this case yet; try again in a moment."),
    N_("There is no such export."),
    N_("This export has ended meanwhile; open its page again."),
    N_("This export has no file, or none any more; ask for it again."),
    N_("This decision could be complained of until %(time)s."),
    N_("Write why the decision is wrong."),
    N_("Write why they say that the decision is wrong."),
    N_("Write where the answer goes to."),
    N_("The complaint is not stored; correct what is marked."),
    N_("This item has no decision yet; nothing was stored."),
    N_("This case has no decision to complain of; nothing was stored."),
    N_("A complaint of the same party of %(time)s waits for its result; nothing was stored."),
    N_("There is no such case; open its record again."),
)
"""About holds, erasures, exports and complaints."""

REFUSED_CHECKS: Final = (
    N_("Write your advice to the person who decides."),
    N_(
        "This case does not wait for advice any more: it was given, three days went by, or everything was "
        "withdrawn. Nothing was stored; copy your text if you need it."
    ),
    N_("The database or a file could not be read."),
    N_("It was begun three times and its worker died each time. Run `flask trail verify` on the server."),
    N_(
        "The trail has checkpoints, but the file `checkpoint` outside the database is missing: without it a "
        "cut end would not show. Restore it, or run flask trail accept-checkpoint --reason."
    ),
)
"""Advice that cannot be given any more, and why a verification has no verdict."""
