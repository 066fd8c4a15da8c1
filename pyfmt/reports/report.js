"use strict";
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const field = (name) => form.elements.namedItem(name);
  const files = Array.from(document.querySelectorAll("details.file"), (element) => ({
    element,
    project: element.closest("section").dataset.project,
    count: element.querySelector(".count"),
    shown: -1,
    rows: Array.from(element.querySelectorAll("ol.findings > li"), (row) => {
      const [severity, tool, rule, baseline] = row.dataset.k.split(" ");
      return { element: row, severity, tool, rule, baseline, text: null, hidden: false };
    }),
  }));
  const sections = Array.from(document.querySelectorAll("section[data-project]"), (element) => ({
    element,
    project: element.dataset.project,
  }));
  const status = document.getElementById("status");
  const total = files.reduce((sum, file) => sum + file.rows.length, 0);

  const checked = (name) =>
    new Set(Array.from(form.querySelectorAll(`input[name=${name}]:checked`), (box) => box.value));

  function apply() {
    const severities = checked("severity");
    const tools = checked("tool");
    const baseline = field("baseline") ? checked("baseline") : null;
    const project = field("project").value;
    const rule = field("rule").value;
    const words = field("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const shownProjects = new Set();
    let shown = 0;
    for (const file of files) {
      let count = 0;
      const here = !project || file.project === project;
      for (const row of file.rows) {
        let keep = here && severities.has(row.severity) && tools.has(row.tool) && (!rule || row.rule === rule);
        if (baseline && !baseline.has(row.baseline)) keep = false;
        if (keep && words.length) {
          if (row.text === null) {
            row.text = (file.element.dataset.path + "\n" + row.element.textContent).toLowerCase();
          }
          keep = words.every((word) => row.text.includes(word));
        }
        if (keep) count += 1;
        if (row.hidden === keep) {
          row.hidden = !keep;
          row.element.hidden = !keep;
        }
      }
      if (count !== file.shown) {
        file.shown = count;
        file.element.hidden = count === 0;
        file.count.textContent = count === file.rows.length ? String(count) : `${count} of ${file.rows.length}`;
      }
      if (count) shownProjects.add(file.project);
      shown += count;
    }
    for (const section of sections) section.element.hidden = !shownProjects.has(section.project);
    status.textContent = `${shown} of ${total} findings shown`;
    save();
  }

  // The filters stand in the address, so that a link shows what its sender saw.
  function save() {
    const state = new URLSearchParams();
    for (const box of form.querySelectorAll("input[type=checkbox]:not(:checked)")) state.append(box.name, box.value);
    for (const name of ["project", "rule", "text"]) if (field(name).value) state.set(name, field(name).value);
    if (String(state)) history.replaceState(null, "", `#?${state}`);
    else if (location.hash.startsWith("#?")) history.replaceState(null, "", "#");
  }

  function load() {
    if (!location.hash.startsWith("#?")) return;
    const state = new URLSearchParams(location.hash.slice(2));
    for (const box of form.querySelectorAll("input[type=checkbox]")) {
      box.checked = !state.getAll(box.name).includes(box.value);
    }
    for (const name of ["project", "rule", "text"]) field(name).value = state.get(name) ?? "";
  }

  let timer = 0;
  field("text").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 150);
  });
  form.addEventListener("change", (event) => {
    if (event.target !== field("text")) apply();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.getElementById("open-all").addEventListener("click", () => {
    const visible = files.filter((file) => file.shown > 0);
    const open = !visible.every((file) => file.element.open);
    for (const file of visible) file.element.open = open;
  });
  document.getElementById("heat").addEventListener("click", (event) => {
    const link = event.target.closest("a[data-tool]");
    if (!link) return;
    form.reset();
    field("project").value = link.dataset.project;
    for (const box of form.querySelectorAll("input[name=tool]")) box.checked = box.value === link.dataset.tool;
    apply();
  });
  window.addEventListener("hashchange", () => {
    load();
    apply();
  });
  form.hidden = false;
  load();
  apply();
})();
