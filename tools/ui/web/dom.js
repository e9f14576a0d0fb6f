// Elements, without a line of HTML in a string: whatever the database holds is put in as text.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  add(element, children);
  return element;
}

export function add(element, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

// h('a', {href: '#/x'}, 'text', [elements])
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

export function replace(element, ...children) {
  element.replaceChildren();
  return add(element, children);
}

let hiding = 0;
// A short message in the corner, which screen readers say.
export function notice(text) {
  const place = document.getElementById('notice');
  place.textContent = text;
  place.classList.add('shown');
  clearTimeout(hiding);
  hiding = setTimeout(() => place.classList.remove('shown'), 4000);
}

export const failed = (error) => h('p', {class: 'error', role: 'alert'}, error.message);

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
export function bytes(number) {
  let unit = 0;
  for (; number >= 999.95 && unit + 1 < UNITS.length; ++unit) number /= 1000;
  return `${unit === 0 ? number : number.toFixed(1)} ${UNITS[unit]}`;
}
export const count = (number) => number.toLocaleString('en');
export const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
// Of seconds, in three digits.
export const duration = (seconds) => (seconds < 1e-3 ? `${Number((seconds * 1e6).toPrecision(3))} µs`
  : seconds < 1 ? `${Number((seconds * 1e3).toPrecision(3))} ms` : `${Number(seconds.toPrecision(3))} s`);
