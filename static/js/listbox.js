/** The list of options under an input that is a combobox: which one is active, and what moves it. */
export function fillList(input, list, html) {
  list.innerHTML = html;
  options(list).forEach((option, index) => { option.id = `${list.id}_${index}`; });
  list.hidden = !list.childElementCount;
  input.ariaExpanded = String(!list.hidden);
  input.removeAttribute("aria-activedescendant");
}

export function options(list) {
  return [...list.querySelectorAll("[role=option]")];
}

export function activeOption(list) {
  return list.querySelector("[aria-selected=true]");
}

/** Make this option the active one, or none of them. */
export function activate(input, list, option) {
  activeOption(list)?.setAttribute("aria-selected", "false");
  input.removeAttribute("aria-activedescendant");
  if (!option) return;
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

/** Whether the key was one that moves through the options; from the last it goes on with the first. */
export function moveByKey({ key }, input, list) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  const all = options(list);
  if (!step || !all.length) return false;
  const at = all.indexOf(activeOption(list));
  activate(input, list, all.at(at < 0 ? Math.min(step, 0) : (at + step) % all.length));
  return true;
}

/** Asks once typing has paused for so many milliseconds, and shows the latest answer alone. */
export function askingFor(ask, show, pause) {
  let timer = null;
  let latest = 0;
  const now = async () => {
    const turn = ++latest;
    const html = await ask();
    if (turn !== latest) return;
    timer = null;
    show(html);
  };
  const forget = () => {
    clearTimeout(timer);
    timer = null;
    latest += 1;
  };
  const soon = () => {
    forget();
    timer = setTimeout(now, pause);
  };
  return { now, soon, forget, isWaiting: () => timer !== null };
}

/** The server's answer to what is typed, or null if there is none. */
export function askFor(address, asked) {
  const url = new URL(address, location);
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
}
