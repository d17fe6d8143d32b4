import { announce } from "./announce.js";
import { activeOption, askFor, askingFor, fillList, moveByKey, options } from "./listbox.js";

const PAUSE = 150;

/**
 * Suggest records under every input[data-combobox] inside `root` while a person types. An id that was
 * pasted or typed whole counts as picked: [data-picked] says what it is called.
 */
export function suggestWhileTyping(root) {
  for (const input of root.querySelectorAll("input[data-combobox]")) connect(input);
}

function connect(input) {
  const list = input.parentElement.querySelector("[data-options]");
  const picked = input.parentElement.querySelector("[data-picked]");
  const close = () => fillList(input, list, "");
  const say = ({ dataset: { label, hint } }) => {
    picked.textContent = hint ? `${label} · ${hint}` : label;
  };
  const pick = (option) => {
    if (!option.dataset.value) return;
    input.value = option.dataset.value;
    say(option);
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  Object.assign(input, { role: "combobox", ariaAutoComplete: "list", ariaExpanded: "false" });
  input.setAttribute("aria-controls", list.id);
  const asking = askingFor(() => ask(input), (html) => {
    if (html === null) return;
    show(input, list, html);
    const whole = options(list).find((option) => option.dataset.value === input.value.trim());
    if (whole) say(whole);
    // Who has gone on is told what it is, and bothered no more.
    if (document.activeElement !== input) close();
  }, PAUSE);
  input.addEventListener("input", () => {
    picked.textContent = "";
    asking.soon();
  });
  input.addEventListener("keydown", (event) => {
    // Escape leaves the suggestions, on their way or shown, and not the form around them.
    if (event.key === "Escape" && asking.isWaiting()) event.preventDefault();
    if (event.key === "Escape" || event.key === "Enter") asking.forget();
    if (list.hidden) return;
    if (event.key === "Enter" && activeOption(list)) pick(activeOption(list));
    else if (event.key === "Escape") close();
    else if (!moveByKey(event, input, list)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener("blur", close);
  // Pressing on an option must not take the focus from the input.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", ({ target }) => target.closest("[role=option]") && pick(target.closest("[role=option]")));
}

function show(input, list, html) {
  fillList(input, list, html);
  if (document.activeElement === input) announce(options(list).map((option) => option.textContent.trim()).slice(0, 3).join(", "));
}

async function ask(input) {
  const beside = input.form?.elements[input.dataset.beside]?.value;
  const response = await askFor(input.dataset.combobox, { q: input.value, ...(beside && { beside }) });
  return response?.ok && !response.headers.has("HX-Redirect") ? response.text() : null;
}
