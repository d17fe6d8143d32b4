import { isPlain } from "./keys.js";
import { leave, showFilled } from "./slide-over.js";
import { ROW, choose, rowBeside, rowOf } from "./table-rows.js";

const CONTROLS = "a, button, input, label, select, summary, textarea, .tick";
const KEY = /^(bln|idt|ldg|sch|txn)_[0-9a-f-]{36}$/;
const FOLDERS = { bln: "/balances/", idt: "/identities/", ldg: "/ledgers/", sch: "/schedules/", txn: "/transactions/" };

/**
 * A row opens beside its table with Enter or a click. The address follows as `?look=<key>`, so that
 * Back closes the panel, and a reload or whoever gets the address sees it again.
 */
export function lookBeside(root) {
  const dialog = root.getElementById("slide-over");
  if (!dialog) return;
  const panel = new Panel(dialog);
  root.addEventListener("click", (event) => {
    const row = event.target.closest(ROW);
    const step = event.target.closest("[data-look-step]");
    if (step) panel.move(Number(step.dataset.lookStep));
    else if (row && isMeant(event)) panel.visit(row);
    else if (event.target === dialog && panel.key) leave(dialog);
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !isPlain(event) || event.repeat || !event.target.matches?.(ROW)) return;
    event.preventDefault();
    panel.visit(event.target);
  });
}

class Panel {
  /** What is shown, or "". */
  key = "";
  /** The address without `look`: as long as it stays, Back and Forward are about the panel. */
  #place = place();
  #isReading = false;

  constructor(dialog) {
    this.dialog = dialog;
    dialog.addEventListener("close", () => this.#closed(), { capture: true });
    for (const name of ["htmx:pushedIntoHistory", "htmx:replacedInHistory"]) {
      document.addEventListener(name, () => { this.#place = place(); });
    }
    window.addEventListener("popstate", (event) => {
      if (place() !== this.#place) return;
      event.stopImmediatePropagation();
      this.#follow(lookedAt());
    }, { capture: true });
    if (lookedAt()) this.#show(lookedAt());
  }

  /** Open the row, or its page where it has no panel. */
  visit(row) {
    if (!row.dataset.quick) return location.assign(row.dataset.page);
    choose(row);
    const state = { htmx: true, look: true };
    if (this.key) history.replaceState(history.state, "", addressWith(row.dataset.row));
    else history.pushState(state, "", addressWith(row.dataset.row));
    return this.#show(row.dataset.row);
  }

  move(step) {
    const row = rowOf(this.key);
    const next = row && rowBeside(row, step);
    if (!next?.dataset.quick) return;
    next.scrollIntoView({ block: "nearest" });
    this.visit(next);
  }

  #follow(key) {
    if (key === this.key) return;
    if (key) this.#show(key);
    else this.#leave();
  }

  async #show(key) {
    this.key = key;
    this.#mark();
    // Whoever reads already goes on to what was asked for last.
    if (this.#isReading) return;
    this.#isReading = true;
    await this.#read().finally(() => { this.#isReading = false; });
    if (this.key) this.#showRead(this.key);
  }

  /** Fill the dialog: again if another row was asked for while one was on its way. */
  async #read() {
    let read;
    do {
      read = this.key;
      // From the dialog: htmx would let it wait for what else the page asks for.
      await htmx.ajax("GET", quickAddress(read), { source: this.dialog, target: this.dialog, swap: "innerHTML" });
    } while (this.key && this.key !== read);
  }

  #showRead(key) {
    const isThere = this.dialog.querySelector(`[data-looked="${key}"]`);
    if (!isThere && !this.dialog.open) return this.#closed();
    if (!isThere) return;
    for (const button of this.dialog.querySelectorAll("[data-look-step]")) offerStep(button, rowOf(key));
    showFilled(this.dialog);
  }

  /** Back has changed the address: only the panel is left to close. */
  #leave() {
    const row = rowOf(this.key);
    this.key = "";
    this.#mark();
    this.dialog.close();
    row?.focus();
  }

  /** The panel was closed: go back to the address, and to the row. */
  #closed() {
    if (!this.key) return;
    const row = rowOf(this.key);
    const isOwn = history.state?.look && this.dialog.querySelector("[data-looked]");
    this.key = "";
    this.#mark();
    if (isOwn) history.back();
    else history.replaceState(history.state, "", this.#place);
    row?.focus();
  }

  #mark() {
    for (const row of document.querySelectorAll(`${ROW}[aria-current]`)) row.removeAttribute("aria-current");
    rowOf(this.key)?.setAttribute("aria-current", "true");
  }
}

/** Where there is no row to step to, the button says so. */
function offerStep(button, row) {
  button.hidden = false;
  if (row && rowBeside(row, Number(button.dataset.lookStep))) return;
  button.ariaDisabled = "true";
  button.setAttribute("aria-description", button.dataset.end);
}

/** Whether a click on a row is about the row: not about what stands in it, nor a selection. */
function isMeant(event) {
  return event.button === 0 && isPlain(event) && !event.defaultPrevented && !event.target.closest(CONTROLS)
    && getSelection().isCollapsed;
}

function lookedAt() {
  const key = new URLSearchParams(location.search).get("look") ?? "";
  return KEY.test(key) && document.querySelector("main [data-table]") ? key : "";
}

/** What has left this page of the table is still found by its key. */
function quickAddress(key) {
  return rowOf(key)?.dataset.quick || `${FOLDERS[key.slice(0, 3)]}${key}/quick/`;
}

function addressWith(key) {
  const query = location.search.slice(1).split("&").filter((part) => part && !part.startsWith("look="));
  if (key) query.push(`look=${key}`);
  return location.pathname + (query.length ? `?${query.join("&")}` : "");
}

function place() {
  return addressWith("");
}
