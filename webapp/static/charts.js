// <docloop-chart figures='{…}'>: draws what webapp/dashboard/charts.py describes, with uPlot. When the attribute
// changes (htmx morphs it in), only the figures are exchanged: nothing flickers, and the cursor stays where it is.

const look = getComputedStyle(document.documentElement);
const colour = (name) => look.getPropertyValue(`--${name}`).trim() || look.getPropertyValue("--bar").trim();
const clear = (hex, share) => hex + Math.round(255 * share).toString(16).padStart(2, "0");
const HEIGHT = 220;

const formats = {
  count: (value) => value.toLocaleString(undefined, { maximumFractionDigits: 1 }),
  percent: (value) => `${(100 * value).toFixed(value > 0.99 && value < 1 ? 1 : 0)} %`,
  seconds: (value) => `${Math.round(value)} s`,
  score: (value) => value.toFixed(3),
};
const shortDay = { day: "numeric", month: "short", timeZone: "UTC" };
const day = (seconds) => new Date(1000 * seconds).toLocaleDateString(undefined, shortDay);

// stacked series are drawn from the sum of all down to the lowest, each over the one before
function stacked(values) {
  const sums = [];
  let below = values[0].map(() => 0);
  for (const each of values) {
    below = each.map((value, i) => below[i] + (value ?? 0));
    sums.push(below);
  }
  return sums.reverse();
}

function inOrder(figures) {
  return figures.stacked ? [...figures.series].reverse() : figures.series;
}

function dataOf(figures) {
  const values = figures.series.map((each) => each.values);
  return [figures.x, ...(figures.stacked ? stacked(values) : values)];
}

// 95 % intervals as upright lines, a band between two curves as an area
function drawIntervals(plot, series) {
  const { ctx } = plot;
  ctx.save();
  for (const each of series) {
    if (!each.low) continue;
    const at = (i, values) => [plot.valToPos(plot.data[0][i], "x", true), plot.valToPos(values[i], "y", true)];
    const known = plot.data[0].map((_, i) => i).filter((i) => each.low[i] != null && each.high[i] != null);
    ctx.beginPath();
    if (each.kind === "line") {
      known.forEach((i) => ctx.lineTo(...at(i, each.high)));
      known.reverse().forEach((i) => ctx.lineTo(...at(i, each.low)));
      ctx.fillStyle = clear(colour(each.colour), 0.15);
      ctx.fill();
    } else {
      for (const i of known) {
        ctx.moveTo(...at(i, each.low));
        ctx.lineTo(...at(i, each.high));
      }
      ctx.strokeStyle = colour(each.colour);
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.stroke();
    }
  }
  ctx.restore();
}

function seriesOf(each, value) {
  const common = { label: each.label, value, spanGaps: true, stroke: () => colour(each.colour), points: { show: false } };
  switch (each.kind) {
    case "bars":
      return { ...common, paths: uPlot.paths.bars({ size: [0.75, 40] }), fill: () => colour(each.colour), width: 0 };
    case "area":
      return { ...common, paths: uPlot.paths.bars({ size: [1, Infinity], gap: 0 }), fill: () => colour(each.colour), width: 0 };
    case "points":
      return { ...common, paths: () => null, points: { show: true, size: 8, width: 0, fill: () => colour(each.colour) } };
    case "dashed":
      return { ...common, dash: [4, 5], width: 1.5 };
    default:
      return { ...common, width: 2 };
  }
}

// `chart.figures` is asked at every drawing, as it is exchanged when there are newer ones
function optionsOf(chart) {
  const { figures } = chart;
  const format = formats[figures.format];
  const x = figures.time ? day : formats[figures.x_format];
  const axis = {
    stroke: () => colour("bs-secondary-color"),
    grid: { stroke: () => colour("bs-border-color"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  // what a stacked series adds is told, not the sum it is drawn at
  const told = (number) => (_plot, _value, _series, i) => {
    const shown = i == null ? null : inOrder(chart.figures)[number].values[i];
    return shown == null ? "—" : format(shown);
  };
  const [least, most] = figures.range;
  return {
    width: chart.clientWidth,
    height: HEIGHT,
    cursor: { drag: { x: false, y: false }, points: { show: !figures.stacked } },
    scales: {
      x: { time: false, range: figures.time ? edges : wider },
      y: { range: (_plot, low, high) => [least ?? low, most ?? Math.max(high * 1.05, 1)] },
    },
    axes: [
      { ...axis, values: (_plot, ticks) => ticks.map(x), space: 64, size: 30, incrs: figures.time ? DAYS : undefined },
      { ...axis, values: (_plot, ticks) => ticks.map(format), size: 56 },
    ],
    series: [
      { label: figures.x_label, value: (_plot, value) => (value == null ? "—" : x(value)) },
      ...inOrder(figures).map((each, number) => seriesOf(each, told(number))),
    ],
    hooks: {
      draw: [(plot) => drawIntervals(plot, inOrder(chart.figures))],
      setCursor: [(plot) => plot.cursor.idx == null && tellLast(plot)],
      setData: [tellLast],
      ready: [tellLast],
    },
  };
}

// while nobody points at a place, the last one is told
const tellLast = (plot) => plot.setLegend({ idx: plot.data[0].length - 1 });

const DAY = 86400;
const DAYS = [1, 2, 7, 14, 28, 56].map((n) => n * DAY);
const edges = (_plot, low, high) => [low - DAY / 2, high + DAY / 2]; // so that the outer bars are whole
const wider = (_plot, low, high) => [low - (high - low || 1) / 40, high + (high - low || 1) / 40]; // and dots

// all but the numbers: as long as it is the same, the same plot shows them
const shape = (figures) => JSON.stringify(figures, (key, value) => (key in NUMBERS ? undefined : value));
const NUMBERS = { x: 0, values: 0, low: 0, high: 0 };

class DocloopChart extends HTMLElement {
  static observedAttributes = ["figures"];

  connectedCallback() {
    this.sized = new ResizeObserver(() => this.plot?.setSize({ width: this.clientWidth, height: HEIGHT }));
    this.sized.observe(this);
    this.themed = new MutationObserver(() => this.plot?.redraw());
    this.themed.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
    this.draw();
  }

  disconnectedCallback() {
    this.sized.disconnect();
    this.themed.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  attributeChangedCallback() {
    if (this.plot) this.draw();
  }

  draw() {
    const before = this.plot && shape(this.figures);
    this.figures = JSON.parse(this.getAttribute("figures"));
    if (before === shape(this.figures)) {
      this.plot.setData(dataOf(this.figures));
    } else {
      this.plot?.destroy();
      this.plot = new uPlot(optionsOf(this), dataOf(this.figures), this);
    }
  }
}

customElements.define("docloop-chart", DocloopChart);
