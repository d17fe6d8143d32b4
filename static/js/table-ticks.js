/**
 * Ticking rows for what is done to many at once. Without scripts the boxes are those of `form#bulk`,
 * which stands below its table. With them it shows as soon as a row is ticked, and says in
 * [data-ticked] how many are (`data-words`: "{count} ticked"). [data-ticked-sums] asks the server
 * on the event `ticked` what they add up to; a [data-count] in the answer is how many there are.
 * [data-tick-page] in the head of the table ticks the page, [data-tick-all] holds the box that
 * means all rows of the filter, [data-untick] none.
 */
export function tickRows(root) {
  let last = null;
  root.addEventListener("click", ({ target, shiftKey }) => {
    if (target.matches("input[name=key][form=bulk]")) {
      if (shiftKey && last?.isConnected) tickBetween(last, target);
      last = target;
      changed();
    } else if (target.matches("[data-tick-page]")) tick(boxes(), target.checked);
    else if (target.closest("[data-untick]")) tick(boxes(), false);
    else if (target.matches("[name=all][form=bulk], #bulk [name=all]")) askSums(target.form);
  });
  // With all rows of the filter, only the server knows how many.
  root.addEventListener("htmx:afterSwap", ({ target }) => {
    const count = target.matches("[data-ticked-sums]") && target.querySelector("[data-count]")?.textContent;
    if (count) say(target.closest("form"), count);
  });
  // A browser keeps the ticks of a page that it reloads.
  window.addEventListener("pageshow", () => changed());
}

/** A table that comes anew keeps the ticks of the rows that it still has. */
export function keepTicks(root) {
  const fresh = root.querySelectorAll("input[name=key][form=bulk]");
  if (!fresh.length && !root.querySelector("#bulk")) return;
  for (const box of fresh) box.checked ||= ticked.has(box.value);
  // What they add up to is asked anew: another posting may have changed it.
  changed({ isFresh: true });
}

let ticked = new Set();

function boxes() {
  return [...document.querySelectorAll("input[name=key][form=bulk]")];
}

function tick(some, isTicked) {
  for (const box of some) box.checked = isTicked;
  changed();
}

function tickBetween(first, last) {
  const all = boxes();
  const [from, to] = [all.indexOf(first), all.indexOf(last)].sort((a, b) => a - b);
  if (from >= 0) tick(all.slice(from, to + 1), last.checked);
}

function changed({ isFresh = false } = {}) {
  const form = document.getElementById("bulk");
  if (!form) return;
  const all = boxes();
  const before = ticked;
  ticked = new Set(all.filter((box) => box.checked).map((box) => box.value));
  const isWhole = ticked.size === all.length && all.length > 0;
  for (const head of document.querySelectorAll("[data-tick-page]")) {
    head.checked = isWhole;
    head.indeterminate = ticked.size > 0 && !isWhole;
  }
  form.hidden = !ticked.size;
  const more = form.querySelector("[data-tick-all]");
  if (more) {
    more.hidden = !isWhole;
    if (!isWhole) more.querySelector("[name=all]").checked = false;
  }
  say(form, ticked.size);
  if (isFresh || [...ticked].join() !== [...before].join()) askSums(form);
}

function say(form, count) {
  form.querySelector("[data-ticked]").textContent = form.dataset.words.replace("{count}", count);
}

function askSums(form) {
  if (ticked.size) htmx.trigger(form.querySelector("[data-ticked-sums]"), "ticked");
}
