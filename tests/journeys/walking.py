"""A person who has only a keyboard: goes through a page with Tab and looks where the focus is."""

from dataclasses import dataclass

from playwright.sync_api import Page

MOST_STOPS = 400
MOST_WITHIN = 8
"""So often does Tab stop within one field: a date and a time have a part for each figure, and a calendar."""
# What of the focused element a person sees: its box, the ring around it, and whether something lies over it.
LOOK = """() => {
  const element = document.activeElement;
  if (!element || element === document.body || element === document.documentElement) return null;
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const boxes = [...element.getClientRects()].filter(one => one.width && one.height);
  // of a field of many lines the browser shows the one that is typed into
  const line = height => element.tagName === 'TEXTAREA' ? Math.min(height, 48) : height;
  const seen = boxes.some(one => {
    const x = Math.min(Math.max(one.left + one.width / 2, 0), innerWidth - 1);
    const y = Math.min(Math.max(one.top + line(one.height) / 2, 0), innerHeight - 1);
    const top = document.elementFromPoint(x, y);
    return top && (element.contains(top) || top.contains(element) || top.closest('label')?.contains(element));
  });
  const bottom = box.top + line(box.height);
  const walked = (window.walked ||= []);
  if (!walked.includes(element)) walked.push(element);
  return {
    place: walked.indexOf(element),
    name: element.tagName + ' ' + (element.innerText || element.name || element.id || '').trim().slice(0, 60),
    ringed: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    within: box.top >= -1 && (bottom <= innerHeight + 1 || box.height > innerHeight)
      && box.left >= -1 && box.right <= innerWidth + 1,
    seen,
  };
}"""
# A place of an address (`#form`) would be where Tab goes on from; what was there and is gone is so as well.
START = """() => {
  const start = document.createElement('span');
  start.tabIndex = -1;
  document.body.prepend(start);
  start.focus();
  start.remove();
  scrollTo(0, 0);
  window.walked = [];
}"""
# Everything a person can act on and see; of radio buttons with one name the focus stops at one.
PARTS = """() => {
  const parts = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')];
  const names = new Set();
  return parts.filter(part => {
    if (part.type === 'hidden' || part.disabled) return false;
    if (!part.checkVisibility({visibilityProperty: true})) return false;
    if (part.type !== 'radio') return true;
    const first = !names.has(part.name);
    names.add(part.name);
    return first;
  }).length;
}"""


@dataclass(frozen=True)
class Walk:
    """What a walk through a page saw: how many places could be acted on, where it stopped, what was wrong."""

    parts: int
    stops: tuple[str, ...]
    """One for each place, however often the focus was there."""
    wrong: tuple[str, ...]


def walk(page: Page) -> Walk:
    """Press Tab from the start of the page to its end; names what is not plain to see or holds it fast."""
    page.evaluate(START)
    parts = page.evaluate(PARTS)
    stops: list[str] = []
    wrong: list[str] = []
    within = 0
    for _stop in range(MOST_STOPS):
        page.keyboard.press("Tab")
        found = page.evaluate(LOOK)
        # a window without a bar of its own goes on from the last place of a page to the first
        if found is None or (found["place"] == 0 < parts <= len(stops) and len(stops) > 1):
            return Walk(parts, tuple(stops), tuple(wrong))
        if found["place"] == len(stops):
            within = 0
            stops.append(found["name"])
            wrong += [
                f"{found['name']}: not {what}" for what in ("ringed", "within", "seen") if not found[what]
            ]
            continue
        within += 1
        if found["place"] != len(stops) - 1 or within == MOST_WITHIN:
            return Walk(parts, tuple(stops), (*wrong, f"{found['name']}: holds the focus fast"))
    return Walk(parts, tuple(stops), (*wrong, f"no end after {MOST_STOPS} stops"))
