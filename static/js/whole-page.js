/* A whole page in answer to a request for a part - the session ended meanwhile, or the view knows
   no such part - is opened as a page instead of being squeezed into the part's place. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig, pathInfo } = event.detail;
  if (requestConfig?.verb !== "get" || !/^\s*<!doctype/i.test(xhr.responseText)) return;
  event.detail.shouldSwap = false;
  location.assign(pathInfo.finalRequestPath);
});
