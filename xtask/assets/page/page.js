// What people see and press. Every text from the data becomes a text node, never markup.

const DOCS = document.querySelector(".home a").getAttribute("href").replace("index.html", "");
const FIRST = 40, MORE = 100;
const SCHEMES = ["Delegated", "Personal account", "Application"];

const query = document.getElementById("query");
const results = document.getElementById("results");
const status = document.getElementById("status");
const more = document.getElementById("more");

const index = new Index(JSON.parse(document.getElementById("data").textContent));
let found = null, shown = 0;

/// An element with attributes and children.
function element(name, attributes = {}, ...children) {
  const of = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) of.setAttribute(key, value);
  of.append(...children);
  return of;
}

/// Where a narrow screen may break a path, and an expression (not within `..Default::default()`).
const BEFORE_SEGMENTS = /(?=\/)/, BEFORE_METHODS = /(?<=\))(?=\.)/;

function breakable(text, where) {
  return text.split(where).flatMap((part, at) => (at === 0 ? [part] : [element("wbr"), part]));
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Where the browser keeps the clipboard from pages of files, the old way still goes.
    const area = element("textarea", { "aria-hidden": "true", class: "aside" }, text);
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    focused?.focus();
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

function operation(details, heading) {
  const { call, path, rust, node, needs, missing } = details;
  const button = element("button", { type: "button", class: "copy", "aria-label": `Copy ${rust}` }, "Copy");
  button.addEventListener("click", () => copy(rust, button));
  const parts = [
    element(heading, {},
      element("span", { class: `method ${call.http.toLowerCase()}` }, call.http), " ",
      element("span", { class: "path" }, ...breakable(path, BEFORE_SEGMENTS))),
    element("div", { class: "rust" }, element("pre", {}, element("code", {}, ...breakable(rust, BEFORE_METHODS))), button),
  ];
  if (call.deprecated) parts.push(element("p", { class: "warning" }, "Deprecated by Microsoft Graph."));
  if (needs) parts.push(permissions(needs));
  if (missing.length > 0) parts.push(element("p", {}, `Not available in ${missing.join(", ")}.`));
  const links = element("p", { class: "links" });
  const file = node === "Graph" ? "struct.Graph.html" : `nodes/struct.${node}.html`;
  links.append(element("a", { href: `${DOCS}${file}#method.${call.method}` }, `${node}::${call.method}`));
  for (const [what, model] of [["takes", call.body], ["returns", call.answer]]) {
    if (!model) continue;
    const parts = model.split("::");
    const name = parts.pop();
    const folder = ["models", ...parts].map((part) => `${part}/`).join("");
    links.append(` ${what} `, element("a", { href: `${DOCS}${folder}struct.${name}.html` }, name));
  }
  parts.push(links);
  return parts;
}

function permissions(needs) {
  const list = element("dl");
  needs.forEach(({ least, others }, scheme) => {
    const value = element("dd");
    const names = (of) => of.flatMap((name, at) => [at === 0 ? "" : " or ", element("code", {}, name)]);
    // Where none is marked as least privileged, the narrowest comes first.
    const first = least.length > 0 ? least : others.slice(0, 1);
    const rest = least.length > 0 ? others : others.slice(1);
    if (first.length === 0) value.append("not supported");
    else value.append(...names(first));
    if (rest.length > 0) {
      value.append(element("details", {},
        element("summary", {}, `${rest.length} more`),
        ...rest.flatMap((name, at) => [at === 0 ? "" : ", ", element("code", {}, name)])));
    }
    list.append(element("div", {}, element("dt", {}, SCHEMES[scheme]), value));
  });
  return list;
}

function result({ best, others }) {
  const item = element("li", { tabindex: "-1" }, ...operation(index.details(best), "h2"));
  if (others.length > 0) {
    const list = element("ul");
    const summary = others.length === 1 ? "and 1 other path" : `and ${others.length} other paths`;
    const details = element("details", { class: "others" }, element("summary", {}, summary), list);
    details.addEventListener("toggle", () => {
      if (list.childElementCount > 0) return;
      for (const hit of others) list.append(element("li", {}, ...operation(index.details(hit), "h3")));
    });
    item.append(details);
  }
  return item;
}

function show(count) {
  const groups = found.groups.slice(shown, shown + count);
  results.append(...groups.map(result));
  shown += groups.length;
  more.hidden = shown >= found.groups.length;
}

const INSTEAD = {
  otherMethods: "The path does not have this method. It has these operations. ",
  words: "The path does not exist. These operations have its names. ",
};

function search() {
  const text = query.value;
  found = index.search(text);
  results.replaceChildren();
  shown = 0;
  show(FIRST);
  const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
  if (text.trim() === "") status.textContent = `${plural(index.operations.length, "operation")} to search.`;
  else if (found.operations === 0) status.textContent = "Nothing found. Try fewer or shorter words.";
  else {
    const expressions = plural(found.groups.length, "expression");
    status.textContent = `${INSTEAD[found.instead] ?? ""}${plural(found.operations, "operation")}, ${expressions}.`;
  }
  document.title = text.trim() === "" ? "Find an operation – msgraph" : `${text} – msgraph`;
}

/// The question in the address, so that it can be linked to.
function fromAddress() {
  const text = new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
  if (text !== query.value) query.value = text;
  search();
}

// Browsers refuse an address that changes with every key.
let later = 0;
query.addEventListener("input", () => {
  search();
  clearTimeout(later);
  later = setTimeout(() => {
    const text = query.value;
    history.replaceState(null, "", text === "" ? "#" : `#q=${encodeURIComponent(text)}`);
  }, 250);
});
window.addEventListener("hashchange", () => {
  fromAddress();
  query.focus();
});
document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  results.firstElementChild?.focus();
});
more.addEventListener("click", () => {
  const before = shown;
  show(MORE);
  results.children[before]?.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const item = document.activeElement?.closest?.("#results > li");
  const atQuery = document.activeElement === query;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "/" && !atQuery) query.focus();
  else if (event.key === "Escape" && (item || atQuery)) {
    query.value = "";
    query.dispatchEvent(new Event("input"));
    query.focus();
  } else if (event.key === "Enter" && item && document.activeElement === item) item.querySelector(".copy").click();
  else if (step === 1 && atQuery) results.firstElementChild?.focus();
  else if (step && item) ((step > 0 ? item.nextElementSibling : item.previousElementSibling) ?? (step < 0 ? query : item)).focus();
  else return;
  event.preventDefault();
});

fromAddress();
