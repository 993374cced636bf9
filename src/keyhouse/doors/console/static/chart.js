"use strict";
// A key's usage as stacked bars. The legend is the server's, and so are its colours.
{
  const height = 240;
  const refreshMs = 5000;
  const grouped = new Intl.NumberFormat("en").format;
  const charts = new Map();

  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
  const resolve = (name) => {
    // Tokens are light-dark() pairs; a canvas wants one colour.
    const probe = document.createElement("span");
    probe.hidden = true;
    probe.className = "chart-probe";
    document.body.append(probe);
    probe.style.color = style(name);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  };

  const stacked = (told) => {
    let below = told.at.map(() => 0);
    return told.series.map((one) => {
      below = one.values.map((value, index) => below[index] + value);
      return below;
    });
  };
  const clock = (seconds) =>
    new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const day = (seconds) =>
    new Date(seconds * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  // The clock, and the day below it where a new one begins.
  const marks = (seconds, step) =>
    seconds.map((at, index) => {
      const isNew = index === 0 || day(at) !== day(seconds[index - 1]);
      if (step >= 86400) return day(at);
      return isNew ? `${clock(at)}\n${day(at)}` : clock(at);
    });
  const moment = (seconds, step) =>
    new Date(seconds * 1000).toLocaleString("en-GB", {
      weekday: "short",
      day: "numeric",
      month: "short",
      ...(step < 86400 ? { hour: "2-digit", minute: "2-digit" } : {}),
    });

  class Chart {
    constructor(element) {
      this.element = element;
      this.card = element.parentElement;
      this.legend = this.card.querySelector("[data-legend]");
      this.resized = new ResizeObserver(() => {
        if (this.plot && element.clientWidth) this.plot.setSize({ width: element.clientWidth, height });
      });
      this.resized.observe(element);
      this.refresh();
      this.timer = setInterval(() => {
        if (!element.isConnected) this.end();
        else if (!document.hidden) this.refresh();
      }, refreshMs);
    }

    end() {
      clearInterval(this.timer);
      this.resized.disconnect();
      this.plot?.destroy();
      charts.delete(this.element);
    }

    async refresh() {
      const answer = await fetch(this.element.dataset.chart).catch(() => null);
      if (!answer?.ok || !this.element.isConnected) return;
      const told = await answer.json();
      const known = [...this.legend.querySelectorAll("[data-series]")].map((one) => one.dataset.series);
      const isNew = told.series.some((one) => !known.includes(one.id));
      const wasEmpty = this.element.querySelector(".chart-empty");
      const any = told.series.some((one) => one.values.some(Boolean));
      if (isNew || (wasEmpty && any)) {
        // A reason that was not there before: the server tells the whole anew.
        document.querySelector("#key-usage [aria-current]")?.click();
        return;
      }
      if (!any) return;
      this.told = told;
      this.count();
      if (!this.plot) this.draw();
      else this.plot.setData(this.data(), !this.zoomed);
    }

    count() {
      for (const one of this.told.series) {
        const total = one.values.reduce((sum, value) => sum + value, 0);
        const place = this.legend.querySelector(`[data-series="${CSS.escape(one.id)}"] [data-total]`);
        if (place) place.textContent = grouped(total);
      }
    }

    // The tallest sum is drawn first; each lower one then covers its foot.
    data() {
      return [this.told.at, ...stacked(this.told).reverse()];
    }

    colours() {
      const items = [...this.legend.querySelectorAll("[data-series] rect")];
      return items.map((one) => getComputedStyle(one).fill).reverse();
    }

    draw() {
      this.element.replaceChildren();
      const colours = this.colours();
      const bars = uPlot.paths.bars({ size: [0.72, 40], align: 1, radius: 0.08 });
      const ink = resolve("--faint");
      const line = resolve("--line");
      const font = `12px ${style("--sans")}`;
      const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
      const step = this.told.step;
      this.plot = new uPlot(
        {
          width: this.element.clientWidth,
          height,
          padding: [8, 16, 0, 0],
          legend: { show: false },
          cursor: {
            y: false,
            points: { show: false },
            drag: { x: true, y: false, setScale: true },
          },
          scales: {
            // The last bar is as long as the others.
            x: { range: (plot, from, to) => (this.zoomed ? [from, to] : [this.told.at[0], this.told.at.at(-1) + step]) },
            y: { range: (plot, from, to) => [0, Math.max(to * 1.08, 4)] },
          },
          axes: [
            {
              ...axis,
              grid: { show: false },
              space: 64,
              values: (plot, seconds, index, space, step) => marks(seconds, step),
            },
            {
              ...axis,
              size: 52,
              incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1e3, 2e3, 2500, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7],
              values: (plot, marks) => marks.map((mark) => grouped(mark)),
            },
          ],
          series: [{}, ...colours.map((fill) => ({ fill, stroke: fill, width: 0, paths: bars, points: { show: false } }))],
          hooks: {
            setCursor: [(plot) => this.tell(plot)],
            setSelect: [(plot) => { if (plot.select.width > 2) this.zoomed = true; }],
          },
        },
        this.data(),
        this.element,
      );
      this.plot.over.addEventListener("dblclick", () => {
        this.zoomed = false;
        this.plot.setData(this.data(), true);
      });
      this.tip = document.createElement("div");
      this.tip.className = "chart-tip";
      this.tip.hidden = true;
      this.element.append(this.tip);
      this.card.querySelector("[data-zoom]").hidden = false;
    }

    tell(plot) {
      const { left, idx } = plot.cursor;
      const at = this.told.at;
      // A bar begins at its time: what is under the pointer began before it.
      const under = plot.posToVal(left, "x");
      const index = idx !== null && at[idx] > under ? idx - 1 : idx;
      this.tip.hidden = index === null || index < 0 || left < 0;
      if (this.tip.hidden) return;
      const head = document.createElement("strong");
      head.textContent = moment(at[index], this.told.step);
      const rows = this.told.series.map((one) => [one.label, grouped(one.values[index]), one.kind]);
      const p95 = this.told.p95[index];
      if (p95 !== null) rows.push(["p95", `${p95} ms`, ""]);
      const list = document.createElement("dl");
      for (const [label, value] of rows) {
        const term = document.createElement("dt");
        const words = document.createElement("dd");
        term.textContent = label;
        words.textContent = value;
        list.append(term, words);
      }
      this.tip.replaceChildren(head, list);
      const room = plot.over.clientWidth;
      const from = plot.over.offsetLeft;
      const turned = left > room / 2;
      this.tip.style.left = turned ? "" : `${from + left + 14}px`;
      this.tip.style.right = turned ? `${this.element.clientWidth - from - left + 14}px` : "";
    }

    redraw() {
      this.plot?.destroy();
      this.plot = null;
      if (this.told) this.draw();
    }
  }

  const begin = () => {
    for (const element of document.querySelectorAll("[data-chart]")) {
      if (!charts.has(element)) charts.set(element, new Chart(element));
    }
  };
  const redraw = () => charts.forEach((chart) => chart.redraw());
  begin();
  document.addEventListener("htmx:load", begin);
  document.addEventListener("keyhouse:theme", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
