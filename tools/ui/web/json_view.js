// JSON text as elements: indented and coloured, and character for character what is stored. It is never turned into
// numbers of JavaScript, which cannot hold all of Python's.

import {h} from './dom.js';

const TOKEN = /"(?:[^"\\]|\\.)*"?|[{}[\]]|[,:]|[^\s{}[\],:"]+/g;

// A string token with its \uXXXX as characters, where that is safe to read.
function readable(token) {
  return token.replace(/\\u([0-9a-f]{4})/gi, (escape, digits) => {
    const code = parseInt(digits, 16);
    return code < 0xa0 || (code >= 0xd800 && code <= 0xdfff) || (code >= 0x2000 && code <= 0x206f) ? escape
      : String.fromCharCode(code);
  });
}

// Also of text that has been cut somewhere.
export function json_view(text) {
  const out = h('pre', {class: 'json'});
  const tokens = text.match(TOKEN) ?? [];
  const closes = {'{': '}', '[': ']'};
  let depth = 0;
  const line = () => out.append(`\n${'  '.repeat(depth)}`);
  tokens.forEach((token, i) => {
    const next = tokens[i + 1];
    if (token === '{' || token === '[') {
      out.append(token);
      if (next !== closes[token]) { ++depth; line(); }
    } else if (token === '}' || token === ']') {
      if (tokens[i - 1] !== '{' && tokens[i - 1] !== '[') { depth = Math.max(0, depth - 1); line(); }
      out.append(token);
    } else if (token === ',') {
      out.append(token);
      line();
    } else if (token === ':') {
      out.append(': ');
    } else {
      const kind = token[0] === '"' ? (next === ':' ? 'k' : 's') : /^[-\d]/.test(token) ? 'n' : 'w';
      out.append(h('span', {class: kind}, kind === 's' || kind === 'k' ? readable(token) : token));
    }
  });
  return out;
}

// {"a": 1, ...} as small tags, for lists; of what is no such object, or has been cut, the text.
export function tags(text) {
  let object;
  try {
    object = JSON.parse(text);
  } catch {
    return text === '{}' ? null : h('span', {class: 'tag'}, text);
  }
  const shown = Object.entries(object).filter(([, value]) => value !== null).slice(0, 6);
  if (shown.length === 0) return null;
  return h('div', {class: 'tags'}, shown.map(([name, value]) => {
    const said = typeof value === 'string' ? value : JSON.stringify(value);
    return h('span', {class: 'tag'}, `${name} `, h('b', {}, said.length > 60 ? `${said.slice(0, 60)}…` : said));
  }));
}
