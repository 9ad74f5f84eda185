/* Links with data-drawer open their page's `drawer` part in the dialog. Without script, or with a
   modifier key, they are links to the page itself. */
const frame = document.getElementById("drawer-frame");
const body = document.getElementById("drawer");

async function show(link) {
  body.replaceChildren();
  body.setAttribute("aria-busy", "true");
  frame.querySelector("[data-drawer-page]").href = link.href;
  frame.setAttribute("aria-label", link.textContent.trim());
  if (!frame.open) frame.showModal();
  try {
    await window.htmx.ajax("GET", link.href, { target: body, swap: "innerHTML", source: body });
  } finally {
    body.removeAttribute("aria-busy");
  }
}

if (frame) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-drawer]");
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (!link || elsewhere || !window.htmx) return;
    event.preventDefault();
    show(link);
  });

  const failed = () => {
    const note = document.createElement("p");
    note.setAttribute("role", "alert");
    note.textContent = body.dataset.failed;
    body.replaceChildren(note);
  };
  body.addEventListener("htmx:responseError", failed);
  body.addEventListener("htmx:sendError", failed);

  // A click on the veil beside the drawer closes it.
  frame.addEventListener("click", (event) => {
    if (event.target === frame) frame.close();
  });
}

// Any other dialog: a button with data-opens="<id>" opens it; its own form closes it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
});
