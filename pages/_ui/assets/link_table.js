// A table whose first column leads on: real links, so that keyboard, screen reader and "open in a new tab" work. A plain
// click stays in this session; the browser by itself would begin a new one.

export default function ({ data, parentElement, setTriggerValue }) {
  const table = element("table", { role: "table", "aria-label": data.label });
  table.append(headRow(data.columns), bodyRows(data, setTriggerValue));
  parentElement.querySelector("table")?.remove();
  parentElement.append(table);
}

function headRow(columns) {
  const head = element("thead", { role: "rowgroup" });
  const row = head.appendChild(element("tr", { role: "row" }));
  for (const column of columns) {
    row.append(element("th", { role: "columnheader", scope: "col", class: column.align }, column.label));
  }
  return head;
}

function bodyRows({ columns, rows }, setTriggerValue) {
  const body = element("tbody", { role: "rowgroup" });
  for (const row of rows) {
    const line = body.appendChild(element("tr", { role: "row" }));
    row.cells.forEach((cell, place) => line.append(bodyCell(columns[place], cell, row, setTriggerValue)));
  }
  return body;
}

function bodyCell(column, cell, row, setTriggerValue) {
  const classes = [column.align, column.shape, cell.text === "" ? "empty" : ""].join(" ");
  const made = element("td", { role: "cell", class: classes, "data-label": column.label });
  const shown = cell.exact ? element("time", { title: cell.exact }, cell.text) : document.createTextNode(cell.text);
  const content = column.is_link && row.href ? link(row, shown, setTriggerValue) : shown;
  made.append(cell.icon ? withIcon(cell.icon, content) : content);
  return made;
}

function withIcon(name, content) {
  const made = element("div", { class: "with-icon" });
  const words = document.createElement("span");
  words.append(content);
  made.append(element("span", { class: "icon", "aria-hidden": "true" }, name), words);
  return made;
}

function link(row, shown, setTriggerValue) {
  const made = element("a", { href: row.href });
  made.append(shown);
  made.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    setTriggerValue("opened", row.id);
  });
  return made;
}

function element(name, attributes, content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (content !== undefined) made.textContent = content;
  return made;
}
