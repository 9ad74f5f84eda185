/* Small behaviours over pages that work without them. Listeners sit on the document, so parts
   that htmx brings in need no wiring. One module per behaviour. */
import "./announce.js";
import "./ask-first.js";
import "./choices.js";
import "./close-itself.js";
import "./countries.js";
import "./dismiss.js";
import "./drawer.js";
import "./find.js";
import "./keep-place.js";
import "./menu.js";
import "./submit-once.js";
import "./theme.js";
import "./whole-page.js";
