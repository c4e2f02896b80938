"""The words for the codes of endpoints, messages and restrictions; one family each."""

from review.web.marked import N_

ENDPOINT_WORDS: dict[str, dict[str, str]] = {
    "topic": {
        "referral.received": N_("A referral was received"),
        "item.question": N_("We ask about an item"),
        "item.decided": N_("An item was decided"),
        "item.reversed": N_("A decision was reversed after a complaint"),
        "item.implemented": N_("The platform carried a decision out"),
        "endpoint.test": N_("Test"),
        "address.confirm": N_("We ask to confirm an address"),
        "restriction.requested": N_("The platform is asked to carry a decision out"),
        "restriction.lifted": N_("The platform is told that a restriction ended"),
    },
    "notice": {
        "confirmed": N_("Confirmed"),
        "unconfirmed": N_("Waits for its link to be opened"),
    },
    "restriction": {
        "waiting": N_("Not reported yet"),
        "overdue": N_("Overdue"),
        "implemented": N_("In place"),
        "failed": N_("Failed"),
        "lifted": N_("Lifted"),
    },
    "endpoint": {
        "on": N_("On"),
        "off": N_("Switched off"),
        "gone": N_("Switched off: it answered that it is gone"),
        "removed": N_("Removed"),
    },
    "delivery": {
        "waiting": N_("On its way"),
        "arrived": N_("Arrived"),
        "dead": N_("Dead letter"),
    },
    "stopped": {
        "tried_out": N_("No try succeeded."),
        "gone": N_("The endpoint answered 410, that it is gone."),
        "switched_off": N_("The endpoint was switched off."),
        "removed": N_("The endpoint was removed."),
    },
    "failure": {
        "address_refused": N_("The name leads to an address that messages may not be sent to."),
        "name_not_found": N_("The name of the host was not found."),
        "not_connected": N_("No connection came about."),
        "tls": N_("No encrypted connection came about: the certificate does not count for this name."),
        "timeout": N_("No whole answer came in time."),
        "broken": N_("The connection broke off, or the answer was no HTTP."),
        "redirect": N_("The answer was a redirect; none is followed."),
        "gone": N_("The answer was 410, gone: the endpoint was switched off."),
        "status": N_("The answer was no success; only a status of 200 to 299 is one."),
        "mail_refused": N_("The mail server refused it."),
        "not_set": N_("The settings did not say where to send it."),
    },
}
