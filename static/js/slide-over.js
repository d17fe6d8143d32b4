import { isPlain } from "./keys.js";

const FIRST = "[autofocus], :is(input, select, textarea):not([type=hidden], :disabled)";

/** Open every a[data-slide-over] beside the page instead of in its place. */
export function openSlideOvers(root) {
  const dialog = root.getElementById("slide-over");
  if (!dialog) return;
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-slide-over]");
    if (link && isPlain(event)) {
      event.preventDefault();
      open(dialog, link.href);
    } else if (dialog.open && event.target.closest("[data-close]")) {
      event.preventDefault();
      leave(dialog);
    }
  });
  dialog.addEventListener("input", () => { dialog.dataset.changed = ""; });
  // Posted: what comes next is a new form, with nothing to lose yet.
  dialog.addEventListener("transactionPosted", () => { delete dialog.dataset.changed; });
  dialog.addEventListener("cancel", (event) => {
    if (!mayClose(dialog)) event.preventDefault();
    // The next key is for the page, and "close" comes later than a quick one.
    else document.activeElement.blur();
  });
  dialog.addEventListener("close", () => {
    delete dialog.dataset.changed;
    dialog.replaceChildren();
  });
  root.addEventListener("slideOverDone", ({ detail }) => finish(dialog, detail));
  // A table that refreshes because of a record asks for it to be marked.
  root.addEventListener("htmx:configRequest", ({ detail }) => {
    const key = detail.triggeringEvent?.detail?.key;
    if (key) detail.parameters.new = key;
  });
}

/** Close the dialog, unless something was typed and the person stays with it. */
export function leave(dialog) {
  if (mayClose(dialog)) dialog.close();
}

function mayClose({ dataset }) {
  return !("changed" in dataset) || confirm(dataset.discard);
}

async function open(dialog, url) {
  await htmx.ajax("GET", url, { target: "#slide-over", swap: "innerHTML" });
  if (dialog.childElementCount) showFilled(dialog);
}

/** Open the dialog that has been filled, and go to where one begins in it. */
export function showFilled(dialog) {
  if (!dialog.open) dialog.showModal();
  const first = [...dialog.querySelectorAll(FIRST)].find((each) => each.checkVisibility());
  (first ?? dialog.querySelector("h2"))?.focus();
}

function finish(dialog, { event, key, url }) {
  dialog.close();
  if (event && document.querySelector(`[hx-trigger*="${event}"]`)) htmx.trigger(document.body, event, { key });
  else location.assign(url);
}
