/** The only entry: starts every behaviour for the page, and for whatever htmx swaps in. */
import { markBusy } from "./busy.js";
import { chooseWhileTyping } from "./choose.js";
import { orderRows } from "./columns.js";
import { suggestWhileTyping } from "./combobox.js";
import { copyOnClick } from "./copy.js";
import { dismissOnClick } from "./dismiss.js";
import { hideExplanations } from "./explained.js";
import { followExports } from "./exports.js";
import { askAgainForInputs } from "./filters.js";
import { keepFocus } from "./focus.js";
import { tellJump } from "./jump.js";
import { closeMenus } from "./menu.js";
import { showNetworkErrors } from "./network-error.js";
import { submitOnce } from "./once.js";
import { openPalette } from "./palette.js";
import { editRows } from "./rows.js";
import { pressByKey } from "./shortcuts.js";
import { nameShortcuts, pressShortcuts } from "./shortcuts-press.js";
import { openSlideOvers } from "./slide-over.js";
import { watchForNews } from "./table-live.js";
import { lookBeside } from "./table-quick.js";
import { moveThroughRows, reachRows } from "./table-rows.js";
import { keepTicks, tickRows } from "./table-ticks.js";
import { applyTheme } from "./theme.js";
import { tellTimeZone } from "./time-zone.js";

for (const start of [chooseWhileTyping, askAgainForInputs, orderRows, editRows, markBusy, keepFocus, hideExplanations, followExports, closeMenus, copyOnClick, dismissOnClick, showNetworkErrors, submitOnce, openPalette, pressByKey, pressShortcuts, openSlideOvers, moveThroughRows, lookBeside, tellJump, tickRows, applyTheme, tellTimeZone]) {
  start(document);
}

startParts(document);
// htmx says so for everything it swaps in; for the body it says so once, after the first keys may have been pressed.
document.addEventListener("htmx:load", ({ target }) => { if (target !== document.body) startParts(target); });

function startParts(root) {
  for (const start of [suggestWhileTyping, nameShortcuts, reachRows, watchForNews, keepTicks]) start(root);
}
