// The threshold on the curve of error over automation: the slider moves it by mouse, touch and keys, and so does dragging
// on the curve itself; what it would mean stands beside it. The curve is renewed now and then, and the threshold stays where
// the reader has put it.

const outlook = document.getElementById("outlook-now");
const taker = document.querySelector("[data-takes]");
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
// as the page itself writes error rates: two places below 1 %, one above
const percent = (share) => `${+(100 * share).toFixed(100 * share < 1 ? 2 : 1)} %`;

let places = []; // none while there is no curve
let kept = null; // of 100 documents that skip people, where the reader has put the threshold
let dragging = false;

const slider = () => document.getElementById("place");
const curve = () => document.getElementById("curve");
// the place that is nearest to a value of it
const nearest = (of, value) => {
  const distances = places.map((place) => Math.abs(place[of] - value));
  return distances.indexOf(Math.min(...distances));
};

function show() {
  const place = places[slider().value];
  const shows = Object.fromEntries([...outlook.querySelectorAll("[data-shows]")].map((each) => [each.dataset.shows, each]));
  document.getElementById("threshold").setAttribute("transform", `translate(${place.x} 0)`);
  shows.skipping.textContent = whole.format(place.skipping);
  shows.waiting.textContent = place.waiting === null ? "—" : whole.format(place.waiting);
  shows.wrong.textContent = whole.format(place.wrong);
  shows.most_wrong.textContent = whole.format(place.most_wrong);
  shows.high.textContent = percent(place.high);
  shows.hours.textContent = tenths.format(place.hours);
  shows.thresholds.textContent = place.thresholds.map(([title, bound]) => `${title} ${bound.toFixed(4)}`).join(", ");
  slider().setAttribute(
    "aria-valuetext",
    `${whole.format(place.skipping)} of 100 documents skip people, ${percent(place.error)} of their fields wrong, at most ${percent(place.high)}`,
  );
}

function moved() {
  kept = places[slider().value].skipping;
  show();
}

function drag(event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(curve().getScreenCTM().inverse());
  slider().value = nearest("x", point.x);
  moved();
}

// letters of the same size on every screen, within what there is room for
const sizes = new ResizeObserver(() => {
  const unit = curve().viewBox.baseVal.width / curve().clientWidth;
  curve().setAttribute("font-size", Math.min(20, 12 * unit));
});

function begin() {
  sizes.disconnect();
  const stops = document.getElementById("stops");
  places = stops ? JSON.parse(stops.textContent) : [];
  if (taker) taker.hidden = !stops;
  if (!stops) return;
  if (kept !== null) slider().value = nearest("skipping", kept);
  sizes.observe(curve());
  slider().addEventListener("input", moved);
  curve().style.touchAction = "pan-y"; // sideways is ours, up and down scrolls the page
  curve().style.cursor = "ew-resize";
  curve().addEventListener("pointerdown", (event) => {
    dragging = true;
    curve().setPointerCapture(event.pointerId);
    drag(event);
  });
  curve().addEventListener("pointermove", (event) => {
    if (curve().hasPointerCapture(event.pointerId)) drag(event);
  });
  for (const end of ["pointerup", "pointercancel"]) curve().addEventListener(end, () => (dragging = false));
  show();
}

taker?.addEventListener("click", () => {
  const input = document.getElementById(taker.dataset.takes);
  // rounded up: the promise is of what is above the line
  input.value = Math.min(50, Math.ceil(1000 * places[slider().value].high) / 10);
  input.focus();
});
// nothing is taken away under the reader's hand, nor what they read in the table
outlook.addEventListener("htmx:before:request", (event) => {
  if (dragging || outlook.contains(document.activeElement) || outlook.querySelector("details[open]")) event.preventDefault();
});
outlook.addEventListener("htmx:after:swap", begin);
begin();
