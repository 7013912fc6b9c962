"use strict";

/** Along the swiss roll: a place on a spiral with a part for each class, and the image that it decodes to. */
{
  const box = document.getElementById("roll");
  const model = Live.models.roll;
  const { limit, parts, points, reads } = model.about;
  const last = points.length - 1;
  const SIZE = 640; // of the map, in its own pixels
  const THUMBNAIL = 50;
  const [back, front, digit] = ["back", "front", "digit"].map((name) => box.querySelector(`.live-${name}`));
  const slider = box.querySelector("[name=step]");
  const walk = box.querySelector("[name=walk]");
  let step = Number(slider.value);

  const part = (i) => Math.min(parts - 1, Math.floor((i / last) * parts));
  const place = ([z1, z2]) => [(z1 / limit + 1) / 2, (1 - z2 / limit) / 2].map((value) => value * SIZE);

  /** Draw the roll in the colours of its classes, images along it, and the number of each class beside its middle. */
  function drawRoll() {
    back.width = back.height = SIZE;
    const context = back.getContext("2d");
    context.fillStyle = `rgb(${Live.PAPER})`;
    context.fillRect(0, 0, SIZE, SIZE);
    context.lineWidth = 9;
    for (let i = 0; i < last; i++) {
      context.beginPath();
      context.strokeStyle = Live.COLORS[part(i)];
      context.moveTo(...place(points[i]));
      context.lineTo(...place(points[i + 1]));
      context.stroke();
    }
    const stops = spaced(THUMBNAIL + 6);
    const tile = Live.fit(document.createElement("canvas"));
    Live.gradually(stops.length, (k) => {
      const point = points[stops[k]];
      const color = Live.COLORS[part(stops[k])];
      const [x, y] = place(point).map((value) => value - THUMBNAIL / 2);
      Live.show(tile, model.decode(point), Live.mixed(Live.rgb(color), Live.INK, 0.35));
      context.drawImage(tile, x, y, THUMBNAIL, THUMBNAIL);
      context.strokeStyle = color;
      context.lineWidth = 3;
      context.strokeRect(x, y, THUMBNAIL, THUMBNAIL);
    });
  }

  /** Steps along the roll, at least this many pixels of the map apart. */
  function spaced(distance) {
    const apart = (i, j) => Math.hypot(...place(points[i]).map((value, axis) => value - place(points[j])[axis]));
    const stops = [];
    for (let i = 0; i <= last; i++) if (stops.every((stop) => apart(i, stop) >= distance)) stops.push(i);
    return stops;
  }

  function drawMark() {
    front.width = front.height = SIZE;
    const context = front.getContext("2d");
    for (const [color, width] of [["#000000", 12], ["#ffffff", 6]]) {
      context.beginPath();
      context.arc(...place(points[step]), 34, 0, 2 * Math.PI);
      context.strokeStyle = color;
      context.lineWidth = width;
      context.stroke();
    }
  }

  function go(to) {
    step = Math.min(last, Math.max(0, to));
    Live.show(digit, model.decode(points[step]));
    drawMark();
    const percent = Math.round((100 * step) / last);
    slider.value = step;
    slider.setAttribute("aria-valuetext", `${percent} %, part of class ${part(step)}`);
    slider.nextElementSibling.textContent = `${percent} %`;
    box.querySelector(".live-words").textContent =
      `Part of class ${part(step)}, z = (${points[step].map((value) => Live.signed(value)).join(", ")}). ` +
      `The course's classifier reads this image as ${Live.article(reads[step])}.`;
  }

  /** The step whose point is nearest to a place on the map. */
  function nearest(x, y) {
    const distances = points.map((point) => Math.hypot(place(point)[0] - x * SIZE, place(point)[1] - y * SIZE));
    return distances.indexOf(Math.min(...distances));
  }

  /** Walk on, a step in each twentieth of a second, until somebody stops it; from the end back to the beginning. */
  function walkOn() {
    if (walk.getAttribute("aria-pressed") !== "true") return;
    go(step === last ? 0 : step + 1);
    setTimeout(walkOn, 50);
  }

  function stop() {
    walk.setAttribute("aria-pressed", "false");
    box.querySelector(".live-words").setAttribute("aria-live", "polite");
  }

  walk.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches;
  walk.addEventListener("click", () => {
    if (walk.getAttribute("aria-pressed") === "true") return stop();
    walk.setAttribute("aria-pressed", "true");
    box.querySelector(".live-words").setAttribute("aria-live", "off"); // nobody can listen to twenty sentences a second
    walkOn();
  });
  slider.addEventListener("input", () => {
    stop();
    go(Number(slider.value));
  });
  Live.onDrag(front, (x, y) => {
    stop();
    go(nearest(x, y));
  });
  Live.onArrows(front, (last + 1) / parts, (right, up) => {
    stop();
    go(Math.round(step + right + up));
  });
  Live.fit(digit);
  drawRoll();
  go(step);
}
