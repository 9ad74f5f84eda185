/* A part that renews itself (data-live) does not disturb whoever reads it: what was unfolded,
   scrolled or focused before is so again before the next picture is drawn. */
const words = (element) =>
  element.id || element.getAttribute("href") || element.getAttribute("aria-label") || element.textContent.trim();

/* Elements by what they say, numbered where several say the same. */
function named(root, selector, of = (element) => element) {
  const found = new Map();
  for (const element of root.querySelectorAll(selector)) {
    const name = words(of(element));
    let key = name;
    for (let number = 2; found.has(key); number += 1) key = `${name} ${number}`;
    found.set(key, element);
  }
  return found;
}

const details = (root) => named(root, "details", (element) => element.querySelector("summary"));
const scrolled = (root) => named(root, "[role=region][tabindex]");
const focusable = (root) => named(root, "a[href], button, summary, [tabindex]");

function placeIn(root) {
  const focused = [...focusable(root)].find(([, element]) => element === document.activeElement);
  return {
    open: [...details(root)].filter(([, element]) => element.open).map(([key]) => key),
    scroll: [...scrolled(root)].map(([key, element]) => [key, element.scrollTop, element.scrollLeft]),
    focus: focused?.[0],
  };
}

function putBack(root, place) {
  const unfolded = details(root);
  for (const key of place.open) unfolded.get(key)?.setAttribute("open", "");
  const regions = scrolled(root);
  for (const [key, top, left] of place.scroll) regions.get(key)?.scrollTo(left, top);
  if (place.focus) focusable(root).get(place.focus)?.focus({ preventScroll: true });
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const root = event.detail.target;
  if (!event.detail.shouldSwap || !root?.matches?.("[data-live]")) return;
  const place = placeIn(root);
  const observer = new MutationObserver(() => {
    const renewed = document.getElementById(root.id);
    if (!renewed || renewed === root) return;
    observer.disconnect();
    putBack(renewed, place);
  });
  observer.observe(root.parentNode, { childList: true });
});
