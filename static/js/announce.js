/* After a list was replaced in place, says its new count to screen readers: a live region that
   is itself replaced would stay silent. */
const region = document.createElement("p");
region.className = "visually-hidden";
region.setAttribute("role", "status");
document.querySelector("main")?.append(region);

document.addEventListener("htmx:afterSettle", (event) => {
  const words = event.target.querySelector?.("[data-announce], .empty h2");
  if (words) region.textContent = words.textContent;
});
