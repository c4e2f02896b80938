"""A person who has only a keyboard: goes through a page with Tab and looks where the focus is."""

from dataclasses import dataclass

from playwright.sync_api import Page

MOST_STOPS = 400
# What of the focused element a person sees: its box, the ring around it, and whether something lies over it.
LOOK = """() => {
  const element = document.activeElement;
  if (!element || element === document.body || element === document.documentElement) return null;
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const boxes = [...element.getClientRects()].filter(one => one.width && one.height);
  const seen = boxes.some(one => {
    const x = Math.min(Math.max(one.left + one.width / 2, 0), innerWidth - 1);
    const y = Math.min(Math.max(one.top + one.height / 2, 0), innerHeight - 1);
    const top = document.elementFromPoint(x, y);
    return top && (element.contains(top) || top.contains(element) || top.closest('label')?.contains(element));
  });
  // of a field of many lines the browser shows the one that is typed into
  const bottom = element.tagName === 'TEXTAREA' ? Math.min(box.bottom, box.top + 48) : box.bottom;
  return {
    name: element.tagName + ' ' + (element.innerText || element.name || element.id || '').trim().slice(0, 60),
    ringed: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    within: box.top >= -1 && (bottom <= innerHeight + 1 || box.height > innerHeight)
      && box.left >= -1 && box.right <= innerWidth + 1,
    seen,
  };
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
    wrong: tuple[str, ...]


def walk(page: Page) -> Walk:
    """Press Tab from the start of the page to its end; names every stop that is not plain to see."""
    page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0) }")
    parts = page.evaluate(PARTS)
    stops: list[str] = []
    wrong: list[str] = []
    while len(stops) < MOST_STOPS:
        page.keyboard.press("Tab")
        found = page.evaluate(LOOK)
        if found is None:
            break
        stops.append(found["name"])
        wrong += [f"{found['name']}: not {what}" for what in ("ringed", "within", "seen") if not found[what]]
    return Walk(parts, tuple(stops), tuple(wrong))
