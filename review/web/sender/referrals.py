"""A sender's own referrals for people: the list, narrowed by what stands in the address."""

from flask import Blueprint, render_template, request, url_for

from review import clock, db
from review.domain.permissions import Permission
from review.queries import own_lists
from review.web import cursors, guard
from review.web.sender.narrowing import chosen_in, conditions_of, filters_of, narrowing

blueprint = Blueprint("sender_referrals", __name__, url_prefix="/sender/referrals")


@blueprint.get("")
@guard.access(Permission.READ_OWN_REFERRALS)
def listing() -> str:
    """Own referrals, newest change first, 50 a page."""
    form, cursor = narrowing(), request.args.get("cursor")
    page = own_lists.newest_referrals(
        db.session(),
        sender_id=guard.actor().sender_id,
        filters=filters_of(form),
        after=cursors.read_own(cursor) if cursor else None,
    )
    chosen = chosen_in(form)
    following = page.next and url_for(".listing", **chosen, cursor=cursors.write_own(page.next))
    return render_template(
        "sender/referrals.html",
        form=form,
        conditions=list(conditions_of(form, endpoint=".listing")),
        referrals=page.referrals,
        next_address=following,
        first_address=url_for(".listing", **chosen) if cursor else None,
        looked_through=own_lists.LOOKED_THROUGH,
        now=clock.now(),
    )
