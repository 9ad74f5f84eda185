/* Country codes become names in the page's language: the browser knows them all. */
const names = new Intl.DisplayNames([document.documentElement.lang || "en"], { type: "region" });

function tell(root) {
  for (const element of root.querySelectorAll("[data-country]")) {
    try {
      element.textContent = names.of(element.dataset.country);
    } catch {
      /* not a country's code: it stays as it is */
    }
  }
}

tell(document);
// An observer speaks before the next picture is drawn; htmx's own events come after it.
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) tell(node);
}).observe(document.body, { childList: true, subtree: true });
