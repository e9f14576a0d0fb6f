// Search by words, by vectors, by both.

import {key_of, post} from '../api.js';
import {failed, h, plural, replace} from '../dom.js';
import {tags} from '../json_view.js';
import {store_of} from './documents.js';

const MODES = {
  words: ['Words', 'Words, "phrases", beginnings*, +required, -excluded, AND, OR, NOT, ( )'],
  vector: ['Like a node', 'Nodes whose vectors are near that of a node'],
  hybrid: ['Both, by scores', 'Words and vector; each score between 0 and 1, mixed'],
  ranks: ['Both, by ranks', 'Words and vector, by reciprocal ranks'],
};

const choice = (label, name, options, chosen) => options.length < 2 ? null
  : h('label', {class: 'field'}, label, h('select', {name}, options.map((each) => h('option', {value: each, selected: each === chosen}, each))));

// A meter beside each score: how it compares with the best one.
function score_of(row, best) {
  const score = Number(row.score);
  const bar = h('i', {});
  bar.style.width = `${best > 0 ? Math.max(0, Math.min(1, score / best)) * 100 : 0}%`;
  return [h('span', {class: 'meter', 'aria-hidden': 'true'}, bar),
    h('span', {class: 'score', title: row.score}, Number.isFinite(score) ? score.toPrecision(5) : row.score)];
}

function result(page, store, row, best) {
  const pieces = (row.pieces ?? []).map((piece, i) => i % 2 ? h('mark', {}, piece) : piece);
  return h('article', {class: 'result'},
    h('div', {class: 'head'}, h('a', {class: 'id mono wrap', href: page.link('nodes', {store, ...key_of(row)})}, row.key),
      h('a', {class: 'small', href: page.link('search', {...page.params, mode: 'vector', like: row.key})}, 'more like this'),
      score_of(row, best)),
    row.pieces ? h('div', {class: 'text-block'}, pieces) : h('p', {class: 'faint'}, 'The document store has no node of this id.'),
    row.metadata ? tags(row.metadata) : null);
}

function answer_block(page, store, answer) {
  const best = Number(answer.rows[0]?.score ?? 0);
  const age = answer.age_seconds >= 2 ? `, as the database was ${Math.round(answer.age_seconds)} seconds ago` : '';
  return [h('p', {class: 'soft small', id: 'took'}, `${plural(answer.rows.length, 'node', 'nodes')} in ${answer.milliseconds.toFixed(1)} ms${age}`),
    h('div', {class: 'panel'}, answer.rows.length === 0 ? h('p', {class: 'empty'}, 'Nothing fits.')
      : answer.rows.map((row) => result(page, store, row, best)))];
}

export function search(page) {
  const {params} = page;
  const mode = params.mode in MODES ? params.mode : 'words';
  const store = store_of({...page, params: {store: params.document_store}});
  const vectors = page.all.vector_stores.map((each) => each.key);
  const vector_store = params.vector_store ?? (vectors.includes('default') ? 'default' : vectors[0] ?? 'default');
  const results = h('div', {id: 'results', 'aria-live': 'polite'});
  const field = (label, name, hint, value) => h('label', {class: 'field grow'}, label,
    h('input', {id: name, name, placeholder: hint, value, autocomplete: 'off', spellcheck: 'false'}));
  const tabs = h('div', {class: 'tabs', role: 'group', 'aria-label': 'Kind of search'}, Object.entries(MODES).map(([name, [title, hint]]) =>
    h('button', {type: 'button', title: hint, 'aria-pressed': String(name === mode),
      onclick: () => page.go('search', {...params, ...given(), mode: name})}, title)));
  const form = h('form', {class: 'panel pad', role: 'search', onsubmit: (event) => { event.preventDefault(); submit(); }},
    h('div', {class: 'bar'}, tabs),
    h('div', {class: 'bar'},
      mode === 'vector' ? null : field('Words', 'query', MODES.words[1], params.query),
      mode === 'words' ? null : field('Like the node of this id', 'like', 'the id of a node, or a JSON array of numbers', params.like)),
    h('div', {class: 'bar'},
      field('Filter, as LlamaIndex’s MetadataFilters', 'filter', '{"filters": [{"key": "page", "operator": ">=", "value": 3}]}', params.filter),
      choice('Document store', 'document_store', page.all.document_stores.map((each) => each.key), store),
      choice('Vector store', 'vector_store', vectors, vector_store),
      mode === 'hybrid' ? h('label', {class: 'field'}, 'Share of the vectors', h('input', {name: 'alpha', type: 'number', min: 0, max: 1, step: .05, value: params.alpha ?? .5})) : null,
      h('label', {class: 'field'}, 'How many', h('input', {name: 'top_k', type: 'number', min: 1, max: 200, value: params.top_k ?? 10})),
      h('label', {class: 'field'}, '\u00a0', h('button', {class: 'main', type: 'submit'}, 'Search'))));
  const is_whole = (mode === 'vector' || params.query) && (mode === 'words' || params.like);
  const given = () => Object.fromEntries(new FormData(form));
  const submit = () => {
    const to = page.link('search', {...params, ...given(), mode});
    if (location.hash === to) run();
    else location.hash = to;
  };
  async function run() {
    if (!is_whole) return;
    results.setAttribute('aria-busy', 'true');
    const like = params.like?.trimStart().startsWith('[') ? {vector: params.like} : {like: params.like ?? ''};
    try {
      replace(results, answer_block(page, store, await post('search',
        {mode, query: params.query ?? '', ...like, filter: params.filter ?? '', document_store: store, vector_store,
          top_k: params.top_k ?? '10', alpha: params.alpha ?? '0.5'})));
    } catch (error) {
      replace(results, failed(error));
    }
    results.removeAttribute('aria-busy');
  }
  run();
  if (!is_whole) {
    const {query, like} = form.elements;
    requestAnimationFrame(() => (query && !params.query ? query : like ?? query).focus());
  }
  return [h('h1', {}, 'Search'), form, results];
}
