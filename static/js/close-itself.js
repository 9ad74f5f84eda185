/* A page with data-closes-itself="<seconds>" in a window of its own closes by itself, and the page
   that opened the window goes on to the link inside. In a tab that nobody opened, where a script
   may not close anything, the server's Refresh goes on to the same link. */
const thanks = document.querySelector("[data-closes-itself]");
if (thanks && window.opener) {
  const next = thanks.querySelector("a").href;
  setTimeout(() => {
    try {
      window.opener.location.assign(next);
    } catch {
      return; // the opener is elsewhere by now: the Refresh goes on here
    }
    window.close();
  }, thanks.dataset.closesItself * 1000 - 200);
}
