// A table whose rows lead on: real links, so that keyboard, screen reader and "open in a new tab" work. A plain click
// stays in this session; the browser by itself would begin a new one. A table that is drawn again keeps what has not
// changed, so that the focus stays where it is while figures move.

const drawn = new WeakMap();

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const table = parentElement.querySelector("table") ?? parentElement.appendChild(element("table", { role: "table" }));
  const before = drawn.get(table) ?? { head: "", rows: [], chosen: new Set() };
  const tell = Object.fromEntries(["opened", "led", "sorted"].map((name) => [name, (id) => setTriggerValue(name, id)]));
  const ids = data.rows.map((row) => row.id);
  const now = { ...before, chosen: new Set(ids.filter((id) => before.chosen.has(id))) };
  const choose = (chosenIds, isChosen) => {
    chosenIds.forEach((id) => (isChosen ? now.chosen.add(id) : now.chosen.delete(id)));
    mark(table, ids, now.chosen);
    setStateValue("chosen", ids.filter((id) => now.chosen.has(id)));
  };
  table.setAttribute("aria-label", data.label);
  table.className = [data.is_dense ? "dense" : "", data.has_cards ? "" : "flat"].join(" ");
  if (!data.has_cards && parentElement.host) parentElement.host.style.containerType = "normal";
  now.choose = choose;
  now.head = drawHead(table, data, before.head, tell, () => drawn.get(table));
  now.rows = drawRows(table, data, before.rows, tell, () => drawn.get(table));
  drawn.set(table, now);
  mark(table, ids, now.chosen);
}

function drawHead(table, { columns, sort, can_choose: canChoose }, before, tell, current) {
  const said = JSON.stringify([columns, sort, canChoose]);
  if (said === before) return said;
  const row = element("tr", { role: "row" });
  if (canChoose) row.append(chooserCell("th", "Choose all on this page", (is) => current().choose(idsOf(table), is)));
  for (const column of columns) row.append(headCell(column, sort, tell));
  const head = element("thead", { role: "rowgroup" });
  head.append(row);
  const focused = table.getRootNode().activeElement?.dataset?.sort;
  table.tHead?.remove();
  table.prepend(head);
  if (focused) head.querySelector(`[data-sort="${focused}"]`)?.focus();
  return said;
}

function headCell(column, sort, tell) {
  const made = element("th", { role: "columnheader", scope: "col", class: column.align });
  if (column.about) made.title = column.about;
  if (!column.sort) {
    made.textContent = column.label;
    return made;
  }
  const isSorted = sort?.by === column.sort;
  made.setAttribute("aria-sort", isSorted ? (sort.is_descending ? "descending" : "ascending") : "none");
  const button = element("button", { type: "button", "data-sort": column.sort }, column.label);
  if (isSorted) button.append(icon(sort.is_descending ? "arrow_downward" : "arrow_upward"));
  button.addEventListener("click", () => tell.sorted(column.sort));
  made.append(button);
  return made;
}

function drawRows(table, { columns, rows, can_choose: canChoose }, before, tell, current) {
  const body = table.tBodies[0] ?? table.appendChild(element("tbody", { role: "rowgroup" }));
  const shape = JSON.stringify([columns, canChoose]);
  return rows.map((row, place) => {
    const said = { shape, id: row.id, href: row.href, cells: row.cells.map((cell) => JSON.stringify(cell)) };
    const old = before[place];
    const line = body.rows[place] ?? body.appendChild(element("tr", { role: "row" }));
    line.dataset.id = row.id;
    const isSame = old && old.shape === shape && old.id === row.id && old.href === row.href;
    if (!isSame) {
      line.replaceChildren();
      if (canChoose) line.append(chooserCell("td", `Choose ${nameOf(row, columns)}`, (is) => current().choose([row.id], is)));
    }
    row.cells.forEach((cell, at) => {
      if (isSame && old.cells[at] === said.cells[at]) return;
      const made = bodyCell(columns[at], cell, row, tell);
      if (isSame) line.cells[at + Number(canChoose)].replaceWith(made);
      else line.append(made);
    });
    if (place === rows.length - 1) while (body.rows.length > rows.length) body.lastElementChild.remove();
    return said;
  });
}

function mark(table, ids, chosen) {
  for (const line of table.tBodies[0]?.rows ?? []) {
    const box = line.querySelector("input");
    if (!box) return;
    box.checked = chosen.has(line.dataset.id);
    line.classList.toggle("chosen", box.checked);
  }
  const all = table.tHead?.querySelector("input");
  if (!all) return;
  all.checked = ids.length > 0 && ids.every((id) => chosen.has(id));
  all.indeterminate = !all.checked && ids.some((id) => chosen.has(id));
}

function chooserCell(kind, label, choose) {
  const made = element(kind, { role: kind === "th" ? "columnheader" : "cell", class: "chooser" });
  const box = element("input", { type: "checkbox", "aria-label": label });
  box.addEventListener("change", () => choose(box.checked));
  made.append(box);
  return made;
}

function bodyCell(column, cell, row, tell) {
  const isEmpty = cell.text === "" && !cell.tags.length && !cell.initials;
  const classes = [column.align, column.shape, isEmpty ? "empty" : "", cell.text === "–" ? "none" : ""].join(" ");
  const made = element("td", { role: "cell", class: classes, "data-label": column.label });
  const shown = content(cell);
  const whole = document.createDocumentFragment();
  whole.append(column.is_link && row.href ? link(row.href, shown, () => tell.opened(row.id)) : shown);
  if (cell.lead) whole.append(" ", link(cell.lead.href, cell.lead.text, () => tell.led(cell.lead.id)));
  made.append(cell.icon ? withIcon(cell, whole) : whole);
  if (cell.bar !== null) made.append(bar(cell));
  if (cell.tags.length) made.append(...tags(cell.tags));
  return made;
}

function content(cell) {
  if (cell.initials) {
    const shade = [...cell.initials].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 4;
    return element("span", { class: `initials shade-${shade}`, role: "img", "aria-label": cell.text, title: cell.text }, cell.initials);
  }
  if (cell.exact) return element("span", { class: "exact", title: cell.exact }, cell.text);
  return document.createTextNode(cell.text);
}

function bar(cell) {
  const made = element("span", { class: "bar", "aria-hidden": "true" });
  const filled = element("span", {});
  filled.style.width = `${100 * cell.bar}%`;
  if (cell.tone) filled.style.background = `var(--state-${cell.tone})`;
  made.append(filled);
  return made;
}

function tags(names) {
  const first = element("span", { class: "tag", title: names.join(", ") }, names[0]);
  if (names.length === 1) return [first];
  const more = element("span", { class: "more", title: names.join(", ") }, `+${names.length - 1}`);
  more.setAttribute("aria-label", names.slice(1).join(", "));
  return [first, more];
}

function withIcon(cell, shown) {
  const made = element("div", { class: "with-icon" });
  const words = document.createElement("span");
  const sign = icon(cell.icon);
  if (cell.tone && cell.bar === null) sign.style.cssText = `color: var(--state-${cell.tone}); opacity: 1`;
  if (cell.icon_label) {
    sign.removeAttribute("aria-hidden");
    for (const [name, value] of [["role", "img"], ["aria-label", cell.icon_label], ["title", cell.icon_label]]) sign.setAttribute(name, value);
  }
  words.append(shown);
  made.append(sign, words);
  return made;
}

function icon(name) {
  return element("span", { class: "icon", "aria-hidden": "true" }, name);
}

function link(href, shown, open) {
  const made = element("a", { href });
  made.append(shown);
  made.title = made.textContent;
  made.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  return made;
}

function nameOf(row, columns) {
  return row.cells[columns.findIndex((column) => column.is_link)]?.text ?? row.id;
}

function idsOf(table) {
  return [...table.tBodies[0].rows].map((line) => line.dataset.id);
}

function element(name, attributes, content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (content !== undefined) made.textContent = content;
  return made;
}
