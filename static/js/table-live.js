import { ROW } from "./table-rows.js";

// With the quarter of a second that a process of the server remembers, and jitter: within two seconds.
const EVERY = 1500;
const ONCE_TOLD = 5000;
const AT_MOST = 60000;
let shown = null;

/** Keep asking whether others have added rows to a table, or changed shown ones; a chip says so, and shows them if pressed.
 *  The page of one record asks for its row, whose table and query the chip names itself. */
export function watchForNews(root) {
  for (const chip of root.querySelectorAll("[data-live]")) {
    watch(chip);
    const table = chip.closest("[data-table]");
    if (table) markNew(chip, table);
  }
}

function watch(chip) {
  const ending = new AbortController();
  let { ticket } = chip.dataset;
  let timer = null;
  let wait = EVERY;
  const later = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(ask, milliseconds * (0.95 + Math.random() / 10));
  };
  const ask = async () => {
    if (!chip.isConnected) return ending.abort();
    if (document.hidden) return;
    const answer = await get(addressOf(chip, ticket));
    if (!chip.isConnected || answer?.isOver) return ending.abort();
    if (answer?.ticket) {
      ticket = answer.ticket;
      tell(chip, answer.words && (chip.dataset.said ?? answer.words));
      chip.toggleAttribute("data-changed", !answer.isNew);
    }
    wait = !answer ? Math.min(wait * 2, AT_MOST) : chip.hidden ? EVERY : ONCE_TOLD;
    later(wait);
  };
  // A tab that nobody sees asks nothing.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) later(0); }, { signal: ending.signal });
  // Rows that were only changed are where they were.
  chip.addEventListener("click", () => { if (!chip.hasAttribute("data-changed")) shown = { table: tableOf(chip), keys: keysOf(chip) }; });
  later(wait);
}

/** What the server says: nothing, words and a ticket, that it is over; null for no good answer. */
async function get(address) {
  try {
    const response = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(10000) });
    if (response.status === 204) return {};
    if (response.ok) return await response.json();
    // Signed out, or not there any more.
    return response.type === "opaqueredirect" || response.status < 500 ? { isOver: true } : null;
  } catch {
    return null;
  }
}

function addressOf(chip, ticket) {
  const asked = new URLSearchParams({ table: tableOf(chip), since: chip.dataset.live, rows: chip.dataset.rows, ticket });
  return `/live/?${asked}&${chip.dataset.query ?? location.search.slice(1)}`;
}

/** Nothing moves: the chip lies over the page. */
function tell(chip, words) {
  const text = chip.querySelector("[data-words]");
  if (text.textContent !== words) text.textContent = words;
  chip.hidden = !words;
}

/** Marks what was not there before; in another order or on another page that may be nothing. */
function markNew(chip, table) {
  if (shown?.table !== table.dataset.table) return;
  const fresh = [...table.querySelectorAll(ROW)].filter((row) => !shown.keys.has(row.dataset.row));
  for (const row of fresh) row.classList.add("new");
  if (!fresh.length) {
    tell(chip, chip.dataset.elsewhere);
    setTimeout(() => { if (chip.textContent === chip.dataset.elsewhere) tell(chip, ""); }, ONCE_TOLD);
  }
  shown = null;
}

function tableOf(chip) {
  return chip.dataset.of ?? chip.closest("[data-table]").dataset.table;
}

function keysOf(chip) {
  return new Set([...chip.closest("[data-table]").querySelectorAll(ROW)].map((row) => row.dataset.row));
}
