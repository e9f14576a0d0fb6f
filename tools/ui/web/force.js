// Where the nodes of a graph stand in a picture: neighbours near one another, all others apart (Fruchterman and
// Reingold, "Graph drawing by force-directed placement", 1991). The same graph gives the same picture.

const STEPS = 300;

// nodes: how many; edges: [[from, to], ...]. Positions in a rectangle of this size, the first node in its middle.
export function places_of(nodes, edges, width, height) {
  const distance = Math.sqrt(width * height / Math.max(1, nodes)) * .75;
  const places = Array.from({length: nodes}, (_, i) => {
    const angle = i * 2.399963;  // the golden angle: no two at one place
    const radius = i === 0 ? 0 : distance * Math.sqrt(i);
    return {x: radius * Math.cos(angle), y: radius * Math.sin(angle) * height / width, dx: 0, dy: 0};
  });
  for (let step = 0; step < STEPS; ++step) {
    push_apart(places, distance);
    for (const [from, to] of edges) pull(places[from], places[to], distance);
    const most = distance * (1 - step / STEPS) * .3 + .5;
    for (const place of places) {
      place.dx -= place.x * .02;
      place.dy -= place.y * .03;
      const length = Math.hypot(place.dx, place.dy) || 1;
      place.x += place.dx / length * Math.min(length, most);
      place.y += place.dy / length * Math.min(length, most);
      place.dx = place.dy = 0;
    }
  }
  return within(places, width, height);
}

function push_apart(places, distance) {
  for (let i = 0; i < places.length; ++i) {
    for (let j = i + 1; j < places.length; ++j) {
      const dx = places[i].x - places[j].x || .01;
      const dy = places[i].y - places[j].y || .01;
      const force = distance * distance / (dx * dx + dy * dy);
      places[i].dx += dx * force; places[i].dy += dy * force;
      places[j].dx -= dx * force; places[j].dy -= dy * force;
    }
  }
}

function pull(a, b, distance) {
  const dx = a.x - b.x;
  const dy = a.y - b.y;
  const force = Math.hypot(dx, dy) / distance;
  a.dx -= dx * force; a.dy -= dy * force;
  b.dx += dx * force; b.dy += dy * force;
}

function within(places, width, height) {
  const span = (axis) => [Math.min(...places.map((place) => place[axis])), Math.max(...places.map((place) => place[axis]))];
  const [[left, right], [top, bottom]] = [span('x'), span('y')];
  const scale = Math.min((width - 140) / Math.max(1, right - left), (height - 70) / Math.max(1, bottom - top), 3);
  return places.map((place) => ({
    x: width / 2 + (place.x - (left + right) / 2) * scale, y: height / 2 + (place.y - (top + bottom) / 2) * scale,
  }));
}
