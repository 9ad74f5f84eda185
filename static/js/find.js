/* The search on top: "/" goes to it from anywhere, the arrows go through what it suggests, and
   Escape takes the suggestions away. Sending the box opens the page of results. */
const box = document.querySelector("[data-find]");
const hits = document.getElementById("search-hits");
const isTyped = (element) => element.matches("input, textarea, select, [contenteditable]");

function step(by) {
  const links = [...hits.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement) + by;
  (links[at] ?? (at < 0 ? box : links.at(-1)))?.focus();
}

if (box && hits) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyped(event.target)) return;
    if (document.querySelector("dialog[open]") || !box.checkVisibility()) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  box.form.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp" && event.target !== box) step(-1);
    else if (event.key === "Escape" && hits.hasChildNodes()) {
      hits.replaceChildren();
      box.focus();
    } else return;
    event.preventDefault();
  });
}
