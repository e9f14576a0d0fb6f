// The data below /api/, asked for with the token that the address of the page has brought.

const KEPT = 'quipu-token';

// The token stands behind the "#", which browsers send to nobody. It is kept for this tab, and taken out of the
// address, so that it is in no history and in no screenshot.
export function take_token() {
  const brought = /^#token=([0-9a-f]+)$/.exec(location.hash);
  if (brought) {
    sessionStorage.setItem(KEPT, brought[1]);
    history.replaceState(null, '', '/#/overview');
  }
  return sessionStorage.getItem(KEPT) !== null;
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, {
      ...options, cache: 'no-store', credentials: 'omit',
      headers: {...options?.headers, 'X-Quipu-Token': sessionStorage.getItem(KEPT) ?? ''},
    });
  } catch {
    throw new Error('quipu ui has ended, or cannot be reached');
  }
  const answer = await response.json().catch(() => ({error: `an answer that is no JSON (${response.status})`}));
  if (!response.ok) throw new Error(answer.error ?? `status ${response.status}`);
  return answer;
}

// {a: 1, b: undefined} as "a=1".
export function query_of(params) {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return given.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}

export const get = (name, params = {}) => ask(`/api/${name}?${query_of(params)}`);
export const post = (name, body = {}) =>
  ask(`/api/${name}`, {method: 'POST', body: JSON.stringify(body), headers: {'Content-Type': 'application/json'}});

// The parameters that name a row's key: NAME, or NAME_hex where the key is no text.
export function key_of(row, name = 'id') {
  if (row.key_hex !== undefined) return {[`${name}_hex`]: row.key_hex};
  if (!row.key.isWellFormed || row.key.isWellFormed()) return {[name]: row.key};
  return {[`${name}_hex`]: hex_of(row.key)};
}

// UTF-8 in hexadecimal; a lone surrogate, which Python's str can hold, is its three bytes.
function hex_of(text) {
  const out = [];
  for (const character of text) {
    const code = character.codePointAt(0);
    if (code >= 0xd800 && code <= 0xdfff) out.push(0xe0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63);
    else out.push(...new TextEncoder().encode(character));
  }
  return out.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

// Which of NAME and NAME_hex the parameters of a route have, for a request.
export function key_params(params, name = 'id') {
  return {[name]: params[name], [`${name}_hex`]: params[`${name}_hex`]};
}
export const has_key = (params, name = 'id') => params[name] !== undefined || params[`${name}_hex`] !== undefined;
export const same_key = (row, params, name = 'id') => {
  const own = key_of(row, name);
  return Object.entries(own).every(([key, value]) => params[key] === value);
};
