import { announce } from "./announce.js";

const EVERY = 1000;
// Before the server knows of it, the browser may still be asking where to save it.
const UNKNOWN_MAX = 30;
const DONE_STAYS = 8000;

/** Show beside its table how far the file of an [data-export] link has come. */
export function followExports(root) {
  root.addEventListener("click", ({ target }) => {
    const link = target.closest("[data-export]");
    if (!link) return;
    const id = newId();
    const asked = new URLSearchParams(showsTableOf(link) ? location.search : link.search);
    asked.set("export", id);
    link.search = asked;
    const menu = link.closest("[data-exports]");
    follow(`${menu.dataset.exports}${id}/`, menu.querySelector("template"));
  });
}

/** What a script has filtered since stands in the address of the page alone. */
function showsTableOf(link) {
  return link.pathname.replace(/export\.\w+$/, "") === location.pathname;
}

/** As crypto.randomUUID, which plain http does not have. */
function newId() {
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));
}

function follow(address, template) {
  const note = template.content.firstElementChild.cloneNode(true);
  note.querySelector("[data-cancel]").addEventListener("click", () => cancel(address));
  note.querySelector("[data-close]").addEventListener("click", () => note.remove());
  document.querySelector(".export-note")?.remove();
  document.getElementById("main").append(note);
  ask(address, note, 0);
}

async function ask(address, note, unknown) {
  const told = await get(address);
  if (!note.isConnected) return;
  if (told) show(note, told);
  if (told?.isOver) return;
  const missed = told ? 0 : unknown + 1;
  if (missed > UNKNOWN_MAX) note.remove();
  else setTimeout(ask, EVERY, address, note, missed);
}

async function get(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    return response.status === 200 && !response.redirected ? await response.json() : null;
  } catch {
    return null;
  }
}

function show(note, { words, share, isOver, isWhole }) {
  note.querySelector("[data-words]").textContent = words;
  const bar = note.querySelector("progress");
  if (share !== null) bar.value = share;
  if (!isOver) return;
  announce(words);
  bar.hidden = true;
  note.querySelector("[data-cancel]").hidden = true;
  note.querySelector("[data-close]").hidden = false;
  if (isWhole) setTimeout(() => note.remove(), DONE_STAYS);
}

function cancel(address) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  return fetch(`${address}end/`, { method: "POST", headers: { ...headers, Accept: "application/json" } });
}
