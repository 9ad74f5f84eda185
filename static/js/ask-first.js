/* A form with data-asks="<page>" asks that page's question in a dialog before it is sent, when one
   of its answers is data-asks-when="name=value". Without script the server asks on a page. */
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-asks]");
  if (!form || !window.htmx) return;
  const [name, value] = form.dataset.asksWhen.split("=");
  if (new FormData(form).get(name) !== value) return;
  event.preventDefault();
  const dialog = document.getElementById(form.dataset.asksIn);
  const place = document.getElementById(`${dialog.id}-question`);
  await window.htmx.ajax("GET", form.dataset.asks, { target: place, swap: "outerHTML" });
  dialog.showModal();
});

document.addEventListener("click", (event) => {
  const dialog = event.target.closest("[data-closes]")?.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});
