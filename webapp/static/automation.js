// The threshold on the curve of error over automation: the slider moves it by mouse, touch and keys, and so does dragging
// on the curve itself; what it would mean stands beside it.

const places = JSON.parse(document.getElementById("stops").textContent);
const slider = document.getElementById("place");
const curve = document.getElementById("curve");
const line = document.getElementById("threshold");
const shows = Object.fromEntries([...document.querySelectorAll("[data-shows]")].map((each) => [each.dataset.shows, each]));

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
// as the page itself writes error rates: two places below 1 %, one above
const percent = (share) => `${+(100 * share).toFixed(100 * share < 1 ? 2 : 1)} %`;

function show() {
  const place = places[slider.value];
  line.setAttribute("transform", `translate(${place.x} 0)`);
  shows.skipping.textContent = whole.format(place.skipping);
  shows.waiting.textContent = place.waiting === null ? "—" : whole.format(place.waiting);
  shows.wrong.textContent = whole.format(place.wrong);
  shows.most_wrong.textContent = whole.format(place.most_wrong);
  shows.high.textContent = percent(place.high);
  shows.hours.textContent = tenths.format(place.hours);
  shows.thresholds.textContent = place.thresholds.map(([title, bound]) => `${title} ${bound.toFixed(4)}`).join(", ");
  slider.setAttribute(
    "aria-valuetext",
    `${whole.format(place.skipping)} of 100 documents skip people, ${percent(place.error)} of their fields wrong, at most ${percent(place.high)}`,
  );
}

// the place that is nearest to where the pointer is
function drag(event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(curve.getScreenCTM().inverse());
  const distances = places.map((place) => Math.abs(place.x - point.x));
  slider.value = distances.indexOf(Math.min(...distances));
  show();
}

// letters of the same size on every screen, within what there is room for
new ResizeObserver(() => {
  const unit = curve.viewBox.baseVal.width / curve.clientWidth;
  curve.setAttribute("font-size", Math.min(20, 12 * unit));
}).observe(curve);

slider.addEventListener("input", show);
curve.style.touchAction = "pan-y"; // sideways is ours, up and down scrolls the page
curve.style.cursor = "ew-resize";
curve.addEventListener("pointerdown", (event) => {
  curve.setPointerCapture(event.pointerId);
  drag(event);
});
curve.addEventListener("pointermove", (event) => {
  if (curve.hasPointerCapture(event.pointerId)) drag(event);
});

const taker = document.querySelector("[data-takes]");
taker.hidden = false;
taker.addEventListener("click", () => {
  const input = document.getElementById(taker.dataset.takes);
  // rounded up: the promise is of what is above the line
  input.value = Math.min(50, Math.ceil(1000 * places[slider.value].high) / 10);
  input.focus();
});
show();
