"use strict";
// Sorting, filtering, choosing columns, looking up films and drawing charts. Without this script the page shows the same numbers.
(() => {
  const byId = (id) => document.getElementById(id);
  const made = (tag, text, properties) => Object.assign(document.createElement(tag), { textContent: text, ...properties });
  const table = byId("board");
  if (table) {
    const headings = [...table.tHead.rows[0].cells];
    const bodies = [...table.tBodies].map((body) => ({ body, group: body.rows[0], rows: [...body.rows].slice(1) }));
    const all = bodies.flatMap(({ rows }) => rows);
    byId("controls").hidden = false;
    sorting(headings, bodies);
    filtering(bodies, all);
    choosing(headings, bodies);
  }
  if (byId("data")) looking(JSON.parse(byId("data").textContent));
  // When all else is there; a short pause after each, in which the page can be used.
  if (byId("vega")) addEventListener("load", () => setTimeout(drawing));

  async function drawing() {
    document.head.append(made("script", byId("vega").textContent));
    byId("how-to-read").hidden = false;
    for (const specification of document.querySelectorAll(".chart-of")) {
      const place = byId(specification.dataset.chart);
      place.hidden = false;
      try {
        await drawChart(place, JSON.parse(specification.textContent));
      } catch (error) {
        place.textContent = `This browser cannot draw it: ${error.message}`;
      }
      await new Promise((go) => setTimeout(go));
    }
  }

  function sorting(headings, bodies) {
    headings.forEach((heading, place) => {
      const button = made("button", "", { type: "button" });
      button.append(...heading.childNodes);
      heading.append(button);
      // The better end comes first.
      const first = heading.dataset.best === "high" && place > 0 ? "descending" : "ascending";
      button.addEventListener("click", () => {
        const was = heading.getAttribute("aria-sort");
        const other = was === "ascending" ? "descending" : "ascending";
        sort(heading, place, was ? other : first);
      });
    });
    byId("as-made").addEventListener("click", () => {
      headings.forEach((heading) => heading.removeAttribute("aria-sort"));
      bodies.forEach(({ body, rows }) => body.append(...rows));
    });

    function sort(heading, place, direction) {
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", direction);
      const sign = direction === "ascending" ? 1 : -1;
      for (const { body, rows } of bodies) {
        body.append(...[...rows].sort((one, two) => compare(one.cells[place], two.cells[place], sign)));
      }
    }
  }

  // What has no number comes last both ways; equal ones keep the order of the board.
  function compare(one, two, sign) {
    const numbers = [one, two].map((cell) => ("number" in cell.dataset ? Number(cell.dataset.number) : null));
    if (numbers[0] !== null && numbers[1] !== null) return sign * (numbers[0] - numbers[1]);
    if (numbers[0] !== null) return -1;
    if (numbers[1] !== null) return 1;
    const texts = [one, two].map((cell) => cell.textContent);
    if (!texts[0] || !texts[1]) return texts[0] ? -1 : texts[1] ? 1 : 0;
    return sign * (texts[0] < texts[1] ? -1 : texts[0] > texts[1] ? 1 : 0);
  }

  function filtering(bodies, all) {
    const field = byId("filter");
    const texts = new Map();
    for (const { body, rows } of bodies) {
      for (const row of rows) {
        const cells = [...row.cells].map((cell) => cell.textContent);
        texts.set(row, [body.className, ...cells].join(" ").toLowerCase());
      }
    }
    const apply = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of all) row.hidden = !words.every((word) => texts.get(row).includes(word));
      for (const { group, rows } of bodies) group.hidden = rows.every((row) => row.hidden);
      byId("count").textContent = `${all.filter((row) => !row.hidden).length} of ${all.length} rows`;
    };
    field.addEventListener("input", apply);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { field.value = ""; apply(); }
    });
    apply();
  }

  function choosing(headings, bodies) {
    headings.forEach((heading, place) => {
      if (place === 0) return;
      const box = made("input", "", { type: "checkbox", checked: !("later" in heading.dataset) });
      const label = made("label", "");
      label.append(box, ` ${heading.querySelector("button").firstChild.textContent.trim()}`);
      byId("columns").append(label);
      const show = () => {
        heading.hidden = !box.checked;
        for (const { rows } of bodies) for (const row of rows) row.cells[place].hidden = !box.checked;
        const shown = headings.filter((other) => !other.hidden).length;
        for (const { group } of bodies) group.cells[0].colSpan = shown;
      };
      box.addEventListener("change", show);
      show();
    });
  }

  function looking(films) {
    const plot = byId("plot"), slider = byId("film"), chosen = byId("chosen");
    const [left, right, top, base] = plot.dataset.frame.split(" ").map(Number);
    const onto = (value, [low, high], start, end) =>
      start + ((Math.min(Math.max(value, low), high) - low) / (high - low)) * (end - start);
    const order = films.reference.map((_, film) => film).sort((one, two) => films.reference[one] - films.reference[two]);
    const rank = order.reduce((ranks, film, place) => { ranks[film] = place; return ranks; }, []);
    let model = films.models[0], places = [], now = null;

    byId("lookup").hidden = false;
    if (films.models.length > 1) {
      const choice = made("select", "", { id: "model" });
      films.models.forEach(({ name, seeds }, place) => {
        choice.append(made("option", seeds > 1 ? `${name} (mean of ${seeds} seeds)` : name, { value: String(place) }));
      });
      choice.addEventListener("change", () => draw(films.models[Number(choice.value)]));
      const label = made("label", "Model: ", { htmlFor: "model" });
      byId("model-choice").replaceChildren(label, choice);
    }
    slider.addEventListener("input", () => look(order[Number(slider.value)]));
    plot.addEventListener("pointermove", point);
    plot.addEventListener("pointerdown", point);
    draw(model);

    function draw(given) {
      model = given;
      places = model.predicted.map((predicted, film) =>
        predicted === null ? null : [
          onto(films.reference[film], films.across, left, right), onto(predicted, films.up, base, top),
        ]);
      byId("dots").setAttribute("d", places.map((at) => (at ? `M${at[0].toFixed(1)} ${at[1].toFixed(1)}h0` : "")).join(""));
      if (now !== null) look(now);
    }

    function point(event) {
      const frame = plot.getBoundingClientRect(), scale = plot.viewBox.baseVal.width / frame.width;
      const x = (event.clientX - frame.left) * scale, y = (event.clientY - frame.top) * scale;
      let best = null, least = 20 ** 2;
      places.forEach((at, film) => {
        const distance = at ? (at[0] - x) ** 2 + (at[1] - y) ** 2 : Infinity;
        if (distance < least) { best = film; least = distance; }
      });
      if (best !== null && best !== now) { slider.value = String(rank[best]); look(best); }
    }

    function look(film) {
      now = film;
      const predicted = model.predicted[film];
      chosen.toggleAttribute("hidden", places[film] === null);
      if (places[film]) { chosen.setAttribute("cx", places[film][0]); chosen.setAttribute("cy", places[film][1]); }
      const error = predicted === null ? null : predicted - films.reference[film];
      const lines = [
        ["film", films.ids[film]],
        ["reference", said(films.reference[film])],
        ...films.readings.map(({ name, scores }) => [name, said(scores[film])]),
        ["predicted", said(predicted)],
        ["error", error === null ? "n/a" : (error > 0 ? "+" : "") + said(error)],
      ];
      byId("said").replaceChildren(...lines.flatMap(([name, text]) => [made("dt", name), made("dd", text)]));
      slider.setAttribute("aria-valuetext", lines.map((line) => line.join(" ")).join(", "));
    }

    function said(value) {
      return value === null ? "n/a" : value.toFixed(1);
    }
  }
})();
