"use strict";
// The page's own script: the coverage chosen, the table of rows, and the colours. It draws and counts nothing that is
// told in words: those sentences come ready for every level.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const ROWS_A_PAGE = 50;
  const element = (id) => document.getElementById(id);
  const find = element("find"), which = element("which"), slider = element("level");
  const low = element("range-low"), high = element("range-high"), rangeColumn = element("range-column");
  let level = data.headline, order = data.rows.map((_, row) => row), shown = order, first = 0;

  // ---- columns: of each row a value to sort by, null if there is none, and its text
  const NUMBERS = ["number", "percent", "date", "lower", "upper", "width"];
  const isCovered = (row) => (data.covered[row] >> level) & 1;
  const label = (row) => (data.labels ? data.labels[row] : String(data.rows[row]));

  function steps(column, row) {
    const prediction = data.prediction;
    if (column.kind === "lower" || column.kind === "upper") {
      const offset = data[column.kind][level][row];
      return offset === null ? null : prediction.values[row] + offset;
    }
    if (column.kind === "width") {
      const from = data.lower[level][row], to = data.upper[level][row];
      return from === null || to === null ? null : to - from;
    }
    return column.values[row];
  }

  function number(column, row) {
    const whole = steps(column, row);
    return whole === null ? null : whole * column.step;
  }

  function reader(column) {
    if (column.kind === "row") return { value: (row) => (data.labels ? label(row) : data.rows[row]), text: label };
    if (column.kind === "covered") return { value: isCovered, text: (row) => (isCovered(row) ? "held" : "missed") };
    if (column.kind === "set") {
      const set = (row) => data.sets[level][row];
      return { value: (row) => data.set_sizes[set(row)], text: (row) => data.set_texts[set(row)] };
    }
    if (column.kind === "text") {
      const text = (row) => (column.values[row] === null ? null : column.texts[column.values[row]]);
      return { value: text, text: (row) => text(row) ?? "" };
    }
    const decimals = Math.max(0, Math.round(-Math.log10(column.step)));
    const format = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    const text = (value) => {
      if (column.kind === "date") return new Date(value).toISOString().slice(0, 10);
      return format.format(value).replace("-", "−").replace(/^−(0(\.0*)?)$/, "$1") + (column.kind === "percent" ? " %" : "");
    };
    const missing = ["lower", "upper", "width"].includes(column.kind) ? "infinite" : "";
    return {
      value: (row) => number(column, row),
      text: (row) => { const value = number(column, row); return value === null ? missing : text(value); },
    };
  }

  data.prediction = data.columns.find((column) => column.name === "prediction" && !column.feature);
  const columns = [{ name: "row", kind: "row" }, ...data.columns].map((column) => ({ ...column, ...reader(column) }));
  let sort = { column: columns.findIndex((column) => column.sort), descending: false };
  sort.descending = columns[sort.column].sort === "descending";

  // ---- the table
  function compare(a, b) {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b;
  }

  function sortRows() {
    const { value } = columns[sort.column];
    const values = data.rows.map((_, row) => value(row));
    const sign = sort.descending ? -1 : 1;
    order = data.rows.map((_, row) => row).sort((a, b) => {
      const gap = values[a] === null || values[b] === null ? compare(values[a], values[b]) : sign * compare(values[a], values[b]);
      return gap || a - b;
    });
  }

  function filterRows() {
    const words = find.value.trim().toLowerCase();
    const texts = columns.filter((column) => column.kind === "text" || column.kind === "row");
    const ranged = columns[rangeColumn.value];
    const from = low.value === "" ? null : Number(low.value), to = high.value === "" ? null : Number(high.value);
    shown = order.filter((row) => {
      if (which.value !== "all" && Boolean(isCovered(row)) !== (which.value === "held")) return false;
      if (words && !texts.some((column) => column.text(row).toLowerCase().includes(words))) return false;
      if (from === null && to === null) return true;
      const value = ranged.value(row);
      return value !== null && (from === null || value >= from - ranged.step / 2) && (to === null || value <= to + ranged.step / 2);
    });
    first = 0;
  }

  function cell(column, row) {
    const made = document.createElement(column.kind === "row" ? "th" : "td");
    if (column.kind === "row") made.scope = "row";
    if (!NUMBERS.includes(column.kind)) made.className = "left";
    made.textContent = column.text(row);
    if (column.kind === "covered" && !isCovered(row)) made.className = "left missed";
    return made;
  }

  function drawRows() {
    const body = document.createElement("tbody");
    for (const row of shown.slice(first, first + ROWS_A_PAGE)) {
      const line = body.insertRow();
      line.append(...columns.map((column) => cell(column, row)));
    }
    element("rows").tBodies[0].replaceWith(body);
    const last = Math.min(first + ROWS_A_PAGE, shown.length), count = (n) => n.toLocaleString("en-US");
    const of = shown.length === data.rows.length ? "" : ` (${count(data.rows.length)} without the filter)`;
    element("status").textContent = shown.length ? `Rows ${count(first + 1)} to ${count(last)} of ${count(shown.length)}${of}` : `No row fits${of}`;
    element("previous").disabled = first === 0;
    element("next").disabled = last >= shown.length;
  }

  function drawHead() {
    const line = element("rows").tHead.insertRow();
    columns.forEach((column, index) => {
      const head = document.createElement("th"), button = document.createElement("button");
      head.scope = "col";
      button.type = "button";
      button.textContent = column.name;
      if (!NUMBERS.includes(column.kind)) head.className = "left";
      button.addEventListener("click", () => {
        sort = { column: index, descending: sort.column === index && !sort.descending };
        markSorted();
        update({ sorting: true });
      });
      head.append(button);
      line.append(head);
      if (!NUMBERS.includes(column.kind)) return;
      rangeColumn.append(new Option(column.name, String(index)));
    });
  }

  function markSorted() {
    [...element("rows").tHead.rows[0].cells].forEach((head, index) => {
      const direction = sort.descending ? "descending" : "ascending";
      head.setAttribute("aria-sort", index === sort.column ? direction : "none");
    });
  }

  function update({ sorting = false } = {}) {
    if (sorting) sortRows();
    filterRows();
    drawRows();
  }

  // ---- the coverage chosen
  function showLevel() {
    const told = data.levels[level];
    for (const name of ["asked", "observed", "limits", "promised", "size"]) element(name).textContent = told[name];
    element("level-reading").textContent = told.reading;
    element("rows-level").textContent = `Coverage chosen: ${told.asked}.`;
    slider.setAttribute("aria-valuetext", told.asked);
    document.querySelectorAll(".dot.level").forEach((dot) => dot.classList.toggle("chosen", Number(dot.dataset.point) === level));
  }

  slider.addEventListener("input", () => {
    level = Number(slider.value);
    showLevel();
    update({ sorting: ["lower", "upper", "width", "set", "covered"].includes(columns[sort.column].kind) });
  });
  for (const control of [find, which, rangeColumn, low, high]) control.addEventListener("input", () => update());
  element("previous").addEventListener("click", () => { first -= ROWS_A_PAGE; drawRows(); });
  element("next").addEventListener("click", () => { first += ROWS_A_PAGE; drawRows(); });

  // ---- colours
  const theme = element("theme"), screen = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (screen.matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { theme.textContent = isDark() ? "Light colours" : "Dark colours"; };
  theme.addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; nameTheme(); });
  screen.addEventListener("change", nameTheme);

  slider.value = String(level);
  document.querySelectorAll("#theme, .control, .controls, #rows").forEach((part) => { part.hidden = false; });
  drawHead();
  markSorted();
  nameTheme();
  showLevel();
  update({ sorting: true });
})();
